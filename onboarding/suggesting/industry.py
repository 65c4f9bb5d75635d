"""The industry by rules: what the words of the company match."""

from onboarding import industries
from onboarding.suggesting.facts import SURE_ENOUGH, Facts, Words, surely
from onboarding.suggesting.shapes import OTHER, SuggestedIndustry

ALTERNATIVES_AT_MOST = 3

OTHER_NAME: Words = ("Other", "Otra")
_MATCHED: Words = (
    "What the company says of itself comes closest to this field.",
    "Lo que la empresa dice de sí se acerca más a este sector.",
)
_ALSO: Words = ("Some of its words are of this field, too.", "Algunas de sus palabras también son de este sector.")
_UNSURE: Words = (
    "The words known of the company do not say for sure what it does.",
    "Las palabras que se conocen de la empresa no dicen con seguridad qué hace.",
)


def suggest_industry(facts: Facts) -> tuple[SuggestedIndustry, tuple[SuggestedIndustry, ...]]:
    """The best match and up to three others; `other` where none is good enough."""
    matched = industries.match(facts.text, facts.locale, ALTERNATIVES_AT_MOST + 1)
    if best := surely(matched):
        return named(facts, best, matched[0][1], facts.say(_MATCHED)), _others(facts, matched[1:])
    return unsure(facts, matched[0][1] if matched else 0.0), _others(facts, matched[:ALTERNATIVES_AT_MOST])


def unsure(facts: Facts, best: float, rationale: str = "") -> SuggestedIndustry:
    """`other`, the surer the worse the best match is; with a model's reason, or the rules' own."""
    return SuggestedIndustry(
        key=OTHER,
        name=facts.say(OTHER_NAME),
        confidence=round(max(0.0, SURE_ENOUGH - best), 2),
        rationale=rationale or facts.say(_UNSURE),
    )


def named(facts: Facts, industry: industries.Industry, confidence: float, rationale: str) -> SuggestedIndustry:
    """An industry as it is suggested; the confidence stays within 0 and 1."""
    return SuggestedIndustry(
        key=industry.key,
        name=industry.name[facts.locale],
        confidence=round(min(max(confidence, 0.0), 1.0), 2),
        rationale=rationale,
    )


def _others(facts: Facts, matched: list[tuple[industries.Industry, float]]) -> tuple[SuggestedIndustry, ...]:
    return tuple(named(facts, industry, confidence, facts.say(_ALSO)) for industry, confidence in matched)

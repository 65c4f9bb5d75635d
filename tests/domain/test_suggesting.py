"""Suggestions by rules: for every kind of company, in both languages, fit for who asks, never the same for all."""

import itertools
import uuid
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from onboarding import industries
from onboarding.suggesting.facts import (
    Experience,
    Facts,
    Inputs,
    Methodology,
    Role,
    Size,
    Structure,
    facts_of,
    host_of,
)
from onboarding.suggesting.offers import IndustryOffer, OfferedIndustry, taken
from onboarding.suggesting.rules import by_rules
from onboarding.suggesting.sections import ANY, SECTIONS
from onboarding.suggesting.shapes import (
    KINDS,
    OTHER,
    Kind,
    Suggestions,
    items_of,
    joined,
    kinds_of,
    numbered,
    source_of,
)

ROLES: tuple[Role, ...] = get_args(Role)
SIZES: tuple[Size, ...] = get_args(Size)
LOCALES = ("en", "es")
SUGGESTION = "00000000-0000-7000-8000-00000000000f"


@pytest.fixture(autouse=True)
def an_industry_of_each_section(monkeypatch: pytest.MonkeyPatch) -> None:
    """One industry a section, called by its letter: the taxonomy itself is proved elsewhere."""
    context = industries.AiContext(keywords={"en": (), "es": ()}, metrics={"en": (), "es": ()})
    some = next(iter(industries.INDUSTRIES.values()))
    each = {
        letter: replace(some, key=letter, section=letter, name={"en": letter, "es": letter}, ai_context=context)
        for letter in SECTIONS
    }
    monkeypatch.setattr(industries, "INDUSTRIES", {**industries.INDUSTRIES, **each})


def suggested(kind: Kind, **facts: Any) -> str:
    """What the rules suggest, as one text."""
    return msgspec.json.encode(by_rules(kind, Facts(**facts))).decode()


def test_the_sections_are_all_there() -> None:
    """Each of the 21 sections of ISIC Rev. 4 has content of its own, different in every text from all others."""
    assert "".join(SECTIONS) == "ABCDEFGHIJKLMNOPQRSTU"
    texts = [
        text
        for section in (*SECTIONS.values(), ANY)
        for words in (
            section.watch,
            section.rhythm,
            section.field,
            *(getattr(section, name).aim for name in ("growth", "efficiency", "innovation", "customer")),
        )
        for text in words
    ]
    assert len(texts) == len(set(texts)) == 22 * 7 * 2


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("letter", SECTIONS)
def test_objectives_fit(letter: str, locale: Any) -> None:
    """For each role and size there are three to five objectives with key results to measure, no two the same."""
    for role, size, experience in itertools.product(ROLES, SIZES, (None, *get_args(Experience))):
        facts = Facts(
            industry=letter, role=role, custom_role="Chef", size=size, experience=experience, locale=locale
        )
        okrs = by_rules("okrs", facts).suggested_okrs
        assert okrs is not None
        assert 3 <= len(okrs) <= 5
        assert len({okr.objective for okr in okrs}) == len(okrs)
        for okr in okrs:
            assert 2 <= len(okr.key_results) <= 5
            assert all(result.text and result.metric and result.target for result in okr.key_results)
            assert max(len(okr.objective), *(len(result.text) for result in okr.key_results)) <= 200
        assert okrs[0].priority == "high"


def test_objectives_differ() -> None:
    """No two of section, role and size get the same objectives, in either language."""
    for locale in LOCALES:
        combinations = list(itertools.product(SECTIONS, ROLES, SIZES))
        found = {
            suggested("okrs", industry=letter, role=role, size=size, locale=locale)
            for letter, role, size in combinations
        }
        assert len(found) == len(combinations) == 21 * 5 * 5


def test_next_steps_differ() -> None:
    """No two of section, role and size get the same next steps; there are three to seven of them."""
    combinations = list(itertools.product(SECTIONS, ROLES, SIZES))
    found = set[str]()
    for letter, role, size in combinations:
        steps = by_rules("next_steps", Facts(industry=letter, role=role, size=size)).next_steps
        assert steps is not None
        assert 3 <= len(steps) <= 7
        assert all(1 <= step.estimated_minutes <= 480 for step in steps)
        found.add(msgspec.json.encode(steps).decode())
    assert len(found) == len(combinations)


def test_insights_differ() -> None:
    """No two of section and size get the same insights."""
    combinations = list(itertools.product(SECTIONS, SIZES))
    found = {suggested("insights", industry=letter, size=size) for letter, size in combinations}
    assert len(found) == len(combinations)


@pytest.mark.parametrize("kind", KINDS)
def test_spanish_is_spanish(kind: Kind) -> None:
    """Nothing that a person reads is the same text in both languages, but for figures."""
    for letter, role in itertools.product(SECTIONS, ROLES):
        both = [
            by_rules(
                kind,
                Facts(locale=locale, industry=letter, role=role, methodology="okrs", collaboration="hybrid"),
            )
            for locale in LOCALES
        ]
        english, spanish = (
            {text for item in items_of(numbered(SUGGESTION, one)).values() for text in read_by_people(item)}
            for one in both
        )
        assert english
        assert not english & spanish


def read_by_people(item: Any) -> set[str]:
    """The sentences in an item."""
    names = ("title", "description", "objective", "rationale")
    return {getattr(item, name) for name in names if hasattr(item, name)}


def test_experience_and_methodology_count() -> None:
    """Who begins gets three objectives, who has experience five; each way of working adds its own key result."""
    of = {
        experience: by_rules("okrs", Facts(role="ceo", experience=experience)).suggested_okrs
        for experience in get_args(Experience)
    }
    assert [len(okrs or ()) for okrs in of.values()] == [3, 4, 5]
    ways = {suggested("okrs", role="ceo", methodology=each) for each in (None, *get_args(Methodology))}
    assert len(ways) == 4


@pytest.mark.parametrize(
    ("description", "category"),
    [
        ("We must cut cost and waste", "efficiency"),
        ("Our customers leave: churn is high", "customer"),
        ("We launch a research lab", "innovation"),
        ("Queremos crecer en ventas", "growth"),
        ("Hay que automatizar y ahorrar", "efficiency"),
    ],
)
def test_goals_come_first(description: str, category: str) -> None:
    """What the company says it wants is the first objective, whatever its role would look at first."""
    okrs = by_rules("okrs", Facts(role="individual", description=description)).suggested_okrs
    assert okrs is not None
    assert okrs[0].category == category


def test_words_of_a_person_are_words() -> None:
    """Braces in a role mean nothing, and the role stands there as it was written."""
    text = suggested("okrs", role="custom", custom_role="{aim} {metric} {0}")
    assert "As {aim} {metric} {0}, help" in text


@pytest.mark.parametrize("structure", [None, *get_args(Structure)])
def test_team_structure(structure: Structure | None) -> None:
    """Advice reckons with the numbers given, and names the department that such a company lives by and has not."""
    facts = Facts(structure=structure, team_size=30, industry="C", departments=("Ventas", "Quality assurance"))
    advice = by_rules("team_structure", facts).team_structure_advice
    assert advice is not None
    assert 2 <= len(advice) <= 5
    texts = " ".join(each.title + each.description for each in advice)
    assert "30" in texts
    assert "Production planning" in texts
    assert "Quality assurance a home" not in texts
    if structure == "flat":
        assert advice[0].priority == "high"
        assert "5 teams" in advice[0].description


def test_every_size_of_team() -> None:
    """From one person to ten thousand, in every structure, there is advice without a gap in it."""
    for people, structure, locale in itertools.product((1, 2, 7, 25, 26, 10_000), get_args(Structure), LOCALES):
        for departments in ((), ("a",), tuple(map(str, range(50)))):
            text = suggested(
                "team_structure", team_size=people, structure=structure, locale=locale, departments=departments
            )
            assert "{" not in text.replace('{"', "")


def test_open_steps_first() -> None:
    """What is still open in the wizard is a next step with a place in the app; what is answered is none."""
    nothing = by_rules("next_steps", Facts()).next_steps
    assert nothing is not None
    assert [step.href for step in nothing][:3] == [
        f"/onboarding/{key}" for key in ("welcome", "company", "organization")
    ]
    answered = ("welcome", "company", "organization")
    everything = Facts(
        answered=answered,
        description="x",
        departments=("Sales",),
        integrations=("slack",),
        role="ceo",
        size="small",
    )
    done = by_rules("next_steps", everything).next_steps
    assert done is not None
    assert all(step.href is None for step in done)
    assert len(done) >= 3


def test_industry() -> None:
    """A text that matches is suggested with alternatives; one that says nothing is `other`, not very sure."""
    found = by_rules("industry", Facts(company_name="Nimbus", description="We build a SaaS app"))
    assert found.suggested_industry is not None
    assert found.suggested_industry.key == "computer_programming"
    assert 0.4 <= found.suggested_industry.confidence <= 1
    nothing = by_rules("industry", Facts(company_name="Zzyzx"))
    assert nothing.suggested_industry is not None
    assert (nothing.suggested_industry.key, nothing.alternatives) == (OTHER, ())
    assert nothing.suggested_industry.confidence <= 0.4
    mixed = by_rules("industry", Facts(description="software bakery restaurant shop clinic"))
    assert mixed.suggested_industry is not None
    assert mixed.suggested_industry.key == OTHER
    assert len(mixed.alternatives or ()) == 3


def test_a_model_that_is_unsure_says_why() -> None:
    """`other` by a model has the model's own reason, not the sentence of the rules."""
    offer = IndustryOffer(
        best=OfferedIndustry(key="other", confidence=0.9, rationale="They sell dreams, which is no trade.")
    )
    found = taken(offer, Facts(company_name="Zzyzx")).suggested_industry
    assert found is not None
    assert (found.key, found.rationale) == (OTHER, "They sell dreams, which is no trade.")


def test_the_host_is_a_hint() -> None:
    """Of a website only the words of its address are known, without where it is registered."""
    found = by_rules("industry", Facts(company_name="Rossi", host=host_of("https://www.rossi-bakery.shop/menu")))
    assert found.suggested_industry is not None
    assert found.suggested_industry.key == "food_manufacturing"


def test_ids_follow_from_the_place() -> None:
    """Each item gets an id, the same each time, and another in another suggestion."""
    found = joined(by_rules("okrs", Facts()), by_rules("industry", Facts()))
    first, again = numbered(SUGGESTION, found), numbered(SUGGESTION, found)
    assert first == again
    ids = set(items_of(first))
    assert len(ids) == len(first.suggested_okrs or ()) + 1
    assert not ids & set(items_of(numbered(str(uuid.uuid4()), found)))
    assert all(str(uuid.UUID(each)) == each for each in ids)


def test_where_all_of_it_comes_from() -> None:
    """An answer is by rules as soon as one part is, from the cache when all of it is, else by a model."""
    assert source_of({"okrs": "model", "insights": "rules"}) == "rules"
    assert source_of({"okrs": "model", "insights": "cache"}) == "model"
    assert source_of({"okrs": "cache"}) == "cache"
    assert kinds_of("all") == KINDS


ANSWERS = st.dictionaries(
    st.sampled_from(["welcome", "company", "organization", "else"]),
    st.dictionaries(
        st.sampled_from(
            ["role", "custom_role", "experience_level", "name", "industry", "size", "description", "website"]
            + ["team_size", "structure", "methodology", "collaboration_style", "integrations", "departments"]
        ),
        st.one_of(
            st.none(), st.integers(), st.text(max_size=50), st.lists(st.fixed_dictionaries({"name": st.text()}))
        ),
    ),
)


@given(answers=ANSWERS, locale=st.text(max_size=3), name=st.one_of(st.none(), st.text(max_size=100)))
def test_any_answers(answers: dict[str, dict[str, Any]], locale: str, name: str | None) -> None:
    """Whatever stands in a run, each kind gets suggestions that can be written down and read again."""
    facts = facts_of(answers, Inputs(company_name=name, website=name), locale)
    for kind in KINDS:
        found = numbered(SUGGESTION, by_rules(kind, facts))
        assert items_of(found)
        assert msgspec.convert(msgspec.to_builtins(found), Suggestions) == found

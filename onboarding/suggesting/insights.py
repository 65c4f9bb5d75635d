"""What is worth knowing about the field, by rules: general knowledge of the section, and no analysis."""

from onboarding.suggesting.facts import Facts, Size, Words
from onboarding.suggesting.sections import section_of
from onboarding.suggesting.shapes import IndustryInsight

METRICS_SHOWN = 4

_WATCH: Words = ("What goes wrong in {field}", "Lo que falla en {field}")
_RHYTHM: Words = ("The year in {field}", "El año en {field}")
_FIGURES: Words = ("Figures that companies like yours follow", "Cifras que siguen empresas como la suya")
_FIGURES_ARE: Words = (
    "Begin with two of these, with today's value beside each: {metrics}.",
    "Empiece con dos de estas, con el valor de hoy al lado: {metrics}.",
)
_SIZE: dict[Size, tuple[Words, Words]] = {
    "startup": (
        ("At up to 10 people", "Con hasta 10 personas"),
        (
            "Everybody knows everything; the risk is time spent on what nobody buys.",
            "Todos saben todo; el riesgo es el tiempo dedicado a lo que nadie compra.",
        ),
    ),
    "small": (
        ("At 11 to 50 people", "Con 11 a 50 personas"),
        (
            "What was said in passing no longer reaches all: begin to write things down.",
            "Lo dicho de paso ya no llega a todos: empiece a escribir las cosas.",
        ),
    ),
    "medium": (
        ("At 51 to 200 people", "Con 51 a 200 personas"),
        (
            "Leads lead leads for the first time: train them before they are needed.",
            "Por primera vez, líderes dirigen a líderes: fórmelos antes de necesitarlos.",
        ),
    ),
    "large": (
        ("At 201 to 1000 people", "Con 201 a 1000 personas"),
        (
            "Departments begin to have goals of their own: check that they add up.",
            "Los departamentos empiezan a tener objetivos propios: compruebe que suman.",
        ),
    ),
    "enterprise": (
        ("At more than 1000 people", "Con más de 1000 personas"),
        (
            "Rules outlive their reasons: give each new one a date on which it ends.",
            "Las reglas sobreviven a sus razones: ponga a cada nueva una fecha de fin.",
        ),
    ),
}


def suggest_insights(facts: Facts) -> tuple[IndustryInsight, ...]:
    """Three, or four where the size is known."""
    section = section_of(facts)
    field = facts.say(section.field)
    metrics = _metrics(facts)
    made = [
        IndustryInsight(
            title=facts.say(_FIGURES),
            description=facts.say(_FIGURES_ARE).format(metrics=", ".join(metrics)),
            metric=metrics[0],
        ),
        IndustryInsight(
            title=facts.say(_WATCH).format(field=field),
            description=facts.say(section.watch),
            metric=facts.say(section.efficiency.kpis[0].words),
        ),
        IndustryInsight(
            title=facts.say(_RHYTHM).format(field=field),
            description=facts.say(section.rhythm),
            metric=facts.say(section.growth.kpis[0].words),
        ),
    ]
    if facts.size is not None:
        title, description = _SIZE[facts.size]
        made.append(IndustryInsight(title=facts.say(title), description=facts.say(description)))
    return tuple(made)


def _metrics(facts: Facts) -> list[str]:
    """Those of the industry itself where it is known, then those of its section."""
    section = section_of(facts)
    levers = (section.growth, section.customer, section.efficiency, section.innovation)
    industry = facts.known_industry
    own = industry.ai_context.metrics[facts.locale] if industry else ()
    return [*own, *(facts.say(lever.kpis[0].words) for lever in levers)][:METRICS_SHOWN]

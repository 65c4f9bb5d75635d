"""What to do next, by rules: what is still open in the wizard, then what fits role, size and field."""

from typing import NamedTuple

from onboarding.suggesting.facts import Facts, Role, Size, Words
from onboarding.suggesting.sections import section_of
from onboarding.suggesting.shapes import NextStep, Priority

AT_MOST = 7
WIZARD = "/onboarding"
"""Where the app shows the wizard; its steps are below."""


class _Step(NamedTuple):
    title: Words
    description: Words
    minutes: int
    priority: Priority = "medium"
    href: str | None = None


_OPEN: dict[str, _Step] = {
    "welcome": _Step(
        ("Say what you do here", "Diga qué hace usted aquí"),
        ("Role and experience decide what is suggested.", "El papel y la experiencia deciden lo que se sugiere."),
        2,
        "high",
        f"{WIZARD}/welcome",
    ),
    "company": _Step(
        ("Describe the company", "Describa la empresa"),
        ("Name, field and size are enough to begin.", "Nombre, sector y tamaño bastan para empezar."),
        5,
        "high",
        f"{WIZARD}/company",
    ),
    "organization": _Step(
        ("Show how the team is organised", "Muestre cómo se organiza el equipo"),
        ("People, structure and how you measure goals.", "Personas, estructura y cómo miden los objetivos."),
        5,
        "high",
        f"{WIZARD}/organization",
    ),
}
_DESCRIBE = _Step(
    ("Say in two sentences what the company does", "Diga en dos frases qué hace la empresa"),
    (
        "With it, field and goals can be told apart better.",
        "Con ello se distinguen mejor el sector y los objetivos.",
    ),
    5,
    "medium",
    f"{WIZARD}/company",
)
_DEPARTMENTS = _Step(
    ("Add the departments", "Añada los departamentos"),
    ("Goals need a place to belong to.", "Los objetivos necesitan un lugar al que pertenecer."),
    10,
    "medium",
    f"{WIZARD}/organization",
)
_CONNECT = _Step(
    ("Name a tool that the team uses already", "Indique una herramienta que el equipo ya usa"),
    ("Goals are seen where people work every day.", "Los objetivos se ven donde la gente trabaja cada día."),
    5,
    "low",
    f"{WIZARD}/organization",
)
_MEASURE: tuple[Words, Words] = (
    ("Find today's figure for {metric}", "Averigüe la cifra actual de {metric}"),
    (
        "In {field} it is a figure to begin with: without today's value no goal can be checked.",
        "En {field} es una cifra para empezar: sin el valor de hoy ningún objetivo se puede comprobar.",
    ),
)
_BY_ROLE: dict[Role, tuple[_Step, ...]] = {
    "ceo": (
        _Step(
            ("Choose three goals for the quarter", "Elija tres objetivos para el trimestre"),
            ("More than three at the top are none further down.", "Más de tres arriba son ninguno más abajo."),
            60,
            "high",
        ),
        _Step(
            ("Tell everybody the goals and why these", "Cuente a todos los objetivos y por qué estos"),
            ("Half of the time belongs to questions.", "La mitad del tiempo es para preguntas."),
            45,
        ),
    ),
    "manager": (
        _Step(
            (
                "Agree the goals of the department with its team leads",
                "Acuerde los objetivos con los líderes de equipo",
            ),
            (
                "Bring two figures, and let them bring the others.",
                "Lleve dos cifras y que ellos traigan las demás.",
            ),
            60,
            "high",
        ),
        _Step(
            ("Invite the team leads", "Invite a los líderes de equipo"),
            ("They fill in what only they know.", "Ellos completan lo que solo ellos saben."),
            10,
        ),
    ),
    "team_lead": (
        _Step(
            ("Hold a half-hour with the team about its goals", "Dedique media hora con el equipo a sus objetivos"),
            (
                "Everybody says one thing to begin and one to stop.",
                "Cada uno dice algo que empezar y algo que dejar.",
            ),
            30,
            "high",
        ),
        _Step(
            ("Set a weekly look at the figures", "Fije una mirada semanal a las cifras"),
            ("Same day, same time, fifteen minutes.", "Mismo día, misma hora, quince minutos."),
            10,
        ),
    ),
    "individual": (
        _Step(
            ("Write down two goals of your own", "Escriba dos objetivos propios"),
            ("Ones that you can reach without asking anybody.", "Unos que pueda alcanzar sin pedir permiso."),
            30,
            "high",
        ),
        _Step(
            ("Ask your lead which figure matters most now", "Pregunte a su líder qué cifra importa más ahora"),
            ("Then tie one of your goals to it.", "Luego una uno de sus objetivos a ella."),
            15,
        ),
    ),
    "custom": (
        _Step(
            ("Write in one sentence what your role is for", "Escriba en una frase para qué sirve su papel"),
            ("Two colleagues should agree with it.", "Dos colegas deberían estar de acuerdo."),
            20,
            "high",
        ),
        _Step(
            ("Choose one goal that nobody else has", "Elija un objetivo que nadie más tenga"),
            ("It shows what would be missing without you.", "Muestra lo que faltaría sin usted."),
            20,
        ),
    ),
}
_BY_SIZE: dict[Size, _Step] = {
    "startup": _Step(
        ("Talk to five possible customers this week", "Hable con cinco posibles clientes esta semana"),
        ("Ask what they pay for today.", "Pregunte por qué pagan hoy."),
        150,
    ),
    "small": _Step(
        (
            "Write down the routine that most depends on one person",
            "Escriba la rutina que más depende de una persona",
        ),
        ("Then let somebody else follow it.", "Luego, que otra persona la siga."),
        90,
    ),
    "medium": _Step(
        ("List the decisions that came to you last week", "Liste las decisiones que le llegaron la semana pasada"),
        ("Give half of them an owner.", "Dé un responsable a la mitad."),
        45,
    ),
    "large": _Step(
        (
            "Find the work that waits longest between departments",
            "Busque el trabajo que más espera entre departamentos",
        ),
        ("Bring both sides to one table.", "Siente a ambas partes a una mesa."),
        60,
    ),
    "enterprise": _Step(
        ("Name three reports that nobody would miss", "Nombre tres informes que nadie echaría de menos"),
        ("Stop them for a month and see.", "Déjelos un mes y observe."),
        45,
    ),
}
_RANK = {"high": 0, "medium": 1, "low": 2}


def suggest_next_steps(facts: Facts) -> tuple[NextStep, ...]:
    """Three to seven, the most urgent first."""
    role, size = facts.role or "manager", facts.size or "small"
    steps = [step for key, step in _OPEN.items() if key not in facts.answered]
    if "company" in facts.answered and not facts.description:
        steps.append(_DESCRIBE)
    if "organization" in facts.answered and not facts.departments:
        steps.append(_DEPARTMENTS)
    if "organization" in facts.answered and not facts.integrations:
        steps.append(_CONNECT)
    # First what is open, but never so much of it that nothing is said of role, size and field.
    made = [_told(facts, step) for step in (*steps[: AT_MOST - 4], *_BY_ROLE[role], _BY_SIZE[size])]
    made.append(_measure(facts))
    return tuple(sorted(made, key=lambda step: _RANK[step.priority])[:AT_MOST])


def _told(facts: Facts, step: _Step) -> NextStep:
    return NextStep(
        title=facts.say(step.title),
        description=facts.say(step.description),
        priority=step.priority,
        estimated_minutes=step.minutes,
        href=step.href,
    )


def _measure(facts: Facts) -> NextStep:
    section = section_of(facts)
    category = facts.goals[0] if facts.goals else "growth"
    metric, field = facts.say(section.lever(category).kpis[0].words), facts.say(section.field)
    title, description = (facts.say(words).format(metric=metric, field=field) for words in _MEASURE)
    return NextStep(title=title, description=description, priority="medium", estimated_minutes=30)

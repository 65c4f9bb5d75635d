"""Advice about the team by rules: numbers of people, layers and departments, as far as they are known."""

import math

from onboarding.suggesting.facts import Collaboration, Facts, Structure, Words
from onboarding.suggesting.sections import section_of
from onboarding.suggesting.shapes import Priority, TeamStructureAdvice

SPAN = 7
"""People whom one person can lead well: 5 to 9 in most textbooks."""

FLAT_AT_MOST = 25
"""People up to whom a flat team still hears itself."""

_STRUCTURE: dict[Structure, tuple[Words, Words]] = {
    "hierarchical": (
        ("Keep the layers few", "Mantenga pocas capas"),
        (
            "{people} people need about {leads} leads in {layers} layers; with more layers, decisions wait.",
            "{people} personas necesitan unos {leads} líderes en {layers} capas; con más "
            "capas, las decisiones esperan.",
        ),
    ),
    "flat": (
        ("Say who decides what", "Diga quién decide qué"),
        (
            "Without leads, {people} people make {pairs} pairs who may have to talk: write down who decides what.",
            "Sin líderes, {people} personas forman {pairs} parejas que quizá deban hablar: "
            "escriba quién decide qué.",
        ),
    ),
    "matrix": (
        ("Name whose word counts", "Indique qué palabra cuenta"),
        (
            "In a matrix each of {people} people has two leads: for each project, name the one who decides.",
            "En una matriz cada una de las {people} personas tiene dos líderes: en cada "
            "proyecto, nombre quién decide.",
        ),
    ),
}
_TOO_FLAT = (
    ("Split the flat team", "Divida el equipo plano"),
    (
        "{people} people are many for one flat team: make {teams} teams of about {span}, each with a lead.",
        "{people} personas son muchas para un equipo plano: forme {teams} equipos de "
        "unas {span}, cada uno con líder.",
    ),
)
_STYLE: dict[Collaboration, tuple[Words, Words]] = {
    "centralized": (
        ("Keep the centre from becoming the queue", "Que el centro no sea la cola"),
        (
            "Let teams decide alone up to an agreed amount, and tell the centre afterwards.",
            "Deje que los equipos decidan solos hasta un importe acordado y lo cuenten después al centro.",
        ),
    ),
    "distributed": (
        ("Write decisions where everybody reads them", "Escriba las decisiones donde todos las lean"),
        (
            "Teams that work apart need one written place for decisions, and two hours a day in common.",
            "Los equipos que trabajan separados necesitan un lugar escrito para decisiones y "
            "dos horas comunes al día.",
        ),
    ),
    "hybrid": (
        ("Agree the days in common", "Acuerde los días en común"),
        (
            "Choose the same day a week for everybody, and hold what needs talking on it.",
            "Elija el mismo día de la semana para todos y trate en él lo que necesita conversación.",
        ),
    ),
}
_CORE: tuple[Words, Words] = (
    ("Give {department} a home", "Dé un lugar a {department}"),
    (
        "Companies in {field} live by it, and no department of yours carries it in its name.",
        "Las empresas de {field} viven de ello, y ningún departamento suyo lo lleva en el nombre.",
    ),
)
_PER_DEPARTMENT: tuple[Words, Words] = (
    ("Look at the size of the departments", "Mire el tamaño de los departamentos"),
    (
        "{people} people make about {each} for each department; {span} is what one lead can carry.",
        "{people} personas son unas {each} por departamento; {span} es lo que un líder abarca.",
    ),
)
_NO_DEPARTMENTS: tuple[Words, Words] = (
    ("Begin with {first} and {second}", "Empiece con {first} y {second}"),
    (
        "These are the two that companies in {field} live by; split further when one grows past {span} people.",
        "Son los dos de los que viven las empresas de {field}; divida más cuando uno pase de {span} personas.",
    ),
)
_BY_NUMBERS: Words = ("This follows from the numbers that you gave.", "Se deduce de los números que usted dio.")
_BY_STYLE: Words = (
    "This follows from how you said you work together.",
    "Se deduce de cómo dijo que trabajan juntos.",
)
_BY_FIELD: Words = ("This follows from the field that you work in.", "Se deduce del sector en que trabaja.")

_USUAL = {"startup": 6, "small": 25, "medium": 110, "large": 450, "enterprise": 2000}
"""People, where only the size of the company is known."""


def suggest_team_structure(facts: Facts) -> tuple[TeamStructureAdvice, ...]:
    """Two to five."""
    people = facts.team_size or _USUAL[facts.size or "small"]
    made = [_of_structure(facts, people), *_of_departments(facts, people)]
    if facts.collaboration is not None:
        made.append(_advice(facts, _STYLE[facts.collaboration], "low", _BY_STYLE))
    return tuple(made)


def _of_structure(facts: Facts, people: int) -> TeamStructureAdvice:
    structure = facts.structure or ("flat" if people <= FLAT_AT_MOST else "hierarchical")
    too_flat = structure == "flat" and people > FLAT_AT_MOST
    return _advice(
        facts,
        _TOO_FLAT if too_flat else _STRUCTURE[structure],
        "high" if too_flat else "medium",
        _BY_NUMBERS,
        people=people,
        leads=math.ceil(people / SPAN),
        layers=max(1, math.ceil(math.log(max(people, 2), SPAN))),
        pairs=people * (people - 1) // 2,
        teams=math.ceil(people / SPAN),
        span=SPAN,
    )


def _of_departments(facts: Facts, people: int) -> list[TeamStructureAdvice]:
    section = section_of(facts)
    field = facts.say(section.field)
    if not facts.departments:
        first, second = (facts.say(words) for words in section.core)
        return [
            _advice(facts, _NO_DEPARTMENTS, "high", _BY_FIELD, first=first, second=second, field=field, span=SPAN)
        ]
    there = " ".join(facts.departments).casefold()
    missing = [words for words in section.core if not _is_there(words, there)]
    each = math.ceil(people / len(facts.departments))
    return [
        _advice(
            facts,
            _PER_DEPARTMENT,
            "medium" if each > SPAN else "low",
            _BY_NUMBERS,
            people=people,
            each=each,
            span=SPAN,
        ),
        *(
            _advice(facts, _CORE, "medium", _BY_FIELD, department=facts.say(words), field=field)
            for words in missing
        ),
    ]


def _is_there(core: Words, departments: str) -> bool:
    """Whether some longer word of its name, in either language, begins a word of the departments' names."""
    stems = {word[:6] for name in core for word in name.casefold().split() if len(word) > 4}
    return any(word.startswith(stem) for word in departments.split() for stem in stems)


def _advice(
    facts: Facts, words: tuple[Words, Words], priority: Priority, why: Words, **values: object
) -> TeamStructureAdvice:
    title, description = words
    return TeamStructureAdvice(
        title=facts.say(title).format(**values),
        description=facts.say(description).format(**values),
        priority=priority,
        rationale=facts.say(why),
    )

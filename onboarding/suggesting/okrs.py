"""Objectives by rules: what moves such a company, seen from the role of who asks."""

from msgspec.structs import replace

from onboarding.suggesting.facts import Facts, Role, Size, Words
from onboarding.suggesting.sections import section_of
from onboarding.suggesting.shapes import Category, KeyResult, OkrSuggestion, Priority

_FRAMES: dict[Role, Words] = {
    "ceo": ("Lead the whole company to {aim}", "Llevar a toda la empresa a {aim}"),
    "manager": ("Organise the department to {aim}", "Organizar el departamento para {aim}"),
    "team_lead": ("Work as one team to {aim}", "Trabajar como un solo equipo para {aim}"),
    "individual": ("Do my own part to {aim}", "Hacer mi parte para {aim}"),
    "custom": ("As {custom}, help the others to {aim}", "Como {custom}, ayudar a los demás a {aim}"),
}

_FIRST: dict[Role, tuple[Category, ...]] = {
    "ceo": ("growth", "customer", "innovation", "efficiency"),
    "manager": ("efficiency", "customer", "growth", "innovation"),
    "team_lead": ("customer", "efficiency", "innovation", "growth"),
    "individual": ("efficiency", "customer", "innovation", "growth"),
    "custom": ("customer", "growth", "efficiency", "innovation"),
}
"""What a role looks at first, where the description names no goals."""

_OWN: dict[Role, tuple[Words, Words, Words]] = {
    # The text, what is measured, and up to where: the key result that is the role's own.
    "ceo": (
        (
            "Give every department one goal that feeds {metric}",
            "Dar a cada departamento un objetivo que alimente {metric}",
        ),
        ("departments with such a goal", "los departamentos con ese objetivo"),
        ("100 %", "100 %"),
    ),
    "manager": (
        (
            "Review {metric} with the team leads every two weeks",
            "Revisar {metric} con los líderes de equipo cada dos semanas",
        ),
        ("reviews held in the quarter", "las revisiones hechas en el trimestre"),
        ("6 of 6", "6 de 6"),
    ),
    "team_lead": (
        (
            "Look at {metric} together once a week and change one thing",
            "Mirar {metric} en equipo cada semana y cambiar una cosa",
        ),
        ("weeks with a change agreed", "las semanas con un cambio acordado"),
        ("10 of 12", "10 de 12"),
    ),
    "individual": (
        (
            "Propose three improvements to {metric} and carry out one",
            "Proponer tres mejoras en {metric} y llevar a cabo una",
        ),
        ("improvements carried out", "las mejoras llevadas a cabo"),
        ("1", "1"),
    ),
    "custom": (
        (
            "Agree with two colleagues how your work moves {metric}",
            "Acordar con dos colegas cómo su trabajo mueve {metric}",
        ),
        ("agreements written down", "los acuerdos por escrito"),
        ("2", "2"),
    ),
}

_STAGE: dict[Size, tuple[Category, Words, tuple[tuple[Words, Words, str], tuple[Words, Words, str]]]] = {
    "startup": (
        "growth",
        ("prove that strangers pay for what we offer", "demostrar que desconocidos pagan por lo que ofrecemos"),
        (
            (
                (
                    "Win 10 paying customers whom nobody here knew",
                    "Ganar 10 clientes de pago a quienes nadie conocía",
                ),
                ("paying customers from outside", "los clientes de pago externos"),
                "10",
            ),
            (
                ("Hold 20 talks with possible customers", "Tener 20 conversaciones con posibles clientes"),
                ("talks with notes", "las conversaciones con notas"),
                "20",
            ),
        ),
    ),
    "small": (
        "efficiency",
        (
            "make what works repeatable without its inventor",
            "hacer repetible lo que funciona sin quien lo inventó",
        ),
        (
            (
                (
                    "Write down the five routines that the company lives by",
                    "Escribir las cinco rutinas de las que vive la empresa",
                ),
                ("routines that somebody else has followed", "las rutinas que otra persona ha seguido"),
                "5",
            ),
            (
                (
                    "Bring new people to useful work in two weeks",
                    "Llevar a los nuevos a un trabajo útil en dos semanas",
                ),
                ("days to the first useful work", "los días hasta el primer trabajo útil"),
                "10",
            ),
        ),
    ),
    "medium": (
        "efficiency",
        ("let departments decide without asking upstairs", "que los departamentos decidan sin preguntar arriba"),
        (
            (
                (
                    "Name one owner for each decision that comes up weekly",
                    "Nombrar un responsable por cada decisión semanal",
                ),
                ("recurring decisions with an owner", "las decisiones recurrentes con responsable"),
                "90 %",
            ),
            (
                (
                    "Report goals of all departments on one page a month",
                    "Informar los objetivos de todos en una página al mes",
                ),
                ("months with the page", "los meses con la página"),
                "3",
            ),
        ),
    ),
    "large": (
        "innovation",
        ("get departments to finish things together", "lograr que los departamentos terminen cosas juntos"),
        (
            (
                (
                    "Run three projects with one budget across departments",
                    "Llevar tres proyectos con un presupuesto común",
                ),
                ("such projects finished", "los proyectos así terminados"),
                "3",
            ),
            (
                (
                    "Halve the days that work waits between departments",
                    "Reducir a la mitad los días de espera entre departamentos",
                ),
                ("days between departments", "los días entre departamentos"),
                "-50 %",
            ),
        ),
    ),
    "enterprise": (
        "efficiency",
        (
            "make the organisation simpler than it was a year ago",
            "hacer la organización más simple que hace un año",
        ),
        (
            (
                ("Retire ten systems, reports or committees", "Retirar diez sistemas, informes o comités"),
                ("things retired", "las cosas retiradas"),
                "10",
            ),
            (
                (
                    "Decide on investments below the limit within a week",
                    "Decidir en una semana las inversiones bajo el límite",
                ),
                ("decisions within a week", "las decisiones en una semana"),
                "90 %",
            ),
        ),
    ),
}
"""What comes next at a size: the kind of goal, the aim, two key results."""

_HABIT: dict[str, tuple[Words, Words, Words]] = {
    "okrs": (
        ("Grade the key results at the end of the quarter", "Puntuar los resultados clave al final del trimestre"),
        ("average grade", "la puntuación media"),
        ("0.7", "0,7"),
    ),
    "kpis": (
        (
            "Keep a monthly board with a baseline for each figure",
            "Llevar un tablero mensual con línea base por cifra",
        ),
        ("figures with a baseline", "las cifras con línea base"),
        ("100 %", "100 %"),
    ),
    "custom": (
        ("Agree in writing how this will be measured", "Acordar por escrito cómo se va a medir"),
        ("days until that is agreed", "los días hasta acordarlo"),
        ("14", "14"),
    ),
}
"""What a way of working with goals adds to the first objective."""

_WHY: Words = (
    "In {field}, look at {metric} first.",
    "En {field}, mire primero {metric}.",
)
_WHY_STAGE: Words = ("This is what usually comes next at your size.", "Es lo que suele seguir a su tamaño.")
_PRIORITIES: tuple[Priority, ...] = ("high", "high", "medium", "medium", "low")


def suggest_okrs(facts: Facts) -> tuple[OkrSuggestion, ...]:
    """Three to five: more for who has worked with goals before, and no more than four for one person."""
    role = facts.role or "manager"
    wanted = {"beginner": 3, "advanced": 5}.get(facts.experience or "", 4)
    wanted = min(wanted, 4) if role == "individual" else wanted
    categories = list(dict.fromkeys((*facts.goals, *_FIRST[role])))
    made = [_by_lever(facts, role, category) for category in categories[: wanted - 1]]
    made.insert(1, _by_stage(facts, role))
    made[0] = replace(made[0], key_results=(*made[0].key_results, *_of_their_own(facts, role, made[0])))
    return tuple(_ranked(okr, place) for place, okr in enumerate(made))


def _by_lever(facts: Facts, role: Role, category: Category) -> OkrSuggestion:
    section = section_of(facts)
    lever = section.lever(category)
    results = tuple(kpi.key_result(facts) for kpi in lever.kpis)
    return OkrSuggestion(
        objective=_framed(facts, role, lever.aim),
        key_results=results,
        category=category,
        priority="medium",
        rationale=facts.say(_WHY).format(field=facts.say(section.field), metric=results[0].metric),
    )


def _by_stage(facts: Facts, role: Role) -> OkrSuggestion:
    category, aim, results = _STAGE[facts.size or "medium"]
    return OkrSuggestion(
        objective=_framed(facts, role, aim),
        key_results=tuple(
            KeyResult(text=facts.say(text), metric=facts.say(metric), target=target)
            for text, metric, target in results
        ),
        category=category,
        priority="medium",
        rationale=facts.say(_WHY_STAGE),
    )


def _framed(facts: Facts, role: Role, aim: Words) -> str:
    custom = facts.custom_role or facts.say(("a colleague", "colega"))
    # Their own words go in last: braces in them mean nothing.
    return facts.say(_FRAMES[role]).replace("{aim}", facts.say(aim)).replace("{custom}", custom)


def _of_their_own(facts: Facts, role: Role, okr: OkrSuggestion) -> tuple[KeyResult, ...]:
    """What the role, and the way of working with goals, add to the first objective."""
    results = [_OWN[role], *([_HABIT[facts.methodology]] if facts.methodology else [])]
    return tuple(
        KeyResult(
            text=facts.say(text).format(metric=okr.key_results[0].metric),
            metric=facts.say(metric),
            target=facts.say(target),
        )
        for text, metric, target in results
    )


def _ranked(okr: OkrSuggestion, place: int) -> OkrSuggestion:
    return replace(okr, priority=_PRIORITIES[place])

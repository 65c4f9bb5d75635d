"""What is said in the company wizard, and how people speak of what it asks, in English and Spanish."""

from onboarding.answers import Said
from onboarding.flow import Agent, Wording


def _ways(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


ROLE = Said(
    ask={"en": "What is your role?", "es": "¿Cuál es tu rol?"},
    label={"en": "Role", "es": "Rol"},
    words={
        "ceo": _ways(
            "chief executive, founder, co-founder, cofounder, owner, managing director, president, "
            "i run the company, director general, directora general, fundador, fundadora, cofundador, "
            "cofundadora, dueno, duena, propietario, propietaria, gerente general"
        ),
        "manager": _ways("management, head of, director, gerente, jefe, jefa, directora, responsable, i manage"),
        "team_lead": _ways(
            "team lead, team leader, tech lead, lead, supervisor, supervisora, lider, lider de equipo, "
            "jefe de equipo, jefa de equipo, coordinador, coordinadora"
        ),
        "individual": _ways(
            "individual contributor, employee, freelancer, on my own, just me, empleado, empleada, "
            "autonomo, autonoma, por mi cuenta, solo yo"
        ),
        "custom": _ways("something else, another role, none of these, otro, otra cosa, ninguno"),
    },
)
CUSTOM_ROLE = Said(
    ask={"en": "What do you call your role?", "es": "¿Cómo se llama tu rol?"},
    label={"en": "Your role", "es": "Tu rol"},
)
EXPERIENCE_LEVEL = Said(
    ask={
        "en": "How used are you to working with goals: beginner, intermediate or advanced?",
        "es": "¿Cuánta experiencia tienes con objetivos: principiante, intermedia o avanzada?",
    },
    label={"en": "Experience", "es": "Experiencia"},
    words={
        "beginner": _ways(
            "new to this, never done it, no experience, first time, novice, principiante, novato, novata, "
            "sin experiencia, primera vez, nunca, basico"
        ),
        "intermediate": _ways(
            "some experience, a few years, medium, intermedio, intermedia, algo de experiencia, medio, unos anos"
        ),
        "advanced": _ways(
            "expert, very experienced, experienced, for years, avanzado, avanzada, experto, experta, "
            "mucha experiencia, muchos anos"
        ),
    },
)
NAME = Said(
    ask={"en": "What is your company called?", "es": "¿Cómo se llama tu empresa?"},
    label={"en": "Company name", "es": "Nombre de la empresa"},
)
INDUSTRY = Said(
    ask={"en": "Which industry are you in?", "es": "¿En qué sector trabajáis?"},
    label={"en": "Industry", "es": "Sector"},
    cues=_ways("we do, we make, we sell, we build, we run, hacemos, vendemos, fabricamos, nos dedicamos a, ramo"),
)
SIZE = Said(
    ask={
        "en": "How many people work there: 1-10, 11-50, 51-200, 201-1000 or more?",
        "es": "¿Cuántas personas trabajan ahí: 1-10, 11-50, 51-200, 201-1000 o más?",
    },
    label={"en": "Company size", "es": "Tamaño de la empresa"},
    cues=_ways("people, employee, of us, staff, headcount, we are, persona, empleado, trabajador, somos"),
    ranges={
        "startup": (1, 10),
        "small": (11, 50),
        "medium": (51, 200),
        "large": (201, 1000),
        "enterprise": (1001, 10_000_000),
    },
    words={
        "startup": _ways("1-10, 1 to 10, 1 a 10, start-up, tiny, micro, a handful, microempresa"),
        "small": _ways("11-50, 11 to 50, 11 a 50, small business, pequena, pequeno"),
        "medium": _ways("51-200, 51 to 200, 51 a 200, mid-sized, midsize, mediana, mediano"),
        "large": _ways("201-1000, 201 to 1000, 201 a 1000, big, grande"),
        "enterprise": _ways(
            "1000+, 1001+, more than 1000, over 1000, thousands, corporation, mas de 1000, miles, "
            "multinacional, corporacion"
        ),
    },
)
DESCRIPTION = Said(
    ask={"en": "What does the company do?", "es": "¿A qué se dedica la empresa?"},
    label={"en": "Description", "es": "Descripción"},
)
LOGO = Said(
    ask={"en": "Would you like to upload a logo?", "es": "¿Quieres subir un logotipo?"},
    label={"en": "Logo", "es": "Logotipo"},
)
WEBSITE = Said(
    ask={"en": "What is the address of your website?", "es": "¿Cuál es la dirección de vuestra web?"},
    label={"en": "Website", "es": "Página web"},
)
TEAM_SIZE = Said(
    ask={"en": "How many people are in your team?", "es": "¿Cuántas personas hay en tu equipo?"},
    label={"en": "Team size", "es": "Tamaño del equipo"},
    cues=_ways("people, of us, team, team of, we are, member, persona, somos, equipo, equipo de, miembro"),
)
STRUCTURE = Said(
    ask={
        "en": "How is it organized: hierarchical, flat or matrix?",
        "es": "¿Cómo se organiza: jerárquica, plana o matricial?",
    },
    label={"en": "Structure", "es": "Estructura"},
    words={
        "hierarchical": _ways(
            "hierarchy, top-down, top down, classic, traditional, levels, jerarquica, jerarquico, "
            "jerarquia, piramidal, vertical, tradicional"
        ),
        "flat": _ways(
            "no hierarchy, no bosses, horizontal, self-organized, plana, plano, sin jerarquia, sin jefes"
        ),
        "matrix": _ways("cross-functional, two bosses, matricial, matriz, transversal"),
    },
)
METHODOLOGY = Said(
    ask={
        "en": "How do you set goals: OKRs, KPIs or in a way of your own?",
        "es": "¿Cómo fijáis objetivos: OKR, KPI o de una manera propia?",
    },
    label={"en": "Methodology", "es": "Metodología"},
    words={
        "okrs": _ways(
            "okr, objectives and key results, key results, objetivos y resultados clave, resultados clave"
        ),
        "kpis": _ways("kpi, key performance indicators, metrics, indicators, indicadores, metricas"),
        "custom": _ways("our own, something else, own way, none, propia, propio, otra, ninguna, a nuestra manera"),
    },
)
COLLABORATION_STYLE = Said(
    ask={
        "en": "How do you work together: in one place, distributed or hybrid?",
        "es": "¿Cómo trabajáis: en un solo lugar, a distancia o en modo híbrido?",
    },
    label={"en": "Collaboration", "es": "Colaboración"},
    words={
        "centralized": _ways(
            "centralised, in one place, one office, on-site, onsite, in the office, office, centralizado, "
            "centralizada, en un solo lugar, oficina, presencial"
        ),
        "distributed": _ways(
            "remote, remotely, from home, all over, fully remote, distribuido, distribuida, remoto, "
            "en remoto, a distancia, teletrabajo, desde casa"
        ),
        "hybrid": _ways("both, a mix, mixed, some days, hibrido, hibrida, mixto, mixta, ambos, mezcla"),
    },
)
INTEGRATIONS = Said(
    ask={
        "en": "Which tools shall be connected: Slack, Teams, e-mail, Jira, Asana, Trello, Notion, GitHub?",
        "es": "¿Qué herramientas conectamos: Slack, Teams, correo, Jira, Asana, Trello, Notion, GitHub?",
    },
    label={"en": "Tools", "es": "Herramientas"},
    words={
        "teams": _ways("ms teams, microsoft teams"),
        "email": _ways("e-mail, mail, gmail, outlook, correo, correo electronico"),
        "github": _ways("git hub"),
    },
)
DEPARTMENTS = Said(
    ask={"en": "Which departments are there?", "es": "¿Qué departamentos hay?"},
    label={"en": "Departments", "es": "Departamentos"},
)
PARENT = Said(
    label={"en": "Belongs to", "es": "Depende de"},
    cues=_ways("under, below, part of, belongs to, reports to, within, bajo, dentro de, parte de, depende de"),
)
DEPARTMENT = Said(label={"en": "What it does", "es": "A qué se dedica"})

GUIDE = "company_guide"
ORGANIZER = "organization_design"
SPEAKERS = {"welcome": GUIDE, "company": GUIDE, "organization": ORGANIZER}
"""Which agent asks, by state."""

AGENTS = (
    Agent(
        key=GUIDE,
        task=(
            "You help somebody to set up their company. You learn their role and experience, then the company's "
            "name, industry and size. You never guess a fact about the company that the person has not said."
        ),
        name={"en": "Company guide", "es": "Guía de empresa"},
        greeting={
            "en": "Welcome! Three short steps, and your company is set up.",
            "es": "¡Hola! En tres pasos cortos tu empresa queda lista.",
        },
        hand_over={
            "en": "Your company guide takes over from here.",
            "es": "Desde aquí te acompaña tu guía de empresa.",
        },
    ),
    Agent(
        key=ORGANIZER,
        task=(
            "You help somebody to describe how their company works together: team size, structure, how goals are "
            "set, tools and departments. You propose nothing that does not fit what they said of their company."
        ),
        name={"en": "Organization design", "es": "Diseño de la organización"},
        greeting={
            "en": "Welcome! Let us see how your company works together.",
            "es": "¡Hola! Veamos cómo trabaja junta tu empresa.",
        },
        hand_over={
            "en": "Now it is about how you work together; that is my field.",
            "es": "Ahora toca cómo trabajáis juntos; ese es mi terreno.",
        },
    ),
)

WORDINGS = {
    "welcome": (
        Wording(
            title="Welcome",
            description="Your role, and how used you are to working with goals.",
            opener="What is your role, and how used are you to working with goals?",
            why_we_ask="Suggestions for a founder are not those for a team lead.",
        ),
        Wording(
            title="Bienvenida",
            description="Tu rol y tu experiencia con objetivos.",
            opener="¿Cuál es tu rol y cuánta experiencia tienes trabajando con objetivos?",
            why_we_ask="Lo que sirve a quien funda una empresa no sirve a quien lleva un equipo.",
        ),
    ),
    "company": (
        Wording(
            title="Your company",
            description="Name, industry and size, and what else you want to tell.",
            opener="What is your company called, what does it do, and how many people work there?",
            why_we_ask="Goals and figures that fit depend on the industry and the size.",
        ),
        Wording(
            title="Tu empresa",
            description="Nombre, sector y tamaño, y lo que más quieras contar.",
            opener="¿Cómo se llama tu empresa, a qué se dedica y cuántas personas trabajan en ella?",
            why_we_ask="Los objetivos y las cifras adecuadas dependen del sector y del tamaño.",
        ),
    ),
    "organization": (
        Wording(
            title="Your organization",
            description="How you work together: team, structure, goals, tools, departments.",
            opener="How big is your team, and how do you organize yourselves and set goals?",
            why_we_ask="We set up your departments and tools as you have them.",
        ),
        Wording(
            title="Tu organización",
            description="Cómo trabajáis: equipo, estructura, objetivos, herramientas, departamentos.",
            opener="¿De qué tamaño es tu equipo, y cómo os organizáis y fijáis objetivos?",
            why_we_ask="Así preparamos vuestros departamentos y herramientas tal como son.",
        ),
    ),
}
"""What each state says, in English and in Spanish."""

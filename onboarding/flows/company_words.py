"""What is said in the company wizard, and how people speak of what it asks, in English and Spanish."""

from onboarding.answers import Said
from onboarding.flow import Agent, Wording
from onboarding.industries import INDUSTRIES, OTHER


def _ways(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


def _years(low: int, high: int) -> tuple[str, ...]:
    """So many years, in digits and in words."""
    words = {4: "four cuatro", 5: "five cinco", 6: "six seis", 7: "seven siete", 8: "eight ocho", 9: "nine nueve",
             10: "ten diez", 12: "twelve doce", 15: "fifteen quince", 20: "twenty veinte",
             1: "one un", 2: "two dos", 3: "three tres"}  # fmt: skip
    counts = [word for n in range(low, high + 1) for word in (str(n), *words.get(n, "").split())]
    return tuple(f"{count} {year}" for count in counts for year in ("years", "anos"))


ROLE = Said(
    ask={
        "en": "What is your role: founder or CEO, manager, team lead, individual contributor, or something else?",
        "es": "¿Cuál es tu rol: dirección general, jefatura de área, líder de equipo, sin equipo a cargo u otro?",
    },
    label={"en": "Role", "es": "Rol"},
    confirm={"en": "Your role: {}.", "es": "Tu rol: {}."},
    spoken={
        "en": {
            "ceo": "founder or CEO",
            "manager": "manager",
            "team_lead": "team lead",
            "individual": "individual contributor",
            "custom": "something else",
        },
        "es": {
            "ceo": "dirección general",
            "manager": "jefatura de área",
            "team_lead": "líder de equipo",
            "individual": "sin equipo a cargo",
            "custom": "otro",
        },
    },
    words={
        "ceo": _ways(
            "chief executive, founder, co-founder, cofounder, owner, managing director, president, i run the "
            "company, i founded, i started the company, founder or ceo, direccion general, dirijo la empresa, "
            "llevo la empresa, es mi empresa, its my company, my own company, fundadora y directora, director "
            "general, directora general, fundador, fundadora, cofundador, cofundadora, dueno, duena, "
            "propietario, propietaria, gerente general"
        ),
        "manager": _ways(
            "management, head of, director, vp, vice president, cto, cfo, coo, cmo, executive, gerente, jefe, "
            "jefa, directora, responsable, i manage, i run a department, middle management, mando intermedio, "
            "encargado, encargada, responsable de area, jefatura, jefatura de area, dirijo un departamento, "
            "llevo un departamento, gestiono"
        ),
        "team_lead": _ways(
            "team lead, team leader, teamlead, tech lead, lead, i lead, foreman, lidero, dirijo un equipo, "
            "llevo un equipo, lider tecnico, supervisor, supervisora, lider, lider de equipo, jefe de equipo, "
            "jefa de equipo, coordinador, coordinadora"
        ),
        "individual": _ways(
            "individual contributor, ic, intern, trainee, student, employee, freelancer, self-employed, on my "
            "own, just me, developer, engineer, designer, analyst, accountant, assistant, specialist, "
            "consultant, product owner, process owner, no team, sales rep, becario, becaria, en practicas, "
            "empleado, empleada, autonomo, autonoma, por mi cuenta, solo yo, programador, programadora, "
            "desarrollador, desarrolladora, ingeniero, ingeniera, disenador, disenadora, analista, contable, "
            "asistente, especialista, consultor, consultora, freelance, trabajador, trabajadora, sin equipo, "
            "sin equipo a cargo"
        ),
        "custom": _ways(
            "something else, another role, other, none of these, otro, otro rol, otra cosa, ninguno, ninguno de "
            "estos, personalizado"
        ),
    },
)
CUSTOM_ROLE = Said(
    ask={"en": "What do you call your role?", "es": "¿Cómo se llama tu rol?"},
    label={"en": "What it is called", "es": "Cómo se llama"},
    confirm={"en": "It is called {}.", "es": "Se llama {}."},
    cues=_ways(
        "custom, another role, my role is, my title is, my job title is, title is, they call me, i am called, "
        "im called, the role is, my position is, otro rol, mi rol es, mi cargo es, mi puesto es, me llaman, el "
        "cargo es, el puesto es, otro puesto, personalizado, its called, it is called, se llama, we call it, lo "
        "llamamos"
    ),
    only_with=("role", "custom"),
)
EXPERIENCE_LEVEL = Said(
    ask={
        "en": "How used are you to working with goals: beginner, intermediate or advanced?",
        "es": "¿Cuánta experiencia tienes con objetivos: principiante, intermedia o avanzada?",
    },
    label={"en": "Experience", "es": "Experiencia"},
    confirm={"en": "Your experience with goals: {}.", "es": "Tu experiencia con objetivos: {}."},
    spoken={"es": {"beginner": "principiante", "intermediate": "intermedia", "advanced": "avanzada"}},
    words={
        "beginner": _ways(
            "new to this, new to it, new to goals, new to okrs, never done it, never worked with, never used, "
            "never set, never heard of, no experience, first time, novice, newbie, no idea, not much, not "
            "really, not at all, not used to it, not very used, little experience, hardly, starting out, just "
            "starting, none, low, basic, from scratch, principiante, novato, novata, sin experiencia, primera "
            "vez, nunca, basico, basica, poca, poco, muy poca, muy poco, casi nada, ninguna, ninguna "
            "experiencia, nada, no mucha, no mucho, no tengo experiencia, ni idea, estoy empezando, de cero, "
            "desde cero, baja"
        ),
        "intermediate": _ways(
            "some experience, a few years, a couple of years, medium, a bit, a little, somewhat, so so, fairly, "
            "average, so-so, moderate, in the middle, okay with it, some, quite used to it, a year or two, "
            "intermedio, intermedia, algo de experiencia, algo, medio, media, unos anos, regular, mas o menos, "
            "normal, un poco, bastante, un par de anos, lo normal"
        )
        + _years(1, 3),
        "advanced": _ways(
            "expert, pro, very experienced, experienced, for years, many years, a lot, very, very used to it, "
            "very much, lots of experience, years of experience, a lot of experience, since forever, every day, "
            "high, mucha, mucho, muchisima, llevo anos, desde hace anos, a diario, alta, toda la vida, "
            "avanzado, avanzada, experto, experta, mucha experiencia, muchos anos"
        )
        + _years(4, 40),
    },
)
NAME = Said(
    ask={"en": "What is your company called?", "es": "¿Cómo se llama tu empresa?"},
    label={"en": "Company name", "es": "Nombre de la empresa"},
    confirm={"en": "Your company is called {}.", "es": "Tu empresa se llama {}."},
)
INDUSTRY = Said(
    ask={
        "en": "Which industry are you in? For example software, retail, construction or health care.",
        "es": "¿En qué sector trabajáis? Por ejemplo, software, comercio, construcción o sanidad.",
    },
    label={"en": "Industry", "es": "Sector"},
    confirm={"en": "Your industry: {}.", "es": "Tu sector: {}."},
    spoken={
        locale: {key: each.name[locale] for key, each in INDUSTRIES.items()} | {OTHER: other}
        for locale, other in {"en": "another one", "es": "otro"}.items()
    },
    cues=_ways(
        "we do, we make, we sell, we build, we run, hacemos, vendemos, fabricamos, nos dedicamos a, ramo, "
        "industry, our industry is, sector, our sector is, we are in, nuestro sector es, trabajamos en"
    ),
)
SIZE = Said(
    ask={
        "en": "How many people work there: 1-10, 11-50, 51-200, 201-1000 or more?",
        "es": "¿Cuántas personas trabajan ahí: 1-10, 11-50, 51-200, 201-1000 o más?",
    },
    label={"en": "Company size", "es": "Tamaño de la empresa"},
    confirm={"en": "People who work there: {}.", "es": "Personas que trabajan ahí: {}."},
    spoken={
        "en": {
            "startup": "1-10",
            "small": "11-50",
            "medium": "51-200",
            "large": "201-1000",
            "enterprise": "more than 1000",
        },
        "es": {
            "startup": "1-10",
            "small": "11-50",
            "medium": "51-200",
            "large": "201-1000",
            "enterprise": "más de 1000",
        },
    },
    ranges={
        "startup": (1, 10),
        "small": (11, 50),
        "medium": (51, 200),
        "large": (201, 1000),
        "enterprise": (1001, 10_000_000),
    },
    cues=_ways(
        "people, person, employee, worker, colleague, staff, of us, headcount, head, team member, member, fte, "
        "we are, were, there are, theres, persona, empleado, empleada, trabajador, trabajadora, gente, plantilla, "
        "somos, miembro, integrante, size, en total, in total, altogether"
    ),
    words={
        "startup": _ways(
            "start-up, tiny, micro, a handful, microempresa, just me, only me, me alone, solo yo, yo solo, yo "
            "sola, me and my, mi socio y yo, mi socia y yo, on my own, one-man, one-woman, muy pequena, un "
            "punado, cuatro gatos, very small, two of us, a few of us, unos pocos"
        ),
        "small": _ways("small business, small company, empresa pequena, pequena empresa, pequena, pequeno"),
        "medium": _ways("mid-size, medium-sized, mid-sized, midsize, mediana, mediano"),
        "large": _ways(
            "big company, large company, empresa grande, gran empresa, big, grande, hundreds, cientos, centenares"
        ),
        "enterprise": _ways(
            "thousands, corporation, miles de, multinational, multinacional, corporacion, huge, very big, muy "
            "grande, enorme, more than 1000, mas de 1000"
        ),
    },
)
DESCRIPTION = Said(
    ask={"en": "What does the company do?", "es": "¿A qué se dedica la empresa?"},
    label={"en": "Description", "es": "Descripción"},
    confirm={"en": "Description: “{}”.", "es": "Descripción: «{}»."},
    cues=_ways("our description is, the description is, la descripcion es, nuestra descripcion es"),
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
    confirm={"en": "People in your team: {}.", "es": "Personas en tu equipo: {}."},
    cues=_ways(
        "people, person, of us, team of, team has, team is, headcount, member, colleague, developer, persona, "
        "somos, equipo de, equipo tiene, equipo es de, miembro, integrante, gente, in the team, on the team, en "
        "el equipo"
    ),
)
STRUCTURE = Said(
    ask={
        "en": "How is it organized: hierarchical, flat or matrix?",
        "es": "¿Cómo se organiza: jerárquica, plana o matricial?",
    },
    label={"en": "Structure", "es": "Estructura"},
    confirm={"en": "Your structure is {}.", "es": "Vuestra estructura es {}."},
    spoken={"es": {"hierarchical": "jerárquica", "flat": "plana", "matrix": "matricial"}},
    words={
        "hierarchical": _ways(
            "hierarchy, hierarchic, top-down, pyramid, chain of command, boss on top, bosses on top, bosses and, "
            "classic, traditional, levels, jerarquica, jerarquico, jerarquia, piramidal, vertical, tradicional"
        ),
        "flat": _ways(
            "flat hierarchy, flat structure, no hierarchy, no bosses, no managers, without bosses, without "
            "hierarchy, without managers, everybody is equal, everyone is equal, no levels, jerarquia plana, "
            "sin niveles, todos iguales, horizontal, self-organized, plana, plano, sin jerarquia, sin jefes"
        ),
        "matrix": _ways("cross-functional, two bosses, two managers, dos jefes, matricial, matriz, transversal"),
    },
)
METHODOLOGY = Said(
    ask={
        "en": "How do you set goals: OKRs, KPIs or in a way of your own?",
        "es": "¿Cómo fijáis objetivos: OKR, KPI o de una manera propia?",
    },
    label={"en": "Methodology", "es": "Metodología"},
    confirm={"en": "You set goals with {}.", "es": "Fijáis objetivos con {}."},
    spoken={
        "en": {"okrs": "OKRs", "kpis": "KPIs", "custom": "a way of your own"},
        "es": {"okrs": "OKR", "kpis": "KPI", "custom": "una manera propia"},
    },
    cues=_ways("goal, set goals, objetivo, fijamos"),
    words={
        "okrs": _ways(
            "okr, objectives and key results, key results, objetivos y resultados clave, resultados clave"
        ),
        "kpis": _ways("kpi, key performance indicators, metrics, indicators, indicadores, metricas"),
        "custom": _ways(
            "our own, something else, own way, own method, own system, none, neither, no goals, dont set "
            "goals, no system, no method, gut feeling, informal, informally, scrum, agile, custom, way of your "
            "own, propia, propio, otra, ninguna, ninguno, a nuestra manera, no fijamos objetivos, sin "
            "objetivos, sin metodo, nuestra manera, manera propia, metodo propio, a ojo, la nuestra"
        ),
    },
)
COLLABORATION_STYLE = Said(
    ask={
        "en": "How do you work together: in one place, distributed or hybrid?",
        "es": "¿Cómo trabajáis: en un solo lugar, a distancia o en modo híbrido?",
    },
    label={"en": "Collaboration", "es": "Colaboración"},
    confirm={"en": "You work together {}.", "es": "Trabajáis {}."},
    spoken={
        "en": {"centralized": "in one place", "distributed": "remotely", "hybrid": "in a hybrid way"},
        "es": {"centralized": "en un solo lugar", "distributed": "a distancia", "hybrid": "en modo híbrido"},
    },
    words={
        "centralized": _ways(
            "centralised, in one place, same place, same room, all together, in person, face to face, one "
            "office, on-site, onsite, in the office, office, centralizado, centralizada, en un solo lugar, "
            "oficina, presencial"
        ),
        "distributed": _ways(
            "remote, remotely, from home, work from home, wfh, home office, different cities, different "
            "countries, around the world, cada uno en su casa, repartidos, por todo el mundo, all over, fully "
            "remote, distribuido, distribuida, remoto, en remoto, a distancia, teletrabajo, desde casa"
        ),
        "hybrid": _ways(
            "both, a mix, mix of, mixed, some days, days in the office, day in the office, days at home, days "
            "from home, half remote, partly remote, half and half, in a hybrid way, office and home, home and "
            "office, office and remote, remote and office, mitad y mitad, dias en la oficina, dias en casa, "
            "medio remoto, oficina y casa, casa y oficina, algunos dias, semipresencial, modo hibrido, hibrido, "
            "hibrida, mixto, mixta, ambos, mezcla"
        ),
    },
)
INTEGRATIONS = Said(
    ask={
        "en": "Which tools shall be connected: Slack, Teams, e-mail, Jira, Asana, Trello, Notion, GitHub?",
        "es": "¿Qué herramientas conectamos: Slack, Teams, correo, Jira, Asana, Trello, Notion, GitHub?",
    },
    label={"en": "Tools", "es": "Herramientas"},
    confirm={"en": "Tools: {}.", "es": "Herramientas: {}."},
    spoken={
        locale: {
            "slack": "Slack",
            "teams": "Teams",
            "email": mail,
            "jira": "Jira",
            "asana": "Asana",
            "trello": "Trello",
            "notion": "Notion",
            "github": "GitHub",
        }
        for locale, mail in {"en": "e-mail", "es": "correo"}.items()
    },
    replies={
        "en": ("Slack", "Teams", "E-mail", "GitHub", "None"),
        "es": ("Slack", "Teams", "Correo", "GitHub", "Ninguna"),
    },
    cues=_ways("tool, integration, app, herramienta, integracion, aplicacion"),
    wanted=True,
    words={
        "teams": _ways("ms teams, microsoft teams"),
        "email": _ways("e-mail, mail, gmail, outlook, correo, correo electronico"),
        "github": _ways("git hub"),
    },
)
DEPARTMENTS = Said(
    ask={
        "en": "Which departments are there? For example: Sales, Engineering with Backend under it. Or none.",
        "es": "¿Qué departamentos hay? Por ejemplo: Ventas, Ingeniería con Backend debajo. O ninguno.",
    },
    label={"en": "Departments", "es": "Departamentos"},
    cues=_ways("department, departamento, area"),
    wanted=True,
)
PARENT = Said(
    label={"en": "Part of", "es": "Parte de"},
    confirm={"en": "part of {}", "es": "parte de {}"},
    cues=_ways(
        "under, below, within, inside, part of, is part of, are part of, as part of, belongs to, belong to, "
        "belonging to, reports to, report to, reporting to, bajo, dentro de, parte de, forma parte de, forman "
        "parte de, es parte de, pertenece a, pertenecen a, depende de, dependen de, debajo de, por debajo de, "
        "reporta a, reportan a"
    ),
    above=True,
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

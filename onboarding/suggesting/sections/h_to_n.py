"""Sections H to N: what is done for others."""

from onboarding.suggesting.sections.model import Section, count, down, lever, reach, up

TRANSPORT = Section(
    field=("transport and storage", "el transporte y el almacenamiento"),
    growth=lever(
        "fill the way back as well as the way there",
        "llenar la vuelta igual que la ida",
        up(15, "revenue per kilometre", "los ingresos por kilómetro"),
        count(5, "shippers with a standing contract", "cargadores con contrato fijo"),
    ),
    efficiency=lever(
        "drive fewer empty kilometres and wait less at the ramp",
        "recorrer menos kilómetros en vacío y esperar menos en el muelle",
        down(15, "empty kilometres", "los kilómetros en vacío"),
        down(20, "minutes at the ramp", "los minutos en el muelle"),
    ),
    innovation=lever(
        "plan routes with live data",
        "planificar rutas con datos en vivo",
        reach(80, "tours planned by the system", "las rutas planificadas por el sistema"),
        count(4, "vehicles on cleaner energy", "vehículos con energía más limpia"),
    ),
    customer=lever(
        "arrive when we said and say it when we do not",
        "llegar cuando dijimos y avisar cuando no",
        reach(96, "deliveries in the promised window", "las entregas en la franja prometida"),
        down(30, "damaged or lost consignments", "los envíos dañados o perdidos"),
    ),
    core=(("Dispatch", "Tráfico y despacho"), ("Fleet and warehouse", "Flota y almacén")),
    watch=(
        "Fuel and overtime eat the margin one trip at a time: look at the margin per trip, not per month.",
        "Combustible y horas extra se comen el margen viaje a viaje: mire el margen por viaje, no por mes.",
    ),
    rhythm=(
        "Peaks come with other people's seasons: agree volumes with shippers a month ahead.",
        "Los picos llegan con la temporada de otros: acuerde volúmenes con los cargadores con un mes.",
    ),
)

HOSPITALITY = Section(
    field=("hotels and restaurants", "la hostelería"),
    growth=lever(
        "fill the quiet days and sell direct",
        "llenar los días flojos y vender directo",
        up(15, "revenue per available seat or room", "los ingresos por plaza o habitación disponible"),
        up(20, "direct bookings", "las reservas directas"),
    ),
    efficiency=lever(
        "waste less food and plan shifts by bookings",
        "desperdiciar menos comida y planificar turnos por reservas",
        down(20, "food thrown away", "la comida desechada"),
        down(10, "staff cost per guest", "el coste de personal por huésped"),
    ),
    innovation=lever(
        "renew the menu and the stay with what guests tell us",
        "renovar la carta y la estancia con lo que cuentan los clientes",
        count(4, "new offers tried for a month", "ofertas nuevas probadas un mes"),
        up(15, "sales of new offers", "las ventas de ofertas nuevas"),
    ),
    customer=lever(
        "make guests recommend us",
        "hacer que los clientes nos recomienden",
        reach(90, "reviews of four stars or more", "las reseñas de cuatro estrellas o más"),
        up(15, "guests who come back", "los clientes que vuelven"),
    ),
    core=(("Kitchen or housekeeping", "Cocina o pisos"), ("Reservations and front of house", "Reservas y sala")),
    watch=(
        "Staff who leave in the season cost most: ask everybody in their first month how it goes.",
        "Quien se va en temporada cuesta más: pregunte a cada persona cómo le va en su primer mes.",
    ),
    rhythm=(
        "Weekends and holidays carry the rest: set prices and shifts by day, and close the books weekly.",
        "Fines de semana y festivos sostienen el resto: fije precios y turnos por día y "
        "cierre cuentas cada semana.",
    ),
)

INFORMATION = Section(
    field=("software, media and telecoms", "el software, los medios y las telecomunicaciones"),
    growth=lever(
        "grow recurring revenue with customers who use the product every week",
        "aumentar los ingresos recurrentes con clientes que usan el producto cada semana",
        up(25, "monthly recurring revenue", "los ingresos recurrentes mensuales"),
        up(20, "trials that become paying accounts", "las pruebas que pasan a cuentas de pago"),
    ),
    efficiency=lever(
        "release smaller changes more often",
        "publicar cambios más pequeños y más a menudo",
        down(30, "days from commit to production", "los días del commit a producción"),
        down(25, "changes that must be undone", "los cambios que hay que deshacer"),
    ),
    innovation=lever(
        "build what users prove they need",
        "construir lo que los usuarios demuestran necesitar",
        count(6, "experiments with a decision at the end", "experimentos con una decisión al final"),
        reach(
            40, "the share of users on a new feature in a month", "la parte que usa una función nueva en un mes"
        ),
    ),
    customer=lever(
        "keep customers because the product keeps its word",
        "conservar a los clientes porque el producto cumple",
        down(20, "monthly churn", "la baja mensual de clientes"),
        down(
            30,
            "hours to the first useful answer in support",
            "las horas hasta la primera respuesta útil de soporte",
        ),
    ),
    core=(("Product and engineering", "Producto e ingeniería"), ("Customer success", "Éxito del cliente")),
    watch=(
        "A roadmap made of single customers' wishes ends in a product for nobody: note whom each item serves.",
        "Una hoja de ruta hecha de deseos sueltos acaba en un producto para nadie: anote a "
        "quién sirve cada punto.",
    ),
    rhythm=(
        "Contracts renew in the last quarter: talk about value long before, and keep security papers ready.",
        "Los contratos se renuevan en el último trimestre: hable de valor mucho antes y tenga "
        "listos los papeles de seguridad.",
    ),
)

FINANCE = Section(
    field=("finance and insurance", "las finanzas y los seguros"),
    growth=lever(
        "win customers whose risk we understand",
        "ganar clientes cuyo riesgo entendemos",
        up(12, "assets or premiums under management", "los activos o primas gestionados"),
        up(15, "customers with two products or more", "los clientes con dos productos o más"),
    ),
    efficiency=lever(
        "decide faster with fewer hand-overs",
        "decidir más rápido con menos traspasos",
        down(30, "days from application to decision", "los días de la solicitud a la decisión"),
        down(10, "the cost-to-income ratio", "la relación entre costes e ingresos"),
    ),
    innovation=lever(
        "let customers do by themselves what is safe to do alone",
        "dejar que los clientes hagan solos lo que es seguro",
        reach(70, "requests finished without staff", "las gestiones terminadas sin personal"),
        count(3, "controls that run automatically", "controles que se ejecutan solos"),
    ),
    customer=lever(
        "be plain about price and quick with claims",
        "ser claros con el precio y rápidos con los siniestros",
        down(30, "days to settle a claim", "los días para resolver un siniestro"),
        down(25, "complaints upheld", "las quejas con razón"),
    ),
    core=(("Risk and compliance", "Riesgos y cumplimiento"), ("Client advisory", "Asesoría a clientes")),
    watch=(
        "Growth in one product or region may be risk nobody priced: review concentration every month.",
        "Crecer en un solo producto o zona puede ser riesgo sin precio: revise la concentración cada mes.",
    ),
    rhythm=(
        "Reporting dates rule the year: close the month in five days, so that audits are no project.",
        "Las fechas de informes mandan: cierre el mes en cinco días para que la auditoría no sea un proyecto.",
    ),
)

REAL_ESTATE = Section(
    field=("real estate", "el sector inmobiliario"),
    growth=lever(
        "win mandates by what we know of the street",
        "ganar encargos por lo que sabemos de la zona",
        up(20, "exclusive mandates", "los encargos en exclusiva"),
        up(12, "units under management", "las unidades gestionadas"),
    ),
    efficiency=lever(
        "let and sell with fewer days empty",
        "alquilar y vender con menos días vacíos",
        down(20, "days on the market", "los días en el mercado"),
        down(15, "vacancy", "la desocupación"),
    ),
    innovation=lever(
        "show, sign and pay without paper",
        "visitar, firmar y pagar sin papel",
        reach(75, "contracts signed digitally", "los contratos firmados en digital"),
        count(3, "buildings with metered energy", "edificios con energía medida"),
    ),
    customer=lever(
        "answer tenants and owners before they ask twice",
        "responder a inquilinos y propietarios antes de la segunda pregunta",
        down(30, "hours to the first answer on repairs", "las horas hasta la primera respuesta en reparaciones"),
        up(10, "leases renewed", "los contratos renovados"),
    ),
    core=(("Lettings and sales", "Alquiler y venta"), ("Property management", "Gestión de inmuebles")),
    watch=(
        "Late rent in one building spreads quietly: look at arrears by building and by age of the debt.",
        "Los impagos de un edificio crecen en silencio: mire la mora por edificio y por antigüedad.",
    ),
    rhythm=(
        "Moves cluster around summer and the end of the month: schedule viewings and repairs before.",
        "Las mudanzas se juntan en verano y a fin de mes: programe antes visitas y reparaciones.",
    ),
)

PROFESSIONAL = Section(
    field=("professional services", "los servicios profesionales"),
    growth=lever(
        "win work by the cases that we solved",
        "ganar trabajo con los casos que resolvimos",
        up(20, "proposals that are accepted", "las propuestas aceptadas"),
        up(15, "fees from retainers", "los honorarios recurrentes"),
    ),
    efficiency=lever(
        "spend hours on work that clients pay for",
        "dedicar las horas a lo que el cliente paga",
        reach(75, "billable hours", "las horas facturables"),
        down(25, "days from work to invoice", "los días del trabajo a la factura"),
    ),
    innovation=lever(
        "make a product of what we do again and again",
        "hacer un producto de lo que repetimos",
        count(3, "services at a fixed price", "servicios a precio fijo"),
        down(20, "hours for a standard engagement", "las horas de un encargo estándar"),
    ),
    customer=lever(
        "be the first whom clients call",
        "ser a quien el cliente llama primero",
        up(15, "clients with a second engagement", "los clientes con segundo encargo"),
        reach(90, "projects inside the agreed budget", "los proyectos dentro del presupuesto acordado"),
    ),
    core=(("Client engagements", "Encargos de clientes"), ("Knowledge and methods", "Conocimiento y métodos")),
    watch=(
        "Partners who do everything are the limit: count the engagements that run without one.",
        "Los socios que hacen todo son el límite: cuente los encargos que avanzan sin ellos.",
    ),
    rhythm=(
        "Clients' budgets end with their year: offer in autumn what starts in January.",
        "El presupuesto del cliente acaba con su año: ofrezca en otoño lo que empieza en enero.",
    ),
)

SUPPORT = Section(
    field=("business support services", "los servicios de apoyo a empresas"),
    growth=lever(
        "extend contracts that run well before finding new ones",
        "ampliar los contratos que van bien antes de buscar otros",
        up(15, "revenue per contract", "los ingresos por contrato"),
        reach(90, "contracts renewed", "los contratos renovados"),
    ),
    efficiency=lever(
        "put the right people on the right shift",
        "poner a las personas correctas en el turno correcto",
        down(20, "shifts filled late", "los turnos cubiertos tarde"),
        down(15, "overtime", "las horas extra"),
    ),
    innovation=lever(
        "show clients live what is done for them",
        "mostrar al cliente en vivo lo que se hace por él",
        reach(80, "contracts with a live report", "los contratos con informe en vivo"),
        count(3, "tasks handed to machines", "tareas pasadas a máquinas"),
    ),
    customer=lever(
        "keep every level that the contract promises",
        "cumplir cada nivel que promete el contrato",
        reach(97, "service levels met", "los niveles de servicio cumplidos"),
        down(30, "complaints per site", "las quejas por centro"),
    ),
    core=(("Service delivery", "Prestación del servicio"), ("Recruiting and scheduling", "Selección y turnos")),
    watch=(
        "Turnover is the hidden cost: compare the hours spent on hiring with those spent on training.",
        "La rotación es el coste oculto: compare horas de contratación con horas de formación.",
    ),
    rhythm=(
        "Tenders come in waves: keep references and prices ready, and know each contract's end a year ahead.",
        "Las licitaciones vienen por oleadas: tenga referencias y precios listos y sepa con "
        "un año el fin de cada contrato.",
    ),
)

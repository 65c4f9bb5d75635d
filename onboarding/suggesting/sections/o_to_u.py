"""Sections O to U: what is done for everybody, and what is done at home; and those that nothing is known of."""

from onboarding.suggesting.sections.model import Section, count, down, lever, reach, up

GOVERNMENT = Section(
    field=("public administration", "la administración pública"),
    growth=lever(
        "reach the people who have a right to a service and do not use it",
        "llegar a quien tiene derecho a un servicio y no lo usa",
        up(20, "eligible people who apply", "las personas con derecho que lo solicitan"),
        up(25, "requests made online", "las solicitudes en línea"),
    ),
    efficiency=lever(
        "decide a file once and in time",
        "resolver un expediente una vez y a tiempo",
        down(25, "days from application to decision", "los días de la solicitud a la resolución"),
        down(30, "files sent back for missing papers", "los expedientes devueltos por falta de papeles"),
    ),
    innovation=lever(
        "ask people only what we do not know yet",
        "pedir a la gente solo lo que aún no sabemos",
        count(5, "forms filled in from registers", "formularios rellenados desde registros"),
        count(3, "data sets opened to the public", "conjuntos de datos abiertos"),
    ),
    customer=lever(
        "be understood at the first reading",
        "que se nos entienda a la primera lectura",
        reach(85, "requests solved at the first contact", "las gestiones resueltas al primer contacto"),
        down(25, "objections upheld", "los recursos estimados"),
    ),
    core=(("Citizen service", "Atención ciudadana"), ("Legal and procurement", "Jurídico y contratación")),
    watch=(
        "A budget spent is no result: tie each programme to one figure that people outside would notice.",
        "Gastar el presupuesto no es un resultado: una cada programa a una cifra que se note fuera.",
    ),
    rhythm=(
        "Budget and elections set the year: start what needs procurement in the first quarter.",
        "Presupuesto y elecciones marcan el año: empiece en el primer trimestre lo que requiere licitar.",
    ),
)

EDUCATION = Section(
    field=("education", "la educación"),
    growth=lever(
        "enrol learners who stay to the end",
        "matricular alumnos que llegan al final",
        up(15, "enrolments", "las matrículas"),
        up(10, "learners who complete their course", "los alumnos que terminan su curso"),
    ),
    efficiency=lever(
        "give teachers hours back for teaching",
        "devolver al profesorado horas para enseñar",
        down(20, "hours of paperwork per teacher", "las horas de papeleo por docente"),
        reach(85, "use of rooms and courses", "la ocupación de aulas y cursos"),
    ),
    innovation=lever(
        "renew courses with what learners lacked",
        "renovar los cursos con lo que faltó a los alumnos",
        count(4, "courses revised after feedback", "cursos revisados tras la opinión del alumnado"),
        up(20, "lessons with digital practice", "las clases con práctica digital"),
    ),
    customer=lever(
        "notice early who falls behind",
        "notar pronto quién se queda atrás",
        down(20, "learners who drop out", "los abandonos"),
        reach(90, "learners who would recommend us", "los alumnos que nos recomendarían"),
    ),
    core=(("Teaching and curriculum", "Docencia y programas"), ("Admissions and support", "Admisiones y apoyo")),
    watch=(
        "Dropping out starts with absence: three missed sessions in a row deserve a call.",
        "El abandono empieza con la ausencia: tres faltas seguidas merecen una llamada.",
    ),
    rhythm=(
        "The academic year decides: enrol in spring, prepare in summer, correct course after the first exams.",
        "El curso académico manda: matricule en primavera, prepare en verano y corrija tras "
        "los primeros exámenes.",
    ),
)

HEALTH = Section(
    field=("health and care", "la salud y los cuidados"),
    growth=lever(
        "see more patients without longer waits",
        "atender a más pacientes sin más espera",
        up(10, "appointments kept", "las citas cumplidas"),
        up(12, "referrals from other practices", "las derivaciones de otros centros"),
    ),
    efficiency=lever(
        "leave the clinic on time and the file complete",
        "terminar la consulta a tiempo y con la historia completa",
        down(25, "missed appointments", "las citas perdidas"),
        down(20, "minutes of documentation per patient", "los minutos de documentación por paciente"),
    ),
    innovation=lever(
        "care at a distance where it is as good",
        "atender a distancia donde es igual de bueno",
        up(20, "follow-ups held remotely", "los seguimientos a distancia"),
        count(3, "care paths written and followed", "rutas de cuidado escritas y seguidas"),
    ),
    customer=lever(
        "make care safe and waiting short",
        "hacer segura la atención y corta la espera",
        down(20, "days to the first appointment", "los días hasta la primera cita"),
        reach(95, "discharges with written instructions", "las altas con instrucciones escritas"),
    ),
    core=(
        ("Care delivery", "Atención asistencial"),
        ("Quality and patient safety", "Calidad y seguridad del paciente"),
    ),
    watch=(
        "Tired staff make mistakes: watch overtime and reported incidents side by side.",
        "El personal cansado se equivoca: vigile juntas las horas extra y los incidentes.",
    ),
    rhythm=(
        "Winter and holidays stretch the rota: fix cover eight weeks ahead, and keep consent records in order.",
        "Invierno y vacaciones tensan los turnos: cierre coberturas con ocho semanas y lleve "
        "al día los consentimientos.",
    ),
)

ARTS = Section(
    field=("arts, sport and leisure", "el arte, el deporte y el ocio"),
    growth=lever(
        "fill seats and classes beyond the regulars",
        "llenar plazas y clases más allá de los habituales",
        up(15, "tickets or memberships sold", "las entradas o abonos vendidos"),
        up(20, "first visits", "las primeras visitas"),
    ),
    efficiency=lever(
        "use halls and hours that stand empty",
        "usar las salas y horas vacías",
        reach(75, "use of the halls", "la ocupación de las salas"),
        down(12, "cost per event", "el coste por evento"),
    ),
    innovation=lever(
        "try formats that people talk about",
        "probar formatos de los que se habla",
        count(4, "new formats tried", "formatos nuevos probados"),
        up(25, "audience reached online", "el público en línea"),
    ),
    customer=lever(
        "turn visitors into members",
        "convertir visitantes en socios",
        up(15, "members who renew", "los socios que renuevan"),
        reach(88, "visitors who would come again", "los visitantes que volverían"),
    ),
    core=(("Programme", "Programación"), ("Audience and membership", "Público y socios")),
    watch=(
        "Grants and one big event hide the everyday: look at the income of an ordinary week.",
        "Subvenciones y un gran evento ocultan el día a día: mire el ingreso de una semana normal.",
    ),
    rhythm=(
        "Seasons and January resolutions bring people: plan what keeps them in March.",
        "Las temporadas y los propósitos de enero traen gente: planee lo que la retiene en marzo.",
    ),
)

SERVICES = Section(
    field=("personal and other services", "los servicios personales y otros"),
    growth=lever(
        "book more of the week by word of mouth",
        "llenar más la semana con el boca a boca",
        up(15, "bookings by recommendation", "las reservas por recomendación"),
        up(10, "revenue per visit", "los ingresos por visita"),
    ),
    efficiency=lever(
        "keep the diary full and the gaps short",
        "tener la agenda llena y los huecos cortos",
        reach(85, "use of bookable hours", "la ocupación de la agenda"),
        down(30, "appointments not kept", "las citas no cumplidas"),
    ),
    innovation=lever(
        "add a service that regulars ask for",
        "añadir un servicio que piden los habituales",
        count(2, "services tried with regulars", "servicios probados con habituales"),
        up(25, "bookings made online", "las reservas en línea"),
    ),
    customer=lever(
        "know regulars and be known by them",
        "conocer a los habituales y que nos conozcan",
        up(15, "customers back within six weeks", "los clientes que vuelven en seis semanas"),
        reach(92, "ratings of four stars or more", "las valoraciones de cuatro estrellas o más"),
    ),
    core=(("Appointments and service", "Citas y servicio"), ("Community and promotion", "Comunidad y promoción")),
    watch=(
        "When one person is the service, illness closes the shop: have two people able to do each thing.",
        "Si una persona es el servicio, una baja cierra el negocio: que dos sepan hacer cada cosa.",
    ),
    rhythm=(
        "Before holidays everybody comes at once: open those days early, and fill the weeks after with offers.",
        "Antes de las fiestas vienen todos a la vez: abra esos días con tiempo y llene después con ofertas.",
    ),
)

HOUSEHOLDS = Section(
    field=("work in households", "el trabajo en hogares"),
    growth=lever(
        "find steady hours with families who fit",
        "encontrar horas fijas con familias que encajan",
        up(15, "hours under a written agreement", "las horas con acuerdo escrito"),
        count(3, "families by recommendation", "familias por recomendación"),
    ),
    efficiency=lever(
        "plan the week so that nobody waits or travels twice",
        "planificar la semana para que nadie espere ni viaje dos veces",
        down(20, "travel between homes", "los traslados entre casas"),
        down(25, "changes at short notice", "los cambios con poco aviso"),
    ),
    innovation=lever(
        "write down how each home is cared for",
        "escribir cómo se cuida cada hogar",
        count(4, "homes with a written routine", "hogares con rutina escrita"),
        reach(80, "tasks confirmed in one shared list", "las tareas confirmadas en una lista común"),
    ),
    customer=lever(
        "be trusted with the key",
        "que nos confíen la llave",
        reach(95, "visits as agreed", "las visitas según lo acordado"),
        up(10, "families who stay a year", "las familias que siguen un año"),
    ),
    core=(("Care and housekeeping", "Cuidados y hogar"), ("Contracts and payroll", "Contratos y nóminas")),
    watch=(
        "What was only said is soon remembered differently: put hours, pay and holidays in writing.",
        "Lo que solo se dijo se recuerda distinto: ponga por escrito horas, pago y vacaciones.",
    ),
    rhythm=(
        "School holidays change every home's week: agree summer and Christmas before spring ends.",
        "Las vacaciones escolares cambian la semana: acuerde verano y Navidad antes de que acabe la primavera.",
    ),
)

INTERNATIONAL = Section(
    field=("international organisations", "los organismos internacionales"),
    growth=lever(
        "bring more partners and funds behind the mandate",
        "sumar más socios y fondos al mandato",
        up(12, "funding not tied to one donor", "los fondos no ligados a un donante"),
        count(4, "partners with a signed agreement", "socios con acuerdo firmado"),
    ),
    efficiency=lever(
        "move decisions through the house faster",
        "mover las decisiones por la casa más rápido",
        down(25, "days from mission report to decision", "los días del informe a la decisión"),
        down(15, "administrative cost per programme", "el coste administrativo por programa"),
    ),
    innovation=lever(
        "test programmes small before scaling them",
        "probar programas en pequeño antes de ampliarlos",
        count(3, "pilots with an independent review", "pilotos con evaluación independiente"),
        reach(70, "programmes with open data", "los programas con datos abiertos"),
    ),
    customer=lever(
        "be useful to member states between conferences",
        "ser útiles a los Estados miembros entre conferencias",
        reach(90, "requests answered in ten days", "las consultas respondidas en diez días"),
        up(15, "members who use the advice", "los miembros que usan el asesoramiento"),
    ),
    core=(("Programmes", "Programas"), ("Member relations", "Relaciones con miembros")),
    watch=(
        "Many mandates and one budget: note what is stopped whenever something is begun.",
        "Muchos mandatos y un presupuesto: anote qué se deja cada vez que algo empieza.",
    ),
    rhythm=(
        "Assemblies and biennial budgets set the beat: have drafts ready two months before each session.",
        "Asambleas y presupuestos bienales marcan el compás: tenga borradores dos meses antes de cada sesión.",
    ),
)

ANY = Section(
    field=("your field", "su sector"),
    growth=lever(
        "win customers who come back",
        "ganar clientes que vuelven",
        up(15, "revenue from customers who return", "los ingresos de clientes que repiten"),
        up(10, "enquiries that become orders", "las consultas que acaban en pedido"),
    ),
    efficiency=lever(
        "finish what was begun before beginning more",
        "terminar lo empezado antes de empezar más",
        down(20, "days from order to delivery", "los días del pedido a la entrega"),
        down(15, "work done twice", "el trabajo hecho dos veces"),
    ),
    innovation=lever(
        "try one new thing at a time and decide by its result",
        "probar una cosa nueva cada vez y decidir por su resultado",
        count(3, "trials with a written result", "pruebas con resultado escrito"),
        up(15, "sales of what is new", "las ventas de lo nuevo"),
    ),
    customer=lever(
        "keep our promises to customers",
        "cumplir lo que prometemos a los clientes",
        reach(93, "promises kept on time", "las promesas cumplidas a tiempo"),
        down(25, "complaints", "las quejas"),
    ),
    core=(("Operations", "Operaciones"), ("Sales and customer care", "Ventas y atención al cliente")),
    watch=(
        "Goals without a figure are wishes: write down where each figure stands today.",
        "Los objetivos sin cifra son deseos: anote dónde está hoy cada cifra.",
    ),
    rhythm=(
        "Find the weeks that make your year: compare the last twelve months week by week.",
        "Encuentre las semanas que hacen su año: compare los últimos doce meses semana a semana.",
    ),
)

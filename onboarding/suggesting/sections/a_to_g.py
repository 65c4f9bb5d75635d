"""Sections A to G: from the land to the shop."""

from onboarding.suggesting.sections.model import Section, count, down, lever, reach, up

AGRICULTURE = Section(
    field=("farming, forestry and fishing", "la agricultura, la silvicultura y la pesca"),
    growth=lever(
        "sell more of the harvest under contracts of our own",
        "vender más cosecha con contratos propios",
        up(12, "revenue per hectare", "los ingresos por hectárea"),
        reach(
            60,
            "the share of the harvest sold before picking",
            "la parte de la cosecha vendida antes de recogerla",
        ),
    ),
    efficiency=lever(
        "use less water, feed and fuel for each tonne",
        "gastar menos agua, pienso y combustible por tonelada",
        down(15, "water used per tonne", "el agua usada por tonelada"),
        down(10, "losses between field and buyer", "las pérdidas entre el campo y el comprador"),
    ),
    innovation=lever(
        "try better varieties and sensors on a few plots first",
        "probar mejores variedades y sensores primero en unas pocas parcelas",
        count(4, "trial plots with a written result", "parcelas de prueba con resultado escrito"),
        up(8, "yield on the trial plots", "el rendimiento de las parcelas de prueba"),
    ),
    customer=lever(
        "deliver the agreed grade on the agreed day",
        "entregar la calidad acordada el día acordado",
        reach(95, "deliveries at the agreed grade", "las entregas con la calidad acordada"),
        down(30, "claims by buyers", "las reclamaciones de compradores"),
    ),
    core=(("Field operations", "Operaciones de campo"), ("Quality and traceability", "Calidad y trazabilidad")),
    watch=(
        "One buyer or one crop that carries most of the income is the usual weak spot: look at the largest share.",
        "Un solo comprador o cultivo que sostiene casi todo el ingreso es el punto débil "
        "habitual: mire la mayor parte.",
    ),
    rhythm=(
        "The season sets the calendar: plan goals from harvest to harvest, and hire before the peak.",
        "La temporada marca el calendario: planifique los objetivos de cosecha a cosecha y "
        "contrate antes del pico.",
    ),
)

MINING = Section(
    field=("mining and quarrying", "la minería y las canteras"),
    growth=lever(
        "bring more of the proven reserve into production",
        "poner en producción más reserva probada",
        up(8, "tonnes shipped", "las toneladas despachadas"),
        reach(85, "use of the plant's capacity", "el uso de la capacidad de la planta"),
    ),
    efficiency=lever(
        "keep trucks and crushers running",
        "mantener camiones y trituradoras en marcha",
        reach(90, "availability of the main equipment", "la disponibilidad del equipo principal"),
        down(8, "energy per tonne", "la energía por tonelada"),
    ),
    innovation=lever(
        "see faults coming instead of repairing them",
        "prever las averías en lugar de repararlas",
        count(6, "machines with condition monitoring", "máquinas con control de estado"),
        down(25, "unplanned stops", "las paradas no planificadas"),
    ),
    customer=lever(
        "deliver within grade and within the slot",
        "entregar dentro de ley y de turno",
        reach(96, "shipments within grade", "los envíos dentro de ley"),
        down(20, "days at the port", "los días en puerto"),
    ),
    core=(("Safety and environment", "Seguridad y medio ambiente"), ("Maintenance", "Mantenimiento")),
    watch=(
        "Near misses that nobody reports come before the accident: count reports, and praise a rising number.",
        "Los casi accidentes sin reportar preceden al accidente: cuente los reportes y celebre que suban.",
    ),
    rhythm=(
        "Permits and prices are set elsewhere: keep a plan for a price a fifth lower, and "
        "renew permits a year ahead.",
        "Permisos y precios se deciden fuera: tenga un plan para un precio un quinto menor y "
        "renueve permisos un año antes.",
    ),
)

MANUFACTURING = Section(
    field=("manufacturing", "la industria manufacturera"),
    growth=lever(
        "fill the lines with orders that pay",
        "llenar las líneas con pedidos rentables",
        up(12, "orders with a margin above plan", "los pedidos con margen sobre el plan"),
        count(4, "new accounts with a repeat order", "clientes nuevos con segundo pedido"),
    ),
    efficiency=lever(
        "get more good parts out of every shift",
        "sacar más piezas buenas de cada turno",
        up(10, "overall equipment effectiveness", "la eficiencia general de los equipos (OEE)"),
        down(20, "scrap and rework", "los descartes y retrabajos"),
    ),
    innovation=lever(
        "take new products from drawing to line without surprises",
        "llevar productos nuevos del plano a la línea sin sorpresas",
        down(25, "days from design to first good part", "los días del diseño a la primera pieza buena"),
        count(3, "products renewed this year", "productos renovados este año"),
    ),
    customer=lever(
        "deliver complete and on time",
        "entregar completo y a tiempo",
        reach(95, "orders complete and on time", "los pedidos completos y a tiempo"),
        down(30, "complaints per thousand units", "las quejas por mil unidades"),
    ),
    core=(
        ("Production planning", "Planificación de producción"),
        ("Quality assurance", "Aseguramiento de calidad"),
    ),
    watch=(
        "Stock hides trouble: when it grows faster than sales, look for the step that waits.",
        "El inventario esconde problemas: si crece más que las ventas, busque el paso que espera.",
    ),
    rhythm=(
        "Suppliers set the pace: agree second sources for the parts with the longest lead time.",
        "Los proveedores marcan el ritmo: acuerde segundas fuentes para las piezas con mayor plazo.",
    ),
)

ENERGY = Section(
    field=("energy supply", "el suministro de energía"),
    growth=lever(
        "connect more customers to clean supply",
        "conectar más clientes a un suministro limpio",
        up(10, "customers under long contracts", "los clientes con contrato largo"),
        up(15, "installed clean capacity", "la capacidad limpia instalada"),
    ),
    efficiency=lever(
        "lose less between plant and meter",
        "perder menos entre planta y contador",
        down(10, "losses in the network", "las pérdidas en la red"),
        down(15, "cost of maintenance per kilometre", "el coste de mantenimiento por kilómetro"),
    ),
    innovation=lever(
        "balance supply with storage and flexible demand",
        "equilibrar el suministro con almacenamiento y demanda flexible",
        count(3, "pilots with flexible demand", "pilotos con demanda flexible"),
        up(20, "peak load shifted", "la carga de punta desplazada"),
    ),
    customer=lever(
        "keep the lights on and the bill clear",
        "mantener la luz encendida y la factura clara",
        down(20, "minutes of interruption per customer", "los minutos de corte por cliente"),
        down(25, "calls about bills", "las llamadas sobre facturas"),
    ),
    core=(("Network operations", "Operación de red"), ("Regulatory affairs", "Asuntos regulatorios")),
    watch=(
        "Old assets fail together: rank them by what their failure would cost, not by their age.",
        "Los activos viejos fallan juntos: ordénelos por lo que costaría su fallo, no por su edad.",
    ),
    rhythm=(
        "Tariffs are reviewed by the regulator: keep the figures that it asks for ready all year.",
        "El regulador revisa las tarifas: tenga listas todo el año las cifras que pide.",
    ),
)

WATER = Section(
    field=("water and waste", "el agua y los residuos"),
    growth=lever(
        "win collection and treatment contracts that last",
        "ganar contratos duraderos de recogida y tratamiento",
        count(3, "contracts of more than three years", "contratos de más de tres años"),
        up(12, "tonnes treated for others", "las toneladas tratadas para terceros"),
    ),
    efficiency=lever(
        "find leaks and empty kilometres early",
        "encontrar pronto fugas y kilómetros en vacío",
        down(15, "water that earns nothing", "el agua no facturada"),
        down(12, "kilometres per tonne collected", "los kilómetros por tonelada recogida"),
    ),
    innovation=lever(
        "turn more of what comes in into something to sell",
        "convertir más de lo que entra en algo que se vende",
        up(15, "material recovered", "el material recuperado"),
        count(2, "new uses for a residue", "usos nuevos para un residuo"),
    ),
    customer=lever(
        "be as regular as the tap and the lorry should be",
        "ser tan puntuales como deben serlo el grifo y el camión",
        reach(97, "collections on the planned day", "las recogidas en el día previsto"),
        down(25, "complaints per thousand households", "las quejas por mil hogares"),
    ),
    core=(
        ("Plant operations", "Operación de plantas"),
        ("Laboratory and compliance", "Laboratorio y cumplimiento"),
    ),
    watch=(
        "A limit value that is nearly reached is the early sign: set your own limit below the legal one.",
        "Un valor cercano al límite es la primera señal: fije un límite propio por debajo del legal.",
    ),
    rhythm=(
        "Droughts and holidays double the load of single weeks: plan crews by week, not by year.",
        "Sequías y fiestas duplican la carga de algunas semanas: planifique cuadrillas por semana, no por año.",
    ),
)

CONSTRUCTION = Section(
    field=("construction", "la construcción"),
    growth=lever(
        "win the tenders that fit us and leave the others",
        "ganar las licitaciones que nos convienen y dejar las demás",
        up(20, "the share of tenders won", "la parte de licitaciones ganadas"),
        up(15, "the order book", "la cartera de obras"),
    ),
    efficiency=lever(
        "keep sites on plan and crews at work",
        "mantener las obras en plazo y las cuadrillas trabajando",
        down(20, "days behind plan", "los días de retraso"),
        down(25, "cost of rework", "el coste de rehacer"),
    ),
    innovation=lever(
        "plan in the model before building on site",
        "planificar en el modelo antes de construir en obra",
        count(4, "projects planned in one shared model", "proyectos planificados en un modelo común"),
        up(20, "work prepared off site", "el trabajo preparado fuera de obra"),
    ),
    customer=lever(
        "hand over without a list of defects",
        "entregar sin lista de defectos",
        down(40, "defects at hand-over", "los defectos en la entrega"),
        reach(90, "hand-overs on the agreed date", "las entregas en la fecha acordada"),
    ),
    core=(("Site management", "Dirección de obra"), ("Estimating and procurement", "Presupuestos y compras")),
    watch=(
        "Cash leaves before it comes in: track unbilled work every week, by site.",
        "El dinero sale antes de entrar: siga cada semana el trabajo sin facturar, por obra.",
    ),
    rhythm=(
        "Weather and permits move the calendar: keep one week of buffer for each quarter of a site.",
        "El clima y los permisos mueven el calendario: reserve una semana por trimestre de obra.",
    ),
)

TRADE = Section(
    field=("trade", "el comercio"),
    growth=lever(
        "sell more to each visitor, in the shop and online",
        "vender más a cada visitante, en tienda y en línea",
        up(12, "the average basket", "la cesta media"),
        up(15, "visits that end in a sale", "las visitas que acaban en venta"),
    ),
    efficiency=lever(
        "have the right goods and less of the rest",
        "tener el surtido correcto y menos del resto",
        up(15, "stock turns", "la rotación del inventario"),
        down(25, "items out of stock", "las roturas de stock"),
    ),
    innovation=lever(
        "join shop, web and delivery into one purchase",
        "unir tienda, web y entrega en una sola compra",
        up(25, "orders collected in the shop", "los pedidos recogidos en tienda"),
        count(3, "tests of assortment with a result", "pruebas de surtido con resultado"),
    ),
    customer=lever(
        "make customers come back",
        "hacer que los clientes vuelvan",
        up(15, "customers who buy again within 90 days", "los clientes que repiten en 90 días"),
        down(20, "returns", "las devoluciones"),
    ),
    core=(("Purchasing and assortment", "Compras y surtido"), ("Sales and service", "Ventas y atención")),
    watch=(
        "Discounts teach people to wait: watch the share of sales at full price.",
        "Los descuentos enseñan a esperar: vigile la parte de ventas a precio completo.",
    ),
    rhythm=(
        "A few weeks make the year: decide stock for the season three months ahead, and review it weekly.",
        "Pocas semanas hacen el año: decida el stock de campaña con tres meses y revíselo cada semana.",
    ),
)

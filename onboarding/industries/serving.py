"""Divisions 45 to 99: what is sold, carried and done for others."""

from onboarding.industries.entries import division, told

SERVING = (
    division(
        "45",
        "motor_vehicle_trade_and_repair",
        told(
            "Wholesale and retail trade and repair of motor vehicles and motorcycles",
            said="""car dealer, car dealership, used cars, car sales, cars, auto repair, car repair, garage,
            mechanic, car workshop, body shop, car wash, tyre shop, tire shop, motorcycle dealer, motorcycle
            repair, auto parts store, truck dealer, vehicle inspection""",
            about="workshop capacity, spare parts, trade-ins, financing, service intervals",
        ),
        told(
            "Comercio al por mayor y al por menor y reparación de vehículos automotores y motocicletas",
            said="""concesionario, venta de autos, venta de coches, autos usados, coches de segunda mano, taller
            mecánico, taller de autos, mecánico, mecánica automotriz, reparación de autos, chapa y pintura, lavado
            de autos, autolavado, llantera, taller de motos, venta de motos, refaccionaria, repuestos para autos,
            ITV""",
            about="capacidad del taller, repuestos, vehículos a cuenta, financiación, revisiones",
        ),
        metrics="gross_margin inventory_turnover service_revenue first_fix csat",
    ),
    division(
        "46",
        "wholesale_trade",
        told(
            "Wholesale trade, except of motor vehicles and motorcycles",
            said="""wholesale, wholesaler, distributor, distribution company, import, importer, import export,
            exporter, trading company, commodity trading, B2B distribution, cash and carry, sourcing agent, food
            distributor, medical supplies distributor""",
            about="supplier terms, credit limits, logistics, margins, assortment",
        ),
        told(
            "Comercio al por mayor, excepto el de vehículos automotores y motocicletas",
            said="""mayorista, venta al por mayor, distribuidora, importadora, importación, exportadora, comercio
            exterior, importación y exportación, comercializadora, almacén mayorista, intermediario comercial,
            trading""",
            about="condiciones de proveedores, límites de crédito, logística, márgenes, surtido",
        ),
        metrics="inventory_turnover fill_rate gross_margin days_receivable order_accuracy",
    ),
    division(
        "47",
        "retail_trade",
        told(
            "Retail trade, except of motor vehicles and motorcycles",
            said="""retail, commerce, retailer, shop, store, e-commerce, ecommerce, online store, online shop,
            webshop, online retail, marketplace seller, dropshipping, supermarket, grocery, grocery store,
            convenience store, clothing store, clothing shop, shoe store, fashion store, boutique, bookshop,
            bookstore, pharmacy, drugstore, hardware store, furniture store, electronics store, jewellery store,
            jewelry store, gift shop, toy store, florist, flower shop, butcher shop, greengrocer, wine shop, petrol
            station, gas station, pet shop, pet store, optician, department store, street market, second-hand shop,
            stationery shop, direct to consumer, kiosk""",
            about="assortment, footfall, checkout, omnichannel, promotions, returns",
        ),
        told(
            "Comercio al por menor, excepto el de vehículos automotores y motocicletas",
            said="""comercio, minorista, venta al por menor, comercio minorista, tienda, comercio electrónico,
            tienda online, tienda en línea, tienda virtual, venta online, ventas por internet, supermercado,
            abarrotes, tienda de abarrotes, tienda de conveniencia, ultramarinos, bodega de barrio, tienda de ropa,
            zapatería, boutique de moda, librería, farmacia, botica, ferretería, tienda de muebles, tienda de
            electrónica, tienda de regalos, juguetería, floristería, florería, carnicería, frutería, verdulería,
            vinoteca, gasolinera, tienda de mascotas, óptica, grandes almacenes, tienda de segunda mano, papelería,
            mercería, quiosco""",
            about="surtido, afluencia, caja, omnicanalidad, promociones, devoluciones",
        ),
        metrics="same_store_sales average_basket conversion_rate inventory_turnover retail_returns shrinkage",
    ),
    division(
        "49",
        "land_transport",
        told(
            "Land transport and transport via pipelines",
            said="""transport, transportation, transport company, trucking, trucking company, haulage, freight
            transport, road freight, taxi, ride hailing, ride sharing, bus company, coach hire, school bus,
            railway, train operator, metro, moving company, removals, pipeline operator, public transport,
            limousine, mobility, lorry""",
            about="routes, fleet, drivers' hours, fuel, tachograph",
        ),
        told(
            "Transporte por vía terrestre y transporte por tuberías",
            said="""transporte, empresa de transporte, transportista, camiones, camionero, transporte de carga,
            flete, taxis, autobuses, transporte escolar, transporte público, ferrocarril, metro urbano, mudanzas,
            oleoducto, gasoducto, transporte de pasajeros, movilidad, viajes compartidos""",
            about="rutas, flota, horas de conducción, combustible, tacógrafo",
        ),
        metrics="on_time cost_per_km empty_km fuel_use accident_rate",
    ),
    division(
        "50",
        "water_transport",
        told(
            "Water transport",
            said="""shipping line, shipping company, maritime transport, sea freight, ferry, cruise line, cruises,
            river transport, barge, tanker ships, ocean carrier""",
            about="charter rates, bunker fuel, port calls, crewing",
        ),
        told(
            "Transporte por vía acuática",
            said="""naviera, transporte marítimo, flete marítimo, barcos, buques, cruceros, transbordador,
            transporte fluvial, lanchas de pasajeros""",
            about="tarifas de fletamento, combustible marino, escalas, tripulación",
        ),
        metrics="charter_rate load_factor fuel_use on_time",
    ),
    division(
        "51",
        "air_transport",
        told(
            "Air transport",
            said="""airline, aviation, air cargo, air freight, charter flights, helicopter, flights, private jets,
            space transport""",
            about="slots, load factor, jet fuel, crew scheduling, safety",
        ),
        told(
            "Transporte por vía aérea",
            said="""aerolínea, línea aérea, aviación, carga aérea, vuelos, vuelos chárter, helicópteros, aviones
            privados, transporte aéreo""",
            about="franjas horarias, ocupación, combustible de aviación, tripulaciones, seguridad",
        ),
        metrics="load_factor on_time cost_per_km fuel_use nps",
    ),
    division(
        "52",
        "warehousing_and_transport_support",
        told(
            "Warehousing and support activities for transportation",
            said="""logistics, logistics company, warehouse, warehousing, storage, fulfillment, fulfilment center,
            3PL, freight forwarder, freight forwarding, customs broker, airport, port operator, harbour, parking,
            car park, toll roads, cold storage, supply chain, cargo handling""",
            about="storage density, picking, customs, cross-docking, service levels",
        ),
        told(
            "Almacenamiento y actividades de apoyo al transporte",
            said="""logística, operador logístico, almacén, almacenaje, bodega de almacenamiento, bodegaje, agente
            de carga, agente aduanal, agencia de aduanas, aeropuerto, puerto marítimo, terminal portuaria,
            estacionamiento, aparcamiento, parqueadero, peajes, cadena de suministro, almacén frigorífico, centro
            de distribución""",
            about="densidad de almacenamiento, preparación de pedidos, aduanas, niveles de servicio",
        ),
        metrics="order_accuracy storage_use on_time_delivery productivity accident_rate",
    ),
    division(
        "53",
        "postal_and_courier",
        told(
            "Postal and courier activities",
            said="""courier, courier service, parcel delivery, package delivery, last mile delivery, delivery
            company, food delivery riders, delivery service, postal service, post office, messenger, same-day
            delivery, express delivery""",
            about="last mile, tracking, routes, proof of delivery, peak season",
        ),
        told(
            "Actividades postales y de mensajería",
            said="""mensajería, paquetería, correo, envíos, última milla, reparto, repartidores, entregas a
            domicilio, envío de paquetes, mensajero, servicio postal""",
            about="última milla, rastreo, rutas, prueba de entrega, temporada alta",
        ),
        metrics="delivery_success on_time_delivery cost_per_unit csat",
    ),
    division(
        "55",
        "accommodation",
        told(
            "Accommodation",
            said="""hotel, hospitality, hostel, bed and breakfast, vacation rental, holiday rental, short-term
            rental, airbnb, resort, motel, guesthouse, inn, camping, campsite, student residence, eco lodge,
            glamping, boutique hotel""",
            about="bookings, seasonality, housekeeping, channel managers, reviews",
        ),
        told(
            "Actividades de alojamiento",
            said="""alojamiento, hotelería, hostelería, hostal, albergue, alquiler vacacional, alquiler turístico,
            casa rural, posada, cabañas, complejo turístico, campamento, residencia estudiantil, hospedaje, hotel
            boutique, apartamentos turísticos""",
            about="reservas, temporadas, limpieza de habitaciones, canales de venta, reseñas",
        ),
        metrics="occupancy revpar adr nps bookings",
    ),
    division(
        "56",
        "food_and_beverage_service",
        told(
            "Food and beverage service activities",
            said="""restaurant, bar, cafe, cafeteria, coffee shop, coffee house, pub, nightclub bar, food truck,
            fast food, pizzeria, pizza, burger restaurant, burgers, sushi, catering, caterer, takeaway, takeout,
            dark kitchen, ghost kitchen, ice cream parlour, ice cream shop, tea house, diner, canteen, juice bar,
            tapas, taqueria, gastronomy, food delivery restaurant, cocktail bar""",
            about="menu, table turnover, food cost, reservations, hygiene, delivery apps",
        ),
        told(
            "Actividades de servicio de comidas y bebidas",
            said="""restaurante, restauración, bares, cafetería, café bar, cantina, taberna, camión de comida,
            comida rápida, pizzería, hamburguesería, hamburguesas, sushi bar, servicio de catering, banquetes,
            comida, comida para llevar, cocina oculta, heladería, salón de té, fonda, comedor, juguería, taquería,
            tacos, asador, parrilla, marisquería, cevichería, gastronomía, gastrobar, coctelería""",
            about="menú, rotación de mesas, costo de alimentos, reservas, higiene, aplicaciones de reparto",
        ),
        metrics="food_cost table_turnover average_basket sales_per_seat repeat_customers",
    ),
    division(
        "58",
        "publishing",
        told(
            "Publishing activities",
            said="""publisher, publishing house, book publishing, books, magazine, newspaper, press, journal,
            comics publisher, video games, video game studio, game studio, game development, games publisher,
            mobile games, gaming studio, packaged software publisher, educational publisher, e-books""",
            about="rights, royalties, catalogue, subscriptions, editorial calendar",
        ),
        told(
            "Actividades de edición",
            said="""editorial, casa editorial, editorial de libros, libros, revista, periódico, diario, prensa,
            cómics, videojuegos, estudio de videojuegos, desarrollo de videojuegos, juegos móviles, edición de
            libros, libros electrónicos""",
            about="derechos, regalías, catálogo, suscripciones, calendario editorial",
        ),
        metrics="subscriber_growth licence_revenue active_users retail_returns gross_margin",
    ),
    division(
        "59",
        "film_and_music_production",
        told(
            """Motion picture, video and television programme production, sound recording and music publishing
            activities""",
            said="""film production, movie production, film studio, movies, cinema, video production, TV
            production, animation studio, post-production, music studio, recording studio, record label, music
            label, music production, podcast production, podcast, documentary, film distribution""",
            about="rights, distribution windows, crews, budgets, royalties",
        ),
        told(
            """Actividades de producción de películas cinematográficas, vídeos y programas de televisión, grabación
            de sonido y edición de música""",
            said="""cine, productora audiovisual, productora de cine, películas, producción de video, audiovisual,
            producción audiovisual, animación, posproducción, estudio de grabación, sello discográfico,
            discográfica, producción musical, pódcast, documentales, salas de cine""",
            about="derechos, ventanas de distribución, rodajes, presupuestos, regalías",
        ),
        metrics="audience play_count licence_revenue cost_overrun projects_on_time",
    ),
    division(
        "60",
        "broadcasting",
        told(
            "Programming and broadcasting activities",
            said="""radio, radio station, television, TV channel, TV station, broadcaster, broadcasting, streaming
            channel, television network, internet radio""",
            about="ratings, schedule, advertising slots, licences",
        ),
        told(
            "Actividades de programación y transmisión",
            said="""emisora, emisora de radio, estación de radio, televisión, canal de televisión, televisora,
            radiodifusión, canal de streaming, radio por internet""",
            about="índices de audiencia, parrilla, pauta publicitaria, licencias",
        ),
        metrics="audience revenue_growth subscriber_growth cost_per_unit",
    ),
    division(
        "61",
        "telecommunications",
        told(
            "Telecommunications",
            said="""telecom, telco, internet provider, internet service provider, ISP, mobile operator, mobile
            network, phone company, broadband, fiber internet, fibre, satellite communications, VoIP, cable
            operator, MVNO""",
            about="coverage, churn, spectrum, network investment, bundles",
        ),
        told(
            "Telecomunicaciones",
            said="""telefonía, telefónica, proveedor de internet, operadora móvil, banda ancha, fibra óptica,
            telefonía móvil, comunicaciones por satélite, cableoperador, teleco""",
            about="cobertura, abandono, espectro, inversión en red, paquetes",
        ),
        metrics="churn arpu network_uptime subscriber_growth nps",
    ),
    division(
        "62",
        "computer_programming",
        told(
            "Computer programming, consultancy and related activities",
            said="""software, software company, software development, software developer, SaaS, app, mobile app,
            mobile applications, app development, web development, web developer, website development, websites,
            programming, programmer, coding, IT, IT services, IT consulting, IT company, technology, tech, tech
            company, information technology, artificial intelligence, AI, AI startup, machine learning, data
            science, data analytics, cybersecurity, devops, cloud, cloud computing, cloud consulting, systems
            integration, managed services, computer consulting, ERP implementation, CRM software, blockchain
            development, UX design, digital transformation, chatbots, edtech, healthtech, health tech, technology
            consulting, fintech software, custom software, open source, QA testing, computer engineering""",
            about="agile, product roadmap, releases, cloud costs, subscriptions, security",
        ),
        told(
            "Programación informática, consultoría de informática y actividades conexas",
            said="""desarrollo de software, empresa de software, fábrica de software, programación, programador,
            desarrollador, desarrollo web, páginas web, sitios web, aplicaciones, aplicaciones móviles, desarrollo
            de aplicaciones, desarrollo de apps, informática, servicios informáticos, consultoría informática,
            tecnología, tecnológica, empresa tecnológica, tecnologías de la información, inteligencia artificial,
            IA, aprendizaje automático, ciencia de datos, análisis de datos, ciberseguridad, nube, computación en
            la nube, integración de sistemas, sistemas informáticos, soporte informático, transformación digital,
            diseño UX, ingeniería de sistemas, software a medida""",
            about="metodologías ágiles, hoja de ruta, entregas, costos de nube, suscripciones, seguridad",
        ),
        metrics="mrr churn nrr acquisition_cost deploy_frequency uptime",
    ),
    division(
        "63",
        "information_services",
        told(
            "Information service activities",
            said="""data processing, hosting, web hosting, data center, data centre, web portal, internet portal,
            search engine, news agency, online platform, online marketplace platform, marketplace, social network,
            social media platform, directory website, data provider, online media, blog, content platform,
            streaming platform""",
            about="traffic, platform liquidity, data quality, uptime, moderation",
        ),
        told(
            "Actividades de servicios de información",
            said="""procesamiento de datos, alojamiento web, centro de datos, portal web, portal de internet,
            buscador, agencia de noticias, noticias, plataforma digital, plataforma en línea, red social,
            plataforma de contenidos, medios digitales, proveedor de datos, plataforma de streaming""",
            about="tráfico, liquidez de la plataforma, calidad de datos, disponibilidad, moderación",
        ),
        metrics="active_users uptime conversion_rate arpu retention",
    ),
    division(
        "64",
        "financial_services",
        told(
            "Financial service activities, except insurance and pension funding",
            said="""bank, banking, fintech, lending, loans, lender, credit, credit union, microfinance,
            microcredit, neobank, digital bank, investment fund, venture capital, private equity, investment bank,
            investment banking, holding company, mortgages, leasing finance, factoring, financial services,
            finance, savings, buy now pay later, consumer finance, central bank""",
            about="credit risk, deposits, compliance, KYC, capital ratio, interest rates",
        ),
        told(
            "Actividades de servicios financieros, excepto las de seguros y fondos de pensiones",
            said="""banco, bancaria, préstamos, créditos, cooperativa de crédito, cooperativa de ahorro,
            microfinanzas, microcréditos, neobanco, banco digital, fondo de inversión, banca de inversión, capital
            de riesgo, capital riesgo, capital privado, sociedad de cartera, hipotecas, factoraje, servicios
            financieros, finanzas, financiera, ahorro, tecnofinanciera""",
            about="riesgo de crédito, depósitos, cumplimiento, conocimiento del cliente, solvencia, tasas",
        ),
        metrics="net_interest_margin default_rate cost_income acquisition_cost assets_managed",
    ),
    division(
        "65",
        "insurance",
        told(
            "Insurance, reinsurance and pension funding, except compulsory social security",
            said="""insurance, insurer, insurance company, insurtech, reinsurance, life insurance, health
            insurance, car insurance, pension fund, pensions, mutual insurance, underwriting""",
            about="underwriting, claims, premiums, reserves, solvency",
        ),
        told(
            """Seguros, reaseguros y fondos de pensiones, excepto planes de seguridad social de afiliación
            obligatoria""",
            said="""seguros, aseguradora, compañía de seguros, reaseguros, seguro de vida, seguro médico, seguro de
            autos, fondo de pensiones, pensiones, mutualidad, mutua de seguros""",
            about="suscripción, siniestros, primas, reservas, solvencia",
        ),
        metrics="combined_ratio loss_ratio claims_frequency policy_renewal acquisition_cost",
    ),
    division(
        "66",
        "financial_auxiliaries",
        told(
            "Activities auxiliary to financial service and insurance activities",
            said="""crypto, cryptocurrency, crypto exchange, bitcoin, blockchain, web3, payments, payment
            processor, payment gateway, stockbroker, brokerage, stock exchange, trading platform, asset management,
            wealth management, financial advisor, financial adviser, insurance broker, insurance agency, insurance
            agent, mortgage broker, currency exchange, foreign exchange, remittances, fund management,
            robo-advisor, crowdfunding""",
            about="compliance, KYC, AML, custody, fees, liquidity",
        ),
        told(
            "Actividades auxiliares de las actividades de servicios financieros y de seguros",
            said="""cripto, criptomonedas, criptoactivos, casa de bolsa, corredora de bolsa, bolsa de valores,
            pagos, pasarela de pagos, procesador de pagos, gestión de activos, gestión de patrimonios, asesor
            financiero, asesoría financiera, corredor de seguros, correduría de seguros, agente de seguros, casa de
            cambio, divisas, remesas, gestora de fondos, financiación colectiva""",
            about="cumplimiento, prevención de lavado, custodia, comisiones, liquidez",
        ),
        metrics="trading_volume assets_managed spread acquisition_cost retention",
    ),
    division(
        "68",
        "real_estate",
        told(
            "Real estate activities",
            said="""real estate, realtor, real estate agency, estate agent, real estate agent, property management,
            property manager, property rental, landlord, coworking, coworking space, apartments for rent, proptech,
            office rental, housing rental, shopping centre owner, realty, letting agency""",
            about="listings, leases, yields, tenants, valuations",
        ),
        told(
            "Actividades inmobiliarias",
            said="""inmobiliaria, bienes raíces, agencia inmobiliaria, agente inmobiliario, corredor de
            propiedades, propiedades, administración de fincas, administración de propiedades, alquiler de
            viviendas, alquiler de oficinas, arrendador, espacio de trabajo compartido, inmuebles, finca raíz""",
            about="anuncios, arrendamientos, rentabilidad, inquilinos, tasaciones",
        ),
        metrics="vacancy_rate days_on_market lease_renewal bookings revenue_growth",
    ),
    division(
        "69",
        "legal_and_accounting",
        told(
            "Legal and accounting activities",
            said="""law firm, lawyer, attorney, solicitor, legal services, legal, notary, legaltech, accounting,
            accountant, accounting firm, bookkeeping, bookkeeper, auditing, auditor, audit firm, tax advisor, tax
            consulting, tax preparation, payroll accounting, CPA, patent attorney, paralegal, mediation""",
            about="matters, deadlines, billable hours, confidentiality, tax calendar",
        ),
        told(
            "Actividades jurídicas y de contabilidad",
            said="""despacho de abogados, bufete, bufete de abogados, abogado, servicios jurídicos, servicios
            legales, asesoría jurídica, asesoría legal, notaría, contabilidad, contador, despacho contable,
            contable, asesoría contable, auditoría, auditor contable, asesoría fiscal, impuestos, gestoría,
            teneduría de libros, procurador""",
            about="asuntos, plazos, horas facturables, confidencialidad, calendario fiscal",
        ),
        metrics="billable_hours matter_margin collection_rate retention days_receivable",
    ),
    division(
        "70",
        "management_consulting",
        told(
            "Activities of head offices; management consultancy activities",
            said="""consulting, consultancy, consultant, consulting firm, management consulting, strategy
            consulting, business advisory, business coach, head office, corporate headquarters, public relations,
            PR agency, communications consulting, HR consulting, startup accelerator, executive coaching,
            sustainability consulting""",
            about="engagements, proposals, frameworks, stakeholder alignment, change management",
        ),
        told(
            "Actividades de oficinas principales; actividades de consultoría de gestión",
            said="""consultoría, consultora, consultoría empresarial, consultoría de negocios, asesoría
            empresarial, consultoría estratégica, casa matriz, sede corporativa, relaciones públicas, consultoría
            de recursos humanos, aceleradora, mentoría empresarial, coaching ejecutivo, gestión empresarial""",
            about="proyectos, propuestas, marcos de trabajo, gestión del cambio",
        ),
        metrics="utilization billable_hours project_margin bid_win_rate nps",
    ),
    division(
        "71",
        "architecture_and_engineering",
        told(
            "Architectural and engineering activities; technical testing and analysis",
            said="""architecture, architect, architecture firm, engineering, engineering firm, engineering
            consulting, structural engineering, surveying, surveyor, technical testing, testing laboratory, product
            certification, inspection services, landscape architecture, geotechnical, BIM, urban planning,
            environmental testing""",
            about="design stages, building codes, drawings, site supervision, accreditation",
        ),
        told(
            "Actividades de arquitectura e ingeniería; ensayos y análisis técnicos",
            said="""arquitectura, arquitecto, estudio de arquitectura, ingeniería, ingenieros, empresa de
            ingeniería, consultoría de ingeniería, cálculo estructural, topografía, topógrafo, laboratorio de
            ensayos, ensayos técnicos, certificación de productos, inspección técnica, arquitectura del paisaje,
            urbanismo, geotecnia""",
            about="etapas de diseño, normativa, planos, supervisión de obra, acreditación",
        ),
        metrics="billable_hours projects_on_time bid_win_rate project_margin rework",
    ),
    division(
        "72",
        "scientific_research",
        told(
            "Scientific research and development",
            said="""research, research and development, R&D, research institute, research lab, biotechnology,
            biotech, biotech research, life sciences, nanotechnology, clinical research, scientific laboratory,
            deep tech, think tank, social science research""",
            about="grants, experiments, peer review, intellectual property, pilots",
        ),
        told(
            "Investigación científica y desarrollo",
            said="""investigación, investigación y desarrollo, I+D, instituto de investigación, laboratorio de
            investigación, biotecnología, biotecnológica, ciencias de la vida, nanotecnología, investigación
            clínica, investigación científica, laboratorio científico, centro de investigación""",
            about="subvenciones, experimentos, revisión por pares, propiedad intelectual, pilotos",
        ),
        metrics="patent_count publications citations funding_share time_to_market",
    ),
    division(
        "73",
        "advertising_and_market_research",
        told(
            "Advertising and market research",
            said="""advertising, ad agency, advertising agency, marketing, marketing agency, digital marketing,
            digital agency, social media agency, social media marketing, social media management, SEO, SEM, content
            marketing, influencer marketing, market research, surveys, polling, branding, branding agency, media
            buying, billboards, outdoor advertising, adtech, performance marketing, growth agency, community
            manager, creative agency""",
            about="campaigns, briefs, channels, attribution, creative",
        ),
        told(
            "Publicidad y estudios de mercado",
            said="""publicidad, agencia de publicidad, mercadotecnia, mercadeo, agencia de marketing, marketing
            digital, agencia digital, redes sociales, gestión de redes sociales, posicionamiento web, marketing de
            contenidos, estudios de mercado, investigación de mercados, encuestas, marca y branding, agencia
            creativa, anuncios, vallas publicitarias, publicidad exterior, agencia de medios""",
            about="campañas, briefs, canales, atribución, creatividad",
        ),
        metrics="campaign_return leads retention utilization survey_response",
    ),
    division(
        "74",
        "other_professional_services",
        told(
            "Other professional, scientific and technical activities",
            said="""design, design studio, graphic design, graphic designer, interior design, interior designer,
            industrial design, product design, fashion design, photography, photographer, photo studio, wedding
            photographer, translation, translator, interpreter, translation agency, weather forecasting, appraisal,
            agronomic consulting, illustration studio""",
            about="portfolio, briefs, revisions, usage rights, freelancers",
        ),
        told(
            "Otras actividades profesionales, científicas y técnicas",
            said="""diseño, estudio de diseño, diseño gráfico, diseñador gráfico, diseño de interiores,
            interiorismo, diseño industrial, diseño de producto, diseño de moda, fotografía, fotógrafo, estudio
            fotográfico, traducción, traductor, intérprete, meteorología, peritaje, tasador""",
            about="portafolio, encargos, revisiones, derechos de uso, autónomos",
        ),
        metrics="turnaround_time project_margin repeat_customers utilization",
    ),
    division(
        "75",
        "veterinary",
        told(
            "Veterinary activities",
            said="""veterinary, veterinary clinic, vet, veterinarian, animal hospital, animal clinic, pet clinic,
            pet health""",
            about="appointments, vaccinations, pet owners, emergency care",
        ),
        told(
            "Actividades veterinarias",
            said="""veterinaria, clínica veterinaria, hospital veterinario, hospital de animales, salud animal,
            médico veterinario""",
            about="citas, vacunas, dueños de mascotas, urgencias",
        ),
        metrics="value_per_visit no_show_rate repeat_customers wait_time",
    ),
    division(
        "77",
        "rental_and_leasing",
        told(
            "Rental and leasing activities",
            said="""car rental, car hire, rent a car, equipment rental, machinery rental, tool hire, leasing,
            leasing company, bike rental, scooter rental, scooter sharing, boat rental, costume rental, party
            rental, franchising, patent licensing, van hire""",
            about="fleet, deposits, damage, utilisation, maintenance",
        ),
        told(
            "Actividades de alquiler y arrendamiento",
            said="""alquiler de autos, alquiler de coches, renta de autos, alquiler de vehículos, alquiler de
            maquinaria, renta de equipos, alquiler de equipos, alquiler de herramientas, arrendadora, alquiler de
            bicicletas, alquiler de disfraces, alquiler de mobiliario, franquicias, renting""",
            about="flota, depósitos, daños, ocupación, mantenimiento",
        ),
        metrics="utilization_fleet overdue_maintenance revenue_growth retention",
    ),
    division(
        "78",
        "employment_services",
        told(
            "Employment activities",
            said="""recruitment, recruiting, recruitment agency, recruiter, staffing, staffing agency, temp agency,
            temporary work, headhunter, headhunting, executive search, human resources, HR services, HR, job board,
            talent agency, talent acquisition, outsourced staff, PEO, casting agency""",
            about="vacancies, candidates, pipelines, placements, labour law",
        ),
        told(
            "Actividades de empleo",
            said="""reclutamiento, selección de personal, agencia de empleo, bolsa de trabajo, empleo temporal,
            empresa de trabajo temporal, cazatalentos, recursos humanos, reclutadora, colocación de personal,
            talento humano, tercerización de personal""",
            about="vacantes, candidatos, procesos de selección, contrataciones, derecho laboral",
        ),
        metrics="time_to_fill placements offer_acceptance gross_margin employee_turnover",
    ),
    division(
        "79",
        "travel_agencies",
        told(
            "Travel agency, tour operator, reservation service and related activities",
            said="""travel agency, travel agent, tour operator, tourism, travel, tours, tour guide, guided tours,
            booking platform, ticket agency, traveltech, excursions, holidays, adventure travel, travel company""",
            about="itineraries, bookings, suppliers, seasonality, cancellations",
        ),
        told(
            """Actividades de agencias de viajes, operadores turísticos, servicios de reservas y actividades
            conexas""",
            said="""agencia de viajes, viajes, turismo, turística, operador turístico, operadora de turismo, tour,
            guía turístico, excursiones, plataforma de reservas, venta de boletos, turismo de aventura, paquetes
            turísticos""",
            about="itinerarios, reservas, proveedores, temporadas, cancelaciones",
        ),
        metrics="bookings conversion_rate repeat_customers nps gross_margin",
    ),
    division(
        "80",
        "security_and_investigation",
        told(
            "Security and investigation activities",
            said="""security company, security guards, security services, private security, alarm systems,
            surveillance, video surveillance, private detective, detective agency, private investigator,
            bodyguards, cash transport, armored trucks""",
            about="shifts, incident reports, licences, monitoring centres",
        ),
        told(
            "Actividades de seguridad e investigación",
            said="""empresa de seguridad, seguridad privada, vigilancia, vigilantes, guardias, guardias de
            seguridad, alarmas, videovigilancia, detective privado, agencia de detectives, escoltas, transporte de
            valores, custodia armada""",
            about="turnos, partes de incidentes, licencias, centrales de monitoreo",
        ),
        metrics="response_time incidents employee_turnover service_level",
    ),
    division(
        "81",
        "building_and_landscape_services",
        told(
            "Services to buildings and landscape activities",
            said="""cleaning, cleaning company, cleaning service, office cleaning, janitorial, facility management,
            facilities, pest control, exterminator, gardening, gardener, landscaping, lawn care, window cleaning,
            pool cleaning, pool maintenance, building maintenance, disinfection""",
            about="contracts, shifts, inspections, supplies, service levels",
        ),
        told(
            "Actividades de servicios a edificios y de paisajismo",
            said="""limpieza, empresa de limpieza, servicio de limpieza, limpieza de oficinas, mantenimiento de
            edificios, gestión de instalaciones, control de plagas, fumigación, jardinería, jardinero, paisajismo,
            limpieza de cristales, mantenimiento de piscinas, conserjería, desinfección""",
            about="contratos, turnos, inspecciones, insumos, niveles de servicio",
        ),
        metrics="service_level employee_turnover retention productivity",
    ),
    division(
        "82",
        "office_support",
        told(
            "Office administrative, office support and other business support activities",
            said="""call center, call centre, contact center, customer support outsourcing, BPO, business process
            outsourcing, outsourcing, virtual assistant, virtual office, back office, events, event planning, event
            planner, event organizer, conference organizer, trade shows, wedding planner, wedding planning, debt
            collection, collection agency, packaging services, document services, administrative services,
            secretarial, data entry""",
            about="service levels, scripts, quality monitoring, staffing peaks",
        ),
        told(
            "Actividades administrativas y de apoyo de oficina y otras actividades de apoyo a las empresas",
            said="""centro de llamadas, centro de contacto, atención al cliente, tercerización, subcontratación de
            procesos, asistente virtual, oficina virtual, eventos, organización de eventos, organizador de eventos,
            congresos, ferias comerciales, organizador de bodas, bodas, cobranza, agencia de cobros, servicios de
            empaquetado, servicios administrativos, secretariado, telemercadeo""",
            about="niveles de servicio, guiones, control de calidad, picos de demanda",
        ),
        metrics="aht call_resolution service_level csat absence_rate",
    ),
    division(
        "84",
        "public_administration",
        told(
            "Public administration and defence; compulsory social security",
            said="""government, government agency, public sector, city council, city hall, municipality, ministry,
            town hall, army, military, defence, police, fire department, firefighters, courts, embassy, social
            security, govtech, local government, state agency""",
            about="budget, transparency, citizen services, procurement, policy",
        ),
        told(
            "Administración pública y defensa; planes de seguridad social de afiliación obligatoria",
            said="""gobierno, administración pública, sector público, ayuntamiento, alcaldía, municipio,
            municipalidad, ministerio, ejército, militar, defensa nacional, policía, bomberos, tribunales, juzgado,
            embajada, seguridad social, organismo público, gobierno local""",
            about="presupuesto, transparencia, servicios ciudadanos, contratación pública, políticas",
        ),
        metrics="satisfaction_citizens response_time budget_execution wait_time",
    ),
    division(
        "85",
        "education",
        told(
            "Education",
            said="""school, university, college, academy, training, training center, online courses, online
            education, e-learning, elearning, tutoring, tutor, kindergarten, preschool, language school, driving
            school, dance school, music school, coding bootcamp, bootcamp, teacher, teaching, classes, courses,
            corporate training, sports coaching school, cooking school, yoga teacher training, test preparation,
            vocational training, high school, swimming lessons""",
            about="curriculum, enrolment, learning outcomes, accreditation, student support",
        ),
        told(
            "Enseñanza",
            said="""educación, escuela, colegio, universidad, academia, instituto, formación, capacitación, cursos,
            cursos en línea, cursos online, educación en línea, clases, clases particulares, tutorías, profesor,
            maestros, jardín de infantes, jardín de niños, preescolar, escuela de idiomas, academia de idiomas,
            clases de inglés, autoescuela, escuela de manejo, escuela de danza, escuela de música, formación
            profesional, preparatoria, bachillerato, educativa""",
            about="plan de estudios, matrícula, resultados de aprendizaje, acreditación, apoyo al estudiante",
        ),
        metrics="completion_rate dropout_rate learning_gain graduate_jobs nps",
    ),
    division(
        "86",
        "human_health",
        told(
            "Human health activities",
            said="""health, healthcare, health care, hospital, clinic, medical clinic, medical practice, doctor,
            physician, dentist, dental, dental clinic, dental practice, orthodontist, psychologist, psychology
            practice, therapist, mental health, psychotherapy, physiotherapy, physiotherapist, physical therapy,
            chiropractor, nurse, nursing service, medical laboratory, diagnostics, telemedicine, telehealth,
            nutritionist, dietitian, optometrist, ambulance, midwife, pediatrician, dermatologist, fertility
            clinic, speech therapy, aesthetic medicine, acupuncture""",
            about="appointments, patient records, clinical quality, privacy, insurers",
        ),
        told(
            "Actividades de atención de la salud humana",
            said="""salud, sanidad, clínica, clínica médica, consultorio, consultorio médico, médico, doctora,
            dentista, odontología, odontólogo, clínica dental, consultorio dental, ortodoncia, psicólogo,
            psicología, terapeuta, salud mental, psicoterapia, fisioterapia, fisioterapeuta, quiropráctico,
            enfermería, enfermera, laboratorio clínico, análisis clínicos, diagnóstico médico, telemedicina,
            nutricionista, nutriólogo, ambulancias, partera, pediatra, dermatología, clínica de fertilidad,
            medicina estética, clínica estética, centro médico, sanatorio, acupuntura médica""",
            about="citas, historia clínica, calidad clínica, privacidad, aseguradoras",
        ),
        metrics="patient_satisfaction wait_time no_show_rate readmissions bed_occupancy",
    ),
    division(
        "87",
        "residential_care",
        told(
            "Residential care activities",
            said="""nursing home, care home, elderly care home, retirement home, assisted living, residential care,
            rehab center, addiction treatment centre, group home, orphanage, hospice, senior living""",
            about="care plans, staffing ratios, families, inspections",
        ),
        told(
            "Actividades de atención en instituciones",
            said="""residencia de ancianos, asilo, asilo de ancianos, residencia de mayores, geriátrico, hogar de
            ancianos, centro de rehabilitación, centro de adicciones, orfanato, hogar de acogida, residencia
            asistida""",
            about="planes de cuidado, personal por residente, familias, inspecciones",
        ),
        metrics="bed_occupancy plan_compliance inspection_findings employee_turnover",
    ),
    division(
        "88",
        "social_work",
        told(
            "Social work activities without accommodation",
            said="""social work, social services, social worker, childcare, daycare, day care, child care, home
            care, in-home elderly care, caregiver, disability services, refugee aid, food bank, humanitarian aid,
            shelter services, community care, crèche, babysitting agency""",
            about="cases, vulnerable people, volunteers, funders, outcomes",
        ),
        told(
            "Actividades de asistencia social sin alojamiento",
            said="""asistencia social, trabajo social, trabajador social, servicios sociales, guardería, cuidado de
            niños, cuidado de ancianos, cuidado de mayores, cuidadores, ayuda a domicilio, atención a la
            discapacidad, ayuda humanitaria, banco de alimentos, ayuda a refugiados, estancia infantil""",
            about="casos, personas vulnerables, voluntariado, financiadores, resultados",
        ),
        metrics="cost_per_beneficiary wait_time plan_compliance volunteer_hours",
    ),
    division(
        "90",
        "creative_arts",
        told(
            "Creative, arts and entertainment activities",
            said="""artist, arts, theatre, theater, theatre company, music band, band, musician, orchestra, dance
            company, concerts, concert promoter, live music, comedy, circus, sculptor, painter artist, writer,
            author, freelance journalist, DJ, entertainment, performing arts, art studio, content creator,
            influencer, youtuber""",
            about="bookings, performances, royalties, grants, audience",
        ),
        told(
            "Actividades creativas, artísticas y de entretenimiento",
            said="""artista, arte, artes escénicas, teatro, compañía de teatro, banda de música, banda musical,
            músico, orquesta, compañía de danza, conciertos, espectáculos, música en vivo, circo, escultor, pintor
            artístico, escritor, periodista independiente, entretenimiento, creador de contenido, influencers,
            comediante, mariachi""",
            about="contrataciones, funciones, regalías, subvenciones, público",
        ),
        metrics="ticket_sales audience bookings revenue_growth",
    ),
    division(
        "91",
        "museums_and_libraries",
        told(
            "Libraries, archives, museums and other cultural activities",
            said="""museum, library, archive, art museum, zoo, botanical garden, aquarium, nature reserve, heritage
            site, historic site, cultural center""",
            about="collections, exhibitions, conservation, visitors, education programmes",
        ),
        told(
            "Actividades de bibliotecas, archivos y museos y otras actividades culturales",
            said="""museo, biblioteca, archivo histórico, zoológico, jardín botánico, acuario, reserva natural,
            patrimonio cultural, sitio histórico, centro cultural""",
            about="colecciones, exposiciones, conservación, visitantes, programas educativos",
        ),
        metrics="visitors ticket_sales members donations",
    ),
    division(
        "92",
        "gambling_and_betting",
        told(
            "Gambling and betting activities",
            said="""gambling, betting, casino, online casino, sports betting, lottery, bookmaker, poker, bingo,
            igaming, slot machines""",
            about="licensing, responsible gaming, odds, fraud checks",
        ),
        told(
            "Actividades de juegos de azar y apuestas",
            said="""apuestas, apuestas deportivas, casa de apuestas, juegos de azar, casino en línea, lotería,
            quiniela, póquer, tragamonedas, salón de juego""",
            about="licencias, juego responsable, cuotas, control de fraude",
        ),
        metrics="gaming_revenue active_users acquisition_cost retention",
    ),
    division(
        "93",
        "sports_and_recreation",
        told(
            "Sports activities and amusement and recreation activities",
            said="""gym, fitness, fitness center, fitness studio, crossfit, yoga, yoga studio, pilates, pilates
            studio, personal trainer, personal training, sports, sports club, football club, soccer club, tennis
            club, golf club, martial arts, dojo, swimming pool, amusement park, theme park, ski resort, bowling,
            escape room, nightclub, disco, arcade, climbing gym, stadium, esports, recreation, marina, sports
            academy, padel""",
            about="memberships, class schedules, trainers, equipment, peak hours",
        ),
        told(
            "Actividades deportivas, de esparcimiento y recreativas",
            said="""gimnasio, centro deportivo, estudio de yoga, estudio de pilates, entrenador personal,
            entrenamiento personal, deporte, club deportivo, club de fútbol, equipo de fútbol, club de tenis, club
            de golf, artes marciales, piscina, parque de diversiones, parque de atracciones, parque temático,
            estación de esquí, boliche, sala de escape, discoteca, antro, estadio, deportes electrónicos,
            recreación, ocio, pádel, cancha de fútbol""",
            about="membresías, horarios de clases, entrenadores, equipamiento, horas punta",
        ),
        metrics="members member_retention value_per_visit capacity_use churn",
    ),
    division(
        "94",
        "membership_organizations",
        told(
            "Activities of membership organizations",
            said="""nonprofit, non-profit, not-for-profit, NGO, charity, association, foundation, trade union,
            union, chamber of commerce, professional association, church, religious organization, political party,
            advocacy group, trade association, environmental organization, youth club, volunteering, alumni
            association""",
            about="members, donors, advocacy, governance, volunteers",
        ),
        told(
            "Actividades de asociaciones",
            said="""ONG, organización no gubernamental, sin fines de lucro, sin ánimo de lucro, asociación,
            asociación civil, fundación, sindicato, cámara de comercio, gremio, colegio profesional, iglesia,
            organización religiosa, parroquia, partido político, beneficencia, caridad, voluntariado, asociación de
            vecinos""",
            about="socios, donantes, incidencia, gobernanza, voluntarios",
        ),
        metrics="members member_retention donations volunteer_hours",
    ),
    division(
        "95",
        "goods_repair",
        told(
            "Repair of computers and personal and household goods",
            said="""phone repair, computer repair, laptop repair, cell phone repair, appliance repair, electronics
            repair, shoe repair, cobbler, watch repair, bicycle repair, bike repair, furniture restoration,
            upholstery repair, clothing alterations, repair shop, TV repair, jewellery repair""",
            about="spare parts, diagnostics, turnaround, warranty",
        ),
        told(
            "Reparación de ordenadores y efectos personales y enseres domésticos",
            said="""reparación de celulares, reparación de móviles, reparación de computadoras, reparación de
            ordenadores, reparación de electrodomésticos, servicio técnico, taller de reparación, reparación de
            calzado, zapatero, relojero, taller de bicicletas, restauración de muebles, tapicero, tapicería,
            arreglos de ropa, reparación de electrónica""",
            about="repuestos, diagnóstico, plazo de entrega, garantía",
        ),
        metrics="first_fix turnaround_time repeat_customers gross_margin",
    ),
    division(
        "96",
        "personal_services",
        told(
            "Other personal service activities",
            said="""hairdresser, hair salon, hairdressing, barber, barber shop, barbershop, beauty salon, beauty,
            nail salon, nails, spa, massage, wellness, laundry, laundromat, dry cleaning, dry cleaner, tattoo
            studio, tattoo, funeral home, funeral services, dating agency, dating service, astrology, pet grooming,
            dog walker, dog walking, pet sitting, pet boarding, sauna, tanning salon, makeup artist, waxing""",
            about="appointments, loyalty, stylists, tips, hygiene",
        ),
        told(
            "Otras actividades de servicios personales",
            said="""peluquería, peluquero, estilista, barbería, barbero, salón de belleza, belleza, estética,
            centro de estética, uñas, manicura, masajes, bienestar, lavandería, tintorería, estudio de tatuajes,
            tatuajes, funeraria, servicios funerarios, agencia matrimonial, astrología, peluquería canina, paseador
            de perros, guardería canina, depilación, maquillaje""",
            about="citas, fidelización, estilistas, propinas, higiene",
        ),
        metrics="no_show_rate repeat_customers value_per_visit utilization csat",
    ),
    division(
        "97",
        "household_employers",
        told(
            "Activities of households as employers of domestic personnel",
            said="""household staff, domestic workers, nanny, housekeeper, maid, butler, private cook, household
            employer, domestic help""",
            about="employment contracts, working hours, trust, home safety",
        ),
        told(
            "Actividades de los hogares como empleadores de personal doméstico",
            said="""empleada doméstica, personal doméstico, trabajadoras del hogar, servicio doméstico, niñera, ama
            de llaves, mayordomo, cocinera particular""",
            about="contratos laborales, horarios, confianza, seguridad en el hogar",
        ),
        metrics="employee_turnover absence_rate csat",
    ),
    division(
        "98",
        "household_own_use",
        told(
            "Undifferentiated goods- and services-producing activities of private households for own use",
            said="""subsistence farming, self-sufficiency, own consumption, homesteading, household production,
            subsistence""",
            about="own use, self-sufficiency, household economy",
        ),
        told(
            "Actividades no diferenciadas de los hogares como productores de bienes y servicios para uso propio",
            said="""autoconsumo, subsistencia, agricultura de subsistencia, autosuficiencia, producción para uso
            propio, economía doméstica""",
            about="uso propio, autosuficiencia, economía del hogar",
        ),
        metrics="harvest_volume cost_per_unit spoilage",
    ),
    division(
        "99",
        "extraterritorial_organizations",
        told(
            "Activities of extraterritorial organizations and bodies",
            said="""international organization, intergovernmental organization, united nations, UN agency, world
            bank, IMF, european union body, diplomatic mission, multilateral organization""",
            about="member states, mandates, programmes, multilateral funding",
        ),
        told(
            "Actividades de organizaciones y órganos extraterritoriales",
            said="""organismo internacional, organización internacional, organismo multilateral, naciones unidas,
            ONU, banco mundial, unión europea, misión diplomática, FMI""",
            about="estados miembros, mandatos, programas, financiación multilateral",
        ),
        metrics="budget_execution projects_on_time cost_per_beneficiary",
    ),
)

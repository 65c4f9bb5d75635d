"""Divisions 01 to 43: what is grown, dug, made and built."""

from onboarding.industries.entries import division, told

MAKING = (
    division(
        "01",
        "crop_and_animal_production",
        told(
            "Crop and animal production, hunting and related service activities",
            said="""agriculture, farm, farming, farmer, agribusiness, agritech, agtech, agronomy, crops, livestock,
            cattle ranch, ranch, dairy farm, poultry farm, pig farm, beekeeping, orchard, vineyard, greenhouse,
            plant nursery, vegetable growing, fruit growing, coffee growing, horticulture, hunting""",
            about="irrigation, soil health, seasonality, animal welfare, commodity prices",
        ),
        told(
            "Agricultura, ganadería, caza y actividades de servicios conexas",
            said="""agrícola, ganadería, ganadera, agro, campo, agropecuaria, agricultor, granja, finca, hacienda,
            rancho, cultivos, ganado, vacas, avicultura, apicultura, porcicultura, viñedo, invernadero, vivero,
            huerta, hortalizas, frutales, cafetal, cosecha, siembra, agroindustria, agronomía, agrotecnología""",
            about="riego, salud del suelo, estacionalidad, bienestar animal, precios agrícolas",
        ),
        metrics="crop_yield feed_conversion animal_mortality cost_per_tonne water_per_unit",
    ),
    division(
        "02",
        "forestry_and_logging",
        told(
            "Forestry and logging",
            said="""forest management, timber harvesting, tree plantation, reforestation, lumberjack, silviculture,
            woodland""",
            about="certified wood, replanting, biodiversity, fire prevention",
        ),
        told(
            "Silvicultura y extracción de madera",
            said="forestal, bosques, tala, plantación forestal, reforestación, explotación forestal, leña",
            about="madera certificada, reforestación, biodiversidad, prevención de incendios",
        ),
        metrics="harvest_volume reseeding cost_per_tonne accident_rate",
    ),
    division(
        "03",
        "fishing_and_aquaculture",
        told(
            "Fishing and aquaculture",
            said="""fishery, fishing company, fish farm, shrimp farm, salmon farm, seafood harvesting, oyster farm,
            fisherman""",
            about="catch quotas, cold chain, water quality, sustainable stocks",
        ),
        told(
            "Pesca y acuicultura",
            said="""pesquera, pescador, piscicultura, criadero de peces, camaronera, granja de camarón, salmonera,
            marisqueo, ostras""",
            about="cuotas de captura, cadena de frío, calidad del agua, pesca sostenible",
        ),
        metrics="catch_per_trip feed_conversion animal_mortality spoilage",
    ),
    division(
        "05",
        "coal_mining",
        told(
            "Mining of coal and lignite",
            said="coal, coal mine, coal mining, lignite, colliery, thermal coal",
            about="mine safety, energy transition, rail logistics, land restoration",
        ),
        told(
            "Extracción de carbón de piedra y lignito",
            said="carbón, mina de carbón, minería de carbón, carbonífera, hulla, lignito",
            about="seguridad minera, transición energética, logística ferroviaria, restauración de terrenos",
        ),
        metrics="production_volume cost_per_tonne accident_rate downtime",
    ),
    division(
        "06",
        "oil_and_gas_extraction",
        told(
            "Extraction of crude petroleum and natural gas",
            said="""oil and gas, oil company, oil extraction, petroleum, crude oil, natural gas, offshore platform,
            oil field, shale gas, upstream""",
            about="reserves, wells, upstream operations, price of crude, emissions",
        ),
        told(
            "Extracción de petróleo crudo y gas natural",
            said="""petróleo, petrolera, extracción de petróleo, hidrocarburos, gas natural, pozos petroleros,
            plataforma petrolera, yacimiento petrolífero""",
            about="reservas, pozos, producción, precio del crudo, emisiones",
        ),
        metrics="well_output replacement_ratio cost_per_unit accident_rate emissions",
    ),
    division(
        "07",
        "metal_ore_mining",
        told(
            "Mining of metal ores",
            said="""metal mining, gold mine, gold mining, copper mine, copper mining, iron ore, silver mine,
            lithium mining, nickel, mining company, ore""",
            about="exploration, concessions, tailings, community relations",
        ),
        told(
            "Extracción de minerales metalíferos",
            said="""minería, minera, mina de oro, oro, mina de cobre, cobre, mineral de hierro, mina de plata,
            plata, litio, níquel""",
            about="exploración, concesiones, relaves, relación con las comunidades",
        ),
        metrics="grade recovery_rate cost_per_tonne accident_rate",
    ),
    division(
        "08",
        "other_mining_and_quarrying",
        told(
            "Other mining and quarrying",
            said="""quarry, gravel, sand extraction, limestone, marble quarry, salt mine, stone quarry, aggregates,
            phosphate, gemstones""",
            about="aggregates, blasting permits, dust control, transport to site",
        ),
        told(
            "Explotación de otras minas y canteras",
            said="""cantera, grava, arena, piedra caliza, mármol, salinas, áridos, fosfatos, piedras preciosas,
            esmeraldas""",
            about="áridos, permisos de voladura, control de polvo, transporte a obra",
        ),
        metrics="production_volume cost_per_tonne downtime accident_rate",
    ),
    division(
        "09",
        "mining_support",
        told(
            "Mining support service activities",
            said="""drilling services, oilfield services, oil well services, mining services, exploration drilling,
            mineral exploration, well drilling for oil""",
            about="drilling contracts, rigs, field crews, safety procedures",
        ),
        told(
            "Actividades de servicios de apoyo para la explotación de minas y canteras",
            said="""servicios mineros, servicios petroleros, perforación de pozos petroleros, sondajes, exploración
            minera, apoyo a la minería""",
            about="contratos de perforación, equipos, cuadrillas, procedimientos de seguridad",
        ),
        metrics="utilization_fleet downtime accident_rate projects_on_time",
    ),
    division(
        "10",
        "food_manufacturing",
        told(
            "Manufacture of food products",
            said="""food production, food manufacturing, food industry, bakery, bread, pastry, cakes, biscuits,
            cookies, confectionery, chocolate, candy, meat processing, sausages, slaughterhouse, dairy, cheese,
            yogurt, ice cream maker, flour mill, pasta maker, snacks, frozen food, canned food, sauces, olive oil,
            sugar mill, coffee roasting, coffee roaster, pet food, baby food, plant-based food""",
            about="food safety, HACCP, shelf life, allergens, recipes, private label",
        ),
        told(
            "Elaboración de productos alimenticios",
            said="""alimentos, industria alimentaria, fábrica de alimentos, panadería, pan, pastelería, repostería,
            galletas, confitería, chocolate artesanal, dulces, tortillería, tortillas, procesamiento de carne,
            embutidos, frigorífico, matadero, lácteos, quesos, quesería, yogur, fábrica de helados, molino de
            harina, conservas, congelados, salsas, aceite de oliva, ingenio azucarero, tostadora de café, tostado
            de café, alimento para mascotas""",
            about="inocuidad, HACCP, vida útil, alérgenos, recetas, marca blanca",
        ),
        metrics="oee yield_rate spoilage quality_complaints fill_rate",
    ),
    division(
        "11",
        "beverage_manufacturing",
        told(
            "Manufacture of beverages",
            said="""drinks, beverage company, brewery, craft beer, beer, winery, wine, wine making, distillery,
            spirits, whisky, gin, soft drinks, soda, juice maker, bottled water, mineral water, kombucha, cider,
            tequila, rum""",
            about="fermentation, bottling, excise duty, distribution, brand",
        ),
        told(
            "Elaboración de bebidas",
            said="""bebidas, cervecería, cerveza artesanal, cerveza, bodega de vinos, vino, destilería, licores,
            refrescos, gaseosas, jugos, zumos, agua embotellada, agua mineral, sidra, mezcal, ron, pisco""",
            about="fermentación, embotellado, impuestos especiales, distribución, marca",
        ),
        metrics="oee production_volume water_per_unit inventory_turnover gross_margin",
    ),
    division(
        "12",
        "tobacco_manufacturing",
        told(
            "Manufacture of tobacco products",
            said="tobacco, cigarettes, cigars, cigar maker, tobacco company",
            about="excise duty, plain packaging, leaf supply, regulation",
        ),
        told(
            "Elaboración de productos de tabaco",
            said="tabaco, tabacalera, cigarrillos, cigarros, puros",
            about="impuestos especiales, empaquetado, suministro de hoja, regulación",
        ),
        metrics="production_volume oee scrap_rate cost_per_unit",
    ),
    division(
        "13",
        "textile_manufacturing",
        told(
            "Manufacture of textiles",
            said="""textiles, textile mill, fabrics, weaving, spinning, yarn, carpets, rugs, curtains, towels, bed
            linen, dyeing, rope""",
            about="fibres, looms, dyeing, traceability, minimum orders",
        ),
        told(
            "Fabricación de productos textiles",
            said="""textil, telas, tejidos, hilatura, hilados, alfombras, cortinas, toallas, ropa de cama,
            tintorería industrial, cuerdas""",
            about="fibras, telares, teñido, trazabilidad, pedidos mínimos",
        ),
        metrics="oee defect_rate water_per_unit on_time_delivery",
    ),
    division(
        "14",
        "apparel_manufacturing",
        told(
            "Manufacture of wearing apparel",
            said="""clothing, clothes, apparel, garments, fashion, fashion brand, clothing brand, sportswear,
            underwear, lingerie, uniforms, tailor, dressmaker, knitwear, jeans, t-shirts, swimwear""",
            about="collections, sizing, sourcing, seasons, sell-through",
        ),
        told(
            "Fabricación de prendas de vestir",
            said="""ropa, prendas, confección, moda, marca de ropa, marca de moda, ropa deportiva, lencería,
            uniformes, sastrería, sastre, modista, costura, camisetas, vaqueros, trajes de baño, maquila textil""",
            about="colecciones, tallas, proveedores, temporadas, venta de temporada",
        ),
        metrics="seasonal_sell_through retail_returns lead_time defect_rate gross_margin",
    ),
    division(
        "15",
        "leather_manufacturing",
        told(
            "Manufacture of leather and related products",
            said="""leather, leather goods, shoes, shoe factory, footwear, handbags, luggage, saddlery, tannery,
            wallets, belts, shoemaker""",
            about="tanning, hides, design, sizing, craft",
        ),
        told(
            "Fabricación de productos de cuero y productos conexos",
            said="""cuero, marroquinería, zapatos, fábrica de zapatos, calzado, bolsos, carteras, maletas,
            curtiduría, curtiembre, talabartería, cinturones""",
            about="curtido, pieles, diseño, tallas, artesanía",
        ),
        metrics="defect_rate seasonal_sell_through lead_time scrap_rate",
    ),
    division(
        "16",
        "wood_products_manufacturing",
        told(
            """Manufacture of wood and of products of wood and cork, except furniture; manufacture of articles of
            straw and plaiting materials""",
            said="""sawmill, timber, lumber, wood products, plywood, wood panels, wooden pallets, parquet, joinery
            workshop, cork, wooden doors, wooden crates""",
            about="certified wood, drying, cutting yield, panels",
        ),
        told(
            """Producción de madera y fabricación de productos de madera y corcho, excepto muebles; fabricación de
            artículos de paja y de materiales trenzables""",
            said="""madera, maderera, aserradero, tableros, contrachapado, palés de madera, tarimas, parqué,
            corcho, puertas de madera, cestería""",
            about="madera certificada, secado, aprovechamiento del corte, tableros",
        ),
        metrics="yield_rate scrap_rate oee accident_rate",
    ),
    division(
        "17",
        "paper_manufacturing",
        told(
            "Manufacture of paper and paper products",
            said="""paper, paper mill, pulp, cardboard, cardboard boxes, packaging boxes, tissue, toilet paper,
            paper bags, cartons, labels of paper, envelopes""",
            about="pulp prices, recycled fibre, packaging design, energy use",
        ),
        told(
            "Fabricación de papel y de productos de papel",
            said="""papel, papelera, celulosa, cartón, cajas de cartón, empaques de cartón, papel higiénico, bolsas
            de papel, pañales, sobres""",
            about="precio de la celulosa, fibra reciclada, diseño de envases, consumo de energía",
        ),
        metrics="oee energy_per_unit water_per_unit scrap_rate",
    ),
    division(
        "18",
        "printing",
        told(
            "Printing and reproduction of recorded media",
            said="""print shop, printing company, printer of books, offset printing, digital printing, screen
            printing, bookbinding, business cards, flyers, graphic arts workshop, label printing""",
            about="prepress, print runs, colour proofing, finishing",
        ),
        told(
            "Impresión y reproducción de grabaciones",
            said="""imprenta, impresión digital, impresión offset, serigrafía, artes gráficas, encuadernación,
            tarjetas de visita, folletos, rotulación impresa, impresión de libros""",
            about="preimpresión, tirajes, pruebas de color, acabados",
        ),
        metrics="turnaround_time rework oee on_time_delivery",
    ),
    division(
        "19",
        "coke_and_petroleum_refining",
        told(
            "Manufacture of coke and refined petroleum products",
            said="""oil refinery, refinery, petroleum refining, fuels, gasoline, diesel, lubricants, coke, asphalt
            maker""",
            about="refining margin, throughput, turnarounds, emissions",
        ),
        told(
            "Fabricación de coque y productos de la refinación del petróleo",
            said="refinería, refinación de petróleo, combustibles, gasolina, diésel, lubricantes, coque, asfalto",
            about="margen de refino, capacidad, paradas programadas, emisiones",
        ),
        metrics="capacity_use downtime energy_per_unit emissions accident_rate",
    ),
    division(
        "20",
        "chemical_manufacturing",
        told(
            "Manufacture of chemicals and chemical products",
            said="""chemicals, chemical company, petrochemicals, paint, coatings, fertilizer, pesticides,
            cosmetics, cosmetics maker, skincare brand, soap, detergents, cleaning products, perfume, adhesives,
            resins, inks, explosives, biofuel, essential oils""",
            about="formulation, hazardous materials, registration, batch control",
        ),
        told(
            "Fabricación de sustancias y productos químicos",
            said="""química, productos químicos, petroquímica, pinturas, recubrimientos, fertilizantes,
            plaguicidas, cosmética, marca de cosméticos, jabones, detergentes, productos de limpieza, perfumes,
            adhesivos, resinas, tintas, explosivos, biocombustible, aceites esenciales""",
            about="formulación, materiales peligrosos, registro, control de lotes",
        ),
        metrics="yield_rate rejection_rate energy_per_unit emissions accident_rate",
    ),
    division(
        "21",
        "pharmaceutical_manufacturing",
        told(
            "Manufacture of pharmaceuticals, medicinal chemical and botanical products",
            said="""pharma, pharmaceuticals, pharmaceutical company, drug manufacturer, medicines, vaccines,
            biotech drugs, generics, nutraceuticals, medicinal cannabis, pharmaceutical laboratory""",
            about="GMP, clinical trials, regulatory approval, pharmacovigilance, patents",
        ),
        told(
            """Fabricación de productos farmacéuticos, sustancias químicas medicinales y productos botánicos de uso
            farmacéutico""",
            said="""farmacéutica, laboratorio farmacéutico, medicamentos, fármacos, vacunas, genéricos,
            nutracéuticos, biofármacos, cannabis medicinal""",
            about="""buenas prácticas de manufactura, ensayos clínicos, registro sanitario, farmacovigilancia,
            patentes""",
        ),
        metrics="rejection_rate time_to_market first_pass_yield on_time_delivery patent_count",
    ),
    division(
        "22",
        "rubber_and_plastics_manufacturing",
        told(
            "Manufacture of rubber and plastics products",
            said="""plastics, plastic products, plastic packaging, injection moulding, injection molding, rubber,
            tyres manufacturer, tires manufacturer, plastic bottles, plastic bags, pipes of plastic, extrusion""",
            about="resin prices, moulds, recycled content, tooling",
        ),
        told(
            "Fabricación de productos de caucho y de plástico",
            said="""plástico, envases plásticos, inyección de plástico, caucho, hule, fábrica de neumáticos,
            fábrica de llantas, botellas de plástico, bolsas plásticas, tuberías de plástico""",
            about="precio de la resina, moldes, contenido reciclado, utillaje",
        ),
        metrics="oee scrap_rate parts_per_million energy_per_unit",
    ),
    division(
        "23",
        "non_metallic_minerals_manufacturing",
        told(
            "Manufacture of other non-metallic mineral products",
            said="""glass, glassmaker, cement, concrete, ceramics, pottery, tiles, bricks, porcelain, stone
            cutting, plaster, ready-mix concrete, sanitary ware""",
            about="kilns, furnaces, energy costs, building cycle",
        ),
        told(
            "Fabricación de otros productos minerales no metálicos",
            said="""vidrio, cristalería, cemento, cementera, hormigón, concreto, cerámica, alfarería, azulejos,
            baldosas, ladrillos, ladrillera, porcelana, marmolería, yeso""",
            about="hornos, costos de energía, ciclo de la construcción, resistencia",
        ),
        metrics="energy_per_unit yield_rate emissions oee",
    ),
    division(
        "24",
        "basic_metals_manufacturing",
        told(
            "Manufacture of basic metals",
            said="""steel, steel mill, steelworks, iron and steel, aluminium, aluminum, foundry, casting of metals,
            smelter, metallurgy, copper smelting""",
            about="scrap prices, furnaces, alloys, energy, hedging",
        ),
        told(
            "Fabricación de metales comunes",
            said="""acero, siderurgia, siderúrgica, acería, aluminio, fundición, metalurgia, metalúrgica, hierro y
            acero, laminación""",
            about="precio de la chatarra, hornos, aleaciones, energía, coberturas",
        ),
        metrics="energy_per_unit yield_rate emissions downtime accident_rate",
    ),
    division(
        "25",
        "fabricated_metal_manufacturing",
        told(
            "Manufacture of fabricated metal products, except machinery and equipment",
            said="""metalworking, metal workshop, metal structures, machining, CNC machining, welding, welder,
            blacksmith, sheet metal, boilers, tanks, tools maker, cutlery, locks, hardware maker, weapons, metal
            packaging, forging, surface treatment""",
            about="tolerances, welding certification, job shop scheduling, tooling",
        ),
        told(
            "Fabricación de productos elaborados de metal, excepto maquinaria y equipo",
            said="""metalmecánica, taller metálico, estructuras metálicas, mecanizado, mecanizado CNC, tornería,
            soldadura, herrería, calderería, tanques, herramientas, cuchillería, cerraduras, armas, envases
            metálicos, carpintería metálica""",
            about="tolerancias, certificación de soldadura, programación de taller, utillaje",
        ),
        metrics="on_time_delivery scrap_rate rework oee accident_rate",
    ),
    division(
        "26",
        "electronics_manufacturing",
        told(
            "Manufacture of computer, electronic and optical products",
            said="""electronics, electronics manufacturer, hardware, hardware startup, semiconductors, chips,
            microchips, circuit boards, computers manufacturer, IoT devices, internet of things, sensors, drones
            electronics, phones manufacturer, medical electronics, cameras, watches, optical instruments,
            wearables, measuring instruments""",
            about="bill of materials, firmware, component shortages, certification, contract manufacturing",
        ),
        told(
            "Fabricación de productos de informática, de electrónica y de óptica",
            said="""electrónica, fabricante de electrónica, hardware electrónico, semiconductores, circuitos,
            placas electrónicas, fabricante de computadoras, dispositivos IoT, internet de las cosas, sensores,
            cámaras, relojes, instrumentos ópticos, instrumentos de medición, electromedicina""",
            about="lista de materiales, firmware, escasez de componentes, certificación, manufactura por contrato",
        ),
        metrics="first_pass_yield parts_per_million time_to_market inventory_turnover warranty_cost",
    ),
    division(
        "27",
        "electrical_equipment_manufacturing",
        told(
            "Manufacture of electrical equipment",
            said="""electrical equipment, batteries, transformers, cables and wires, lighting manufacturer, LED
            lighting, lamps, home appliances manufacturer, domestic appliances, electric motors, switchgear, EV
            chargers""",
            about="electrical safety standards, copper prices, energy efficiency labels",
        ),
        told(
            "Fabricación de equipo eléctrico",
            said="""material eléctrico, baterías, transformadores, cables eléctricos, iluminación, luminarias,
            lámparas, fabricante de electrodomésticos, electrodomésticos, motores eléctricos, tableros eléctricos,
            cargadores eléctricos""",
            about="normas de seguridad eléctrica, precio del cobre, eficiencia energética",
        ),
        metrics="parts_per_million warranty_cost oee on_time_delivery",
    ),
    division(
        "28",
        "machinery_manufacturing",
        told(
            "Manufacture of machinery and equipment n.e.c.",
            said="""machinery, industrial machinery, machine tools, machine builder, robotics, industrial robots,
            robots, pumps, compressors, tractors, agricultural machinery, lifts manufacturer, elevators, packaging
            machines, turbines, 3D printers, industrial automation""",
            about="engineering to order, spare parts, commissioning, after-sales service",
        ),
        told(
            "Fabricación de maquinaria y equipo n.c.p.",
            said="""maquinaria, maquinaria industrial, máquinas herramienta, robótica, robots industriales, bombas,
            compresores, tractores, maquinaria agrícola, ascensores, elevadores, turbinas, impresoras 3D,
            automatización industrial""",
            about="ingeniería a medida, repuestos, puesta en marcha, servicio posventa",
        ),
        metrics="backlog lead_time service_revenue warranty_cost on_time_delivery",
    ),
    division(
        "29",
        "motor_vehicle_manufacturing",
        told(
            "Manufacture of motor vehicles, trailers and semi-trailers",
            said="""car manufacturer, automotive, automotive industry, carmaker, auto parts, auto parts
            manufacturer, electric vehicles, electric cars, trucks manufacturer, buses manufacturer, vehicle
            bodies, trailers""",
            about="just in time, platforms, recalls, electrification, suppliers",
        ),
        told(
            "Fabricación de vehículos automotores, remolques y semirremolques",
            said="""automotriz, industria automotriz, automoción, fabricante de autos, autopartes, fábrica de
            coches, vehículos eléctricos, autos eléctricos, carrocerías, remolques, fabricante de camiones""",
            about="justo a tiempo, plataformas, retiradas de producto, electrificación, proveedores",
        ),
        metrics="parts_per_million oee inventory_turnover warranty_cost on_time_delivery",
    ),
    division(
        "30",
        "other_transport_equipment_manufacturing",
        told(
            "Manufacture of other transport equipment",
            said="""aerospace, aircraft manufacturer, aviation manufacturing, space company, satellites
            manufacturer, rockets, shipbuilding, shipyard, boat builder, trains manufacturer, railway rolling
            stock, bicycles manufacturer, e-bikes, electric bikes, motorcycles manufacturer, scooters, wheelchairs,
            drones, drone maker""",
            about="certification, long programmes, order backlog, supply chain",
        ),
        told(
            "Fabricación de otro equipo de transporte",
            said="""aeroespacial, fabricante de aviones, industria aeronáutica, industria espacial, cohetes,
            construcción naval, astillero, fabricante de barcos, fabricante de trenes, material ferroviario,
            fábrica de bicicletas, bicicletas eléctricas, fabricante de motocicletas, patinetes, sillas de ruedas,
            fabricante de drones""",
            about="certificación, programas largos, cartera de pedidos, cadena de suministro",
        ),
        metrics="backlog projects_on_time defect_rate cost_overrun",
    ),
    division(
        "31",
        "furniture_manufacturing",
        told(
            "Manufacture of furniture",
            said="""furniture, wooden furniture, furniture maker, cabinet maker, sofas, mattresses, kitchens,
            office furniture, custom furniture, chairs and tables, woodworking, upholstery maker, carpenter""",
            about="design, upholstery, lead times, flat pack, materials",
        ),
        told(
            "Fabricación de muebles",
            said="""muebles, muebles de madera, mueblería, fábrica de muebles, ebanistería, ebanista, sofás,
            colchones, cocinas a medida, muebles de oficina, muebles a medida, carpintería, carpintero""",
            about="diseño, tapicería, plazos de entrega, materiales",
        ),
        metrics="lead_time defect_rate inventory_turnover retail_returns",
    ),
    division(
        "32",
        "other_manufacturing",
        told(
            "Other manufacturing",
            said="""jewellery, jewelry, jeweller, toys, toy maker, board games maker, musical instruments, sports
            equipment maker, medical devices, medical equipment manufacturer, dental laboratory, prosthetics,
            eyewear maker, brooms and brushes, candles, pens, handmade crafts, handicrafts""",
            about="design, craft, certification, small batches",
        ),
        told(
            "Otras industrias manufactureras",
            said="""joyería, joyas, bisutería, juguetes, fábrica de juguetes, instrumentos musicales, artículos
            deportivos, dispositivos médicos, equipo médico, laboratorio dental, prótesis, fabricante de gafas,
            escobas, velas, artesanías, artesano""",
            about="diseño, artesanía, certificación, lotes pequeños",
        ),
        metrics="first_pass_yield defect_rate inventory_turnover gross_margin",
    ),
    division(
        "33",
        "machinery_repair_and_installation",
        told(
            "Repair and installation of machinery and equipment",
            said="""industrial maintenance, machinery repair, equipment repair, equipment installation, machine
            maintenance, aircraft maintenance, ship repair, industrial installation, MRO""",
            about="preventive maintenance, spare parts, service contracts, field technicians",
        ),
        told(
            "Reparación e instalación de maquinaria y equipo",
            said="""mantenimiento industrial, reparación de maquinaria, reparación de equipos industriales,
            instalación de maquinaria, montaje industrial, mantenimiento de aeronaves, reparación de barcos""",
            about="mantenimiento preventivo, repuestos, contratos de servicio, técnicos de campo",
        ),
        metrics="first_fix response_time overdue_maintenance utilization service_revenue",
    ),
    division(
        "35",
        "electricity_and_gas_supply",
        told(
            "Electricity, gas, steam and air conditioning supply",
            said="""energy, energy company, electricity, power, power plant, utility, renewable energy, renewables,
            solar energy, solar power, solar farm, wind power, wind farm, hydropower, gas supply, power grid,
            district heating, green hydrogen, energy retailer, cleantech""",
            about="grid, generation mix, tariffs, demand response, regulation",
        ),
        told(
            "Suministro de electricidad, gas, vapor y aire acondicionado",
            said="""energía, empresa de energía, electricidad, eléctrica, luz, central eléctrica, servicios
            públicos, energías renovables, energía solar, parque solar, energía eólica, parque eólico,
            hidroeléctrica, suministro de gas, red eléctrica, hidrógeno verde, comercializadora de energía""",
            about="red, generación, tarifas, gestión de la demanda, regulación",
        ),
        metrics="power_cost outage_minutes capacity_use emissions churn",
    ),
    division(
        "36",
        "water_supply",
        told(
            "Water collection, treatment and supply",
            said="""water utility, drinking water, water company, water treatment, desalination, waterworks,
            irrigation water supply, tap water""",
            about="leakage, pressure, water quality, metering",
        ),
        told(
            "Captación, tratamiento y distribución de agua",
            said="""agua potable, empresa de agua, acueducto, tratamiento de agua, desalinización, potabilizadora,
            distribución de agua""",
            about="fugas, presión, calidad del agua, medición",
        ),
        metrics="non_revenue_water treatment_quality outage_minutes energy_per_unit",
    ),
    division(
        "37",
        "sewerage",
        told(
            "Sewerage",
            said="sewage, sewer, wastewater, wastewater treatment, septic tanks, drain cleaning, drainage",
            about="discharge permits, sludge, pumping stations, stormwater",
        ),
        told(
            "Evacuación de aguas residuales",
            said="""alcantarillado, aguas residuales, depuradora, tratamiento de aguas residuales, fosas sépticas,
            desatascos, saneamiento""",
            about="permisos de vertido, lodos, estaciones de bombeo, aguas pluviales",
        ),
        metrics="treatment_quality energy_per_unit response_time overdue_maintenance",
    ),
    division(
        "38",
        "waste_and_recycling",
        told(
            "Waste collection, treatment and disposal activities; materials recovery",
            said="""waste, waste management, recycling, recycler, garbage collection, trash, rubbish removal,
            landfill, scrap yard, scrap metal, composting, hazardous waste, circular economy, e-waste""",
            about="collection routes, sorting, landfill diversion, circular economy",
        ),
        told(
            "Recogida, tratamiento y eliminación de desechos; recuperación de materiales",
            said="""residuos, gestión de residuos, reciclaje, recicladora, recolección de basura, basura,
            vertedero, relleno sanitario, chatarra, chatarrería, compostaje, residuos peligrosos, economía
            circular""",
            about="rutas de recolección, separación, desvío de vertedero, economía circular",
        ),
        metrics="recycling_rate contamination_rate cost_per_tonne fuel_use tonnes_moved",
    ),
    division(
        "39",
        "remediation",
        told(
            "Remediation activities and other waste management services",
            said="""environmental remediation, soil remediation, decontamination, asbestos removal, oil spill
            cleanup, site cleanup, contaminated land""",
            about="contaminated sites, permits, sampling, monitoring",
        ),
        told(
            "Actividades de descontaminación y otros servicios de gestión de desechos",
            said="""remediación ambiental, descontaminación, remediación de suelos, retiro de asbesto, retirada de
            amianto, limpieza de derrames, suelos contaminados""",
            about="sitios contaminados, permisos, muestreo, monitoreo",
        ),
        metrics="clean_sites cost_overrun accident_rate treatment_quality",
    ),
    division(
        "41",
        "building_construction",
        told(
            "Construction of buildings",
            said="""construction, construction company, builder, building contractor, general contractor, house
            building, home builder, property developer, real estate developer, building company, housing
            construction, prefabricated houses, residential construction, houses, homes""",
            about="permits, schedules, subcontractors, site safety, materials",
        ),
        told(
            "Construcción de edificios",
            said="""construcción, constructora, empresa constructora, contratista de obra, obra, edificación,
            construcción de casas, construcción de viviendas, promotora inmobiliaria, desarrolladora inmobiliaria,
            casas prefabricadas, casas""",
            about="licencias, cronogramas, subcontratistas, seguridad en obra, materiales",
        ),
        metrics="projects_on_time cost_overrun project_margin accident_rate rework",
    ),
    division(
        "42",
        "civil_engineering",
        told(
            "Civil engineering",
            said="""civil works, infrastructure, road construction, highways, bridges, railways construction,
            tunnels, dams, public works, pipelines construction, port construction""",
            about="public tenders, earthworks, milestones, heavy equipment",
        ),
        told(
            "Obras de ingeniería civil",
            said="""ingeniería civil, obra civil, infraestructura, construcción de carreteras, carreteras, puentes,
            vías férreas, túneles, represas, obras públicas, pavimentación""",
            about="licitaciones, movimiento de tierras, hitos, maquinaria pesada",
        ),
        metrics="projects_on_time cost_overrun bid_win_rate accident_rate",
    ),
    division(
        "43",
        "specialized_construction",
        told(
            "Specialized construction activities",
            said="""electrician, electrical contractor, plumber, plumbing, HVAC, heating installation, air
            conditioning installation, roofing, roofer, painter, house painting, renovation, home renovation,
            remodeling, flooring, tiling, insulation, demolition, scaffolding, solar installer, solar panel
            installation, drywall, kitchen fitting, handyman, excavation""",
            about="quotes, site visits, certified installers, call-outs",
        ),
        told(
            "Actividades especializadas de construcción",
            said="""electricista, instalaciones eléctricas, fontanero, fontanería, plomero, plomería,
            climatización, calefacción, techador, impermeabilización, pintor, pintura de casas, reformas,
            remodelación, albañil, albañilería, pisos, aislamiento, demolición, andamios, instalación de paneles
            solares, tablaroca, excavaciones""",
            about="presupuestos, visitas a obra, instaladores certificados, urgencias",
        ),
        metrics="projects_on_time project_margin rework response_time days_receivable",
    ),
)

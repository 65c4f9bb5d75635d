"""How people speak of what `fitness` asks, in English and Spanish."""

from onboarding.answers import Said, Shares


def _ways(text: str) -> tuple[str, ...]:
    return tuple(way.strip() for way in text.split(","))


_BETWEEN_BOTH = ("not a beginner, but not advanced", "no soy principiante, pero tampoco avanzado")

FITNESS_LEVEL = Said(
    ask={
        "en": "What would you call your fitness level: beginner, intermediate or advanced?",
        "es": "¿Cuál es tu nivel: principiante, intermedio o avanzado?",
    },
    label={"en": "Fitness level", "es": "Nivel de forma física"},
    confirm={"en": "Your fitness level is {}.", "es": "Tu nivel es {}."},
    words={
        "beginner": _ways(
            "newbie, novice, noob, starter, starting out, just starting, just started, new to this, new to "
            "training, new to the gym, never trained, never exercised, never worked out, out of shape, unfit, "
            "couch potato, not fit, not very fit, not fit at all, first time, no experience, i dont train, i "
            "dont exercise, i dont work out, rookie, begin, starting from scratch, from zero, complete "
            "beginner, rusty, getting back into it, principiante, novato, novata, empiezo, empezando, acabo "
            "de empezar, nunca he entrenado, nunca he hecho ejercicio, fuera de forma, sin experiencia, desde "
            "cero, primera vez, no hago deporte, no hago ejercicio, no entreno, no estoy en forma, "
            "sedentario, sedentaria, inicial, basico, basica, estoy comenzando, comenzando, nuevo en esto, "
            "nueva en esto, poca experiencia, zero experience, little experience, not much experience, dont "
            "do much sport, new, dont train much, nuevo, nueva, no hago mucho deporte, no hago mucho "
            "ejercicio, apenas hago deporte, entreno poco"
        ),
        "intermediate": _ways(
            "middle, medium, in between, in the middle, average, moderate, moderately fit, some experience, "
            "fairly fit, reasonably fit, decent shape, ok shape, mid level, mid, so so, a bit of experience, "
            "somewhere in the middle, train sometimes, intermedio, intermedia, medio, media, nivel medio, "
            "regular, mas o menos en forma, algo de experiencia, normal, moderado, moderada, ni principiante "
            "ni avanzado, ni principiante ni avanzada, ni novato ni experto, neither a beginner nor advanced, "
            "neither beginner nor advanced, entreno a veces, cierta experiencia"
        )
        + _BETWEEN_BOTH,
        "advanced": _ways(
            "expert, athlete, pro, professional, very fit, super fit, really fit, experienced, very "
            "experienced, elite, competitive, years of training, years of experience, trained for years, "
            "training for years, lifting for years, great shape, avanzado, avanzada, experto, experta, "
            "atleta, profesional, muy en forma, experimentado, experimentada, mucha experiencia, anos "
            "entrenando, entreno desde hace anos, entrenando anos, alto rendimiento, nivel alto, muchos anos, "
            "anos de experiencia"
        ),
    },
    spoken={
        "es": {"beginner": "principiante", "intermediate": "intermedio", "advanced": "avanzado"},
    },
)

GOALS = Said(
    ask={
        "en": "What do you want: fat loss, muscle gain, general fitness? Up to three, most important first.",
        "es": (
            "¿Qué buscas: perder grasa, ganar músculo, forma física general? Hasta tres, lo "
            "más importante primero."
        ),
    },
    label={"en": "Goals", "es": "Objetivos"},
    confirm={"en": "You want, in this order: {}.", "es": "Quieres, por este orden: {}."},
)
GOAL = Said(
    label={"en": "Goal", "es": "Objetivo"},
    words={
        "fat_loss": _ways(
            "lose fat, lose, perder, bajar la barriga, belly, lose weight, losing weight, losing fat, weight "
            "loss, fat loss, drop fat, drop weight, burn fat, burning fat, slim, slim down, get lean, lean out, "
            "lose some weight, lose some fat, lose a few kilos, lose a few pounds, lose kilos, lose pounds, "
            "lose a bit of weight, lose a little weight, lose belly fat, shed, shed fat, shed weight, cut, "
            "cutting, get rid of fat, get thinner, thinner, leaner, get slimmer, slimmer, reduce fat, reduce "
            "weight, reduce body fat, drop some weight, trim, lose the belly, lose my belly, lose body fat, "
            "lose my gut, shred, perder grasa, perder peso, bajar de peso, bajar peso, bajar grasa, adelgazar, "
            "quemar grasa, definir, definicion, perdida de grasa, perdida de peso, perder kilos, bajar kilos, "
            "bajar unos kilos, perder unos kilos, reducir grasa, eliminar grasa, perder barriga, quitar "
            "barriga, perder algo de peso, perder algo de grasa, perder un poco de peso, estar mas delgado, "
            "estar mas delgada, rebajar, bajar la panza, lose the gut, lose gut, bajar la grasa, quitar grasa, "
            "quitar la grasa"
        ),
        "muscle_gain": _ways(
            "gain muscle, get ripped, ripped, build muscle, building muscle, gaining muscle, muscle gain, "
            "muscle, muscle mass, more muscle, put on muscle, add muscle, bulk, bulk up, bulking, get bigger, "
            "get stronger, stronger, strength, get strong, build strength, gain mass, hypertrophy, muscular, "
            "get jacked, gain weight, put on weight, muscle growth, grow muscle, gain some muscle, build some "
            "muscle, get swole, put on some muscle, ganar musculo, ganar masa, ganar masa muscular, aumentar "
            "musculo, aumentar masa muscular, masa muscular, musculo, musculos, musculacion, hipertrofia, "
            "ponerme fuerte, ser mas fuerte, mas fuerte, fuerza, ganar fuerza, ganancia muscular, volumen, "
            "subir de peso, ganar peso, desarrollar musculo, aumento de masa, ponerme mas fuerte, muscularme, "
            "construir musculo, fuerte, subir masa, subir musculo"
        ),
        "general_fitness": _ways(
            "general fitness, get fit, get fitter, fitter, fit, fitness, stay fit, keep fit, be fit, health, "
            "healthy, healthier, stay healthy, get healthy, feel better, stay active, be active, active, more "
            "active, endurance, stamina, cardio, get in shape, in shape, stay in shape, keep in shape, better "
            "shape, wellbeing, well being, wellness, more energy, energy, move more, mobility, flexibility, "
            "general health, overall fitness, overall health, conditioning, tone, tone up, toned, forma "
            "fisica, forma fisica general, forma general, ponerme en forma, estar en forma, mantenerme en "
            "forma, mejorar mi forma, en forma, salud, estar sano, estar sana, mas sano, mas sana, sentirme "
            "mejor, resistencia, energia, mas energia, moverme mas, mantenerme activo, mantenerme activa, "
            "activo, activa, bienestar, condicion fisica, acondicionamiento, movilidad, flexibilidad, "
            "tonificar, tonificarme, vida sana, salud general, mejorar mi salud, fondo"
        ),
    },
    spoken={
        "en": {"fat_loss": "fat loss", "muscle_gain": "muscle gain", "general_fitness": "general fitness"},
        "es": {
            "fat_loss": "perder grasa",
            "muscle_gain": "ganar músculo",
            "general_fitness": "forma física general",
        },
    },
)

EQUIPMENT = Said(
    ask={"en": "Which equipment do you have?", "es": "¿Qué equipo tienes?"},
    label={"en": "Equipment", "es": "Equipo"},
    confirm={"en": "Your equipment: {}.", "es": "Tu equipo: {}."},
    cues=_ways("gear, equipment available, kit, equipamiento, material, aparatos, equipos, machines"),
    names=_ways(
        "dumbbell, barbell, kettlebell, pull-up bar, pullup bar, chin-up bar, bench, weight bench, squat "
        "rack, rack, power rack, resistance band, band, bands, treadmill, rower, rowing machine, exercise "
        "bike, stationary bike, bike, bicycle, elliptical, cross trainer, jump rope, skipping rope, yoga "
        "mat, mat, medicine ball, swiss ball, gym ball, exercise ball, trx, rings, gymnastic rings, dip "
        "bar, dip station, cable machine, smith machine, gym, full gym, home gym, gym membership, "
        "commercial gym, weights, free weights, weight plates, plates, ab wheel, foam roller, sandbag, "
        "pool, swimming pool, leg press, punching bag, step platform, aerobic step, weight vest, parallettes, "
        "spin "
        "bike, stairmaster, bodyweight bar, bar, assault bike, mancuerna, barra, barra de dominadas, barra "
        "olimpica, pesa, pesa rusa, pesas, banco, banco de pesas, banda elastica, bandas elasticas, "
        "banda, goma, gomas, ligas, cinta, cinta de correr, caminadora, bicicleta, bici, bicicleta "
        "estatica, eliptica, remo, maquina de remo, comba, cuerda, cuerda de saltar, esterilla, "
        "colchoneta, balon medicinal, pelota, fitball, anillas, gimnasio, gimnasio completo, maquina, "
        "maquinas, discos, rueda abdominal, piscina, saco de boxeo, kettlebells, polea, poleas, jaula, "
        "membership, fitness center, fitness centre"
    ),
    none=_ways(
        "no equipment, no gear, no kit, without equipment, bodyweight, body weight, bodyweight only, only "
        "bodyweight, just bodyweight, just my body, just my bodyweight, only my bodyweight, only my body, "
        "dont have any equipment, dont have equipment, dont own any equipment, dont own anything, zero "
        "equipment, nothing at home, sin equipo, sin equipamiento, sin material, no tengo equipo, no "
        "tengo material, no tengo equipamiento, ningun equipo, nada de equipo, nada de material, peso "
        "corporal, solo mi cuerpo, solo peso corporal, mi propio peso, con mi propio peso, solo mi peso, "
        "sin aparatos, sin maquinas, no tengo aparatos, no tengo ningun equipo, no tengo nada de equipo"
    ),
)
INJURIES = Said(
    ask={"en": "Are there injuries to respect?", "es": "¿Hay alguna lesión que respetar?"},
    label={"en": "Injuries", "es": "Lesiones"},
    confirm={"en": "Injuries to respect: {}.", "es": "Lesiones que respetar: {}."},
    cues=_ways(
        "injury, i injured my, i hurt my, injured my, hurt my, problem with my, problems with my, trouble "
        "with my, issues with my, pain in my, pain in the, lesion, me duele, me duelen, me lesione, me "
        "hice dano en, problemas de, problemas en, problemas con, molestias en, dolor en, dolor de, "
        "lesion de, lesion en, lesionado de"
    ),
    names=_ways(
        "knee, bad knee, left knee, right knee, bad left knee, bad right knee, shoulder, bad shoulder, "
        "back, bad back, lower back, back pain, lower back pain, wrist, ankle, hip, neck, elbow, "
        "hamstring, groin, achilles, shin splints, rotator cuff, torn acl, torn meniscus, meniscus, acl, "
        "hernia, herniated disc, slipped disc, sciatica, tendonitis, tendinitis, arthritis, tennis elbow, "
        "sprained ankle, broken, fracture, fractured, sprain, sprained, pain, sore, torn, bad, surgery, "
        "spine, scoliosis, plantar fasciitis, carpal tunnel, asthma, knee pain, shoulder pain, knee "
        "injury, shoulder injury, back injury, ankle injury, wrist injury, hip injury, neck pain, knee "
        "problems, back problems, shoulder problems, knee surgery, rodilla, rodilla mala, hombro, "
        "espalda, espalda baja, zona lumbar, lumbar, lumbalgia, muneca, tobillo, cadera, cuello, codo, "
        "isquiotibial, ingle, menisco, ligamento, hernia discal, ciatica, artritis, esguince, fractura, "
        "dolor, rota, roto, operado, operada, columna, escoliosis, fascitis plantar, cervical, "
        "cervicales, tendon"
    ),
    none=_ways(
        "injury free, pain free, no pain, nothing hurts, never injured, not injured, perfectly healthy, "
        "healthy body, im healthy, no aches, no health problems, no problems, sin dolor, nada me duele, "
        "no me duele nada, no estoy lesionado, no estoy lesionada, estoy sano, estoy sana, ninguna "
        "molestia, sin molestias, sin problemas de salud, sin dolores, healthy, no issues"
    ),
)
LIMITATIONS = Said(
    ask={
        "en": "Is there anything else that limits your training, like time or noise?",
        "es": "¿Hay algo más que limite tu entrenamiento, como el tiempo o el ruido?",
    },
    label={"en": "Limitations", "es": "Limitaciones"},
    confirm={"en": "Limits to keep: {}.", "es": "Límites que cumplir: {}."},
    cues=_ways("limit, restriction, constraint, limites, restricciones, limitation, limitacion"),
    names=_ways(
        "no more than, at most, max, maximum, up to, not more than, less than, only have, minutes a "
        "session, minutes per session, minutes a day, minutes, min, hour, hours, time, short on time, "
        "busy, mornings only, only mornings, evenings only, weekends only, only weekends, only at "
        "weekends, small space, small apartment, small flat, little space, no space, noise, no noise, "
        "quiet, neighbours, neighbors, no jumping, no running, no impact, low impact, cant jump, cant "
        "run, cant squat, cant do, no squats, no burpees, no deadlifts, no overhead, no heavy, jumping, "
        "running, apartment, times a week, days a week, budget, travel, travelling, kids, pregnant, "
        "shift, shifts, only at home, no gym, no cardio, no lunges, no push-ups, no pull-ups, night "
        "shifts, no mas de, como mucho, maximo, como maximo, hasta, menos de, minutos, minutos por "
        "sesion, minutos al dia, hora, horas, tiempo, poco tiempo, sin tiempo, solo fines de semana, solo "
        "por la manana, solo por la tarde, solo por las mananas, solo por las tardes, poco espacio, "
        "espacio pequeno, piso pequeno, ruido, sin ruido, vecinos, sin saltos, sin saltar, sin correr, "
        "sin impacto, bajo impacto, no puedo saltar, no puedo correr, no puedo hacer, nada de saltos, "
        "veces por semana, dias por semana, dias a la semana, viajo, viajes, turnos, embarazada, "
        "presupuesto, no puedo, can only, solo puedo, avoid, evitar, evito"
    ),
    none=_ways(
        "no limits, no time limit, no restrictions, plenty of time, nothing limits me, without limits, no "
        "constraints, nothing else limits, sin limites, sin limite, sin restricciones, mucho tiempo, nada "
        "me limita, no hay limites"
    ),
)
TARGET_WEIGHT = Said(
    label={"en": "Target weight (kg)", "es": "Peso objetivo (kg)"},
    confirm={"en": "Your target weight is {} kg.", "es": "Tu peso objetivo es {} kg."},
    cues=_ways(
        "aim for, aiming for, aim at, target weight, goal weight, ideal weight, desired weight, want to weigh, "
        "like to weigh, get to, get "
        "down to, reach, down to, up to, target, goal, peso objetivo, peso ideal, peso deseado, quiero pesar, "
        "pesar, llegar "
        "a, bajar a, bajar hasta, subir a, subir hasta, objetivo, meta"
    ),
    others=_ways(
        "i weigh, i currently weigh, i now weigh, current weight, currently, right now, my weight, i am, im, "
        "from, "
        "lose, gain, peso, peso actual, ahora peso, actualmente peso, mi peso, estoy en, perder, ganar, bajar, "
        "subir"
    ),
)
BODY_FAT = Said(
    label={"en": "Target body fat (%)", "es": "Grasa corporal objetivo (%)"},
    confirm={"en": "Your target body fat is {} %.", "es": "Tu objetivo de grasa corporal es {} %."},
    cues=_ways(
        "body fat, bodyfat, body fat percentage, fat percentage, bf, target body fat, fat, grasa "
        "corporal, grasa, porcentaje de grasa, indice de grasa"
    ),
)

DIET_TYPE = Said(
    ask={
        "en": "How do you eat: omnivore, vegetarian, vegan, pescatarian, keto or paleo?",
        "es": "¿Cómo comes: omnívoro, vegetariano, vegano, pescetariano, keto o paleo?",
    },
    label={"en": "Diet", "es": "Dieta"},
    confirm={"en": "Your diet: {}.", "es": "Tu dieta: {}."},
    words={
        "omnivore": _ways(
            "omnivorous, omni, eat everything, everything, eat anything, anything, normal, normal diet, "
            "regular, regular diet, balanced diet, i eat meat, eat meat, eat meat and fish, meat and fish, "
            "meat eater, no special diet, no diet, no particular diet, standard, no dietary restrictions, no "
            "food restrictions, all kinds of food, whatever, a bit of everything, all foods, no special, "
            "omnivoro, omnivora, como de todo, de todo, como todo, todo, dieta normal, normalmente, sin "
            "dieta, ninguna dieta, ninguna dieta especial, como carne, carne y pescado, como carne y pescado, "
            "sin restricciones alimentarias, cualquier cosa, un poco de todo, variada, dieta variada"
        ),
        "vegetarian": _ways(
            "veggie, vegetarian diet, dont eat meat, no meat, without meat, meat free, meatless, lacto- "
            "vegetarian, ovo-lacto, ovo lacto vegetarian, lacto ovo vegetarian, never eat meat, do not eat "
            "meat, dont eat meat or fish, no meat or fish, dont eat animals, vegetariano, vegetariana, no "
            "como carne, sin carne, ovolactovegetariano, ovolactovegetariana, nada de carne, no como carne ni "
            "pescado, ni carne ni pescado"
        ),
        "vegan": _ways(
            "plant based, plant-based, plants only, only plants, no animal products, nothing from animals, no "
            "animal product, vegan diet, dont eat animal products, without animal products, no meat or dairy, "
            "no meat no dairy, vegano, vegana, a base de plantas, sin productos animales, nada de origen "
            "animal, basada en plantas, solo plantas, ningun producto animal, no como productos animales, sin "
            "productos de origen animal"
        ),
        "pescatarian": _ways(
            "pescetarian, pesco-vegetarian, pesco, eat fish, i eat fish, do eat fish, only fish, fish but no "
            "meat, no meat but fish, fish no meat, eat fish but no meat, eat fish but not meat, fish but not "
            "meat, fish and vegetables, no meat except fish, pescetariano, pescetariana, pescatariano, "
            "pescatariana, pesco vegetariano, como pescado, pescado pero no carne, como pescado pero no "
            "carne, no como carne pero si pescado, si pescado, si como pescado, piscivegetariano, pescado si"
        ),
        "keto": _ways(
            "ketogenic, keto diet, low carb, low-carb, very low carb, lchf, no carbs, cetogenica, cetogenico, "
            "dieta cetogenica, ceto, baja en carbohidratos, bajo en carbohidratos, sin carbohidratos, sin "
            "hidratos, pocos carbohidratos"
        ),
        "paleo": _ways(
            "paleolithic, palaeo, caveman, caveman diet, paleo diet, paleolitica, paleolitico, dieta paleo, "
            "paleodieta"
        ),
    },
    spoken={
        "es": {
            "omnivore": "omnívora",
            "vegetarian": "vegetariana",
            "vegan": "vegana",
            "pescatarian": "pescetariana",
            "keto": "keto",
            "paleo": "paleo",
        },
    },
)
ALLERGIES = Said(
    ask={"en": "Do you have allergies?", "es": "¿Tienes alergias?"},
    label={"en": "Allergies", "es": "Alergias"},
    confirm={"en": "Allergies: {}.", "es": "Alergias: {}."},
    cues=_ways(
        "allergic to, allergic, allergy to, allergy, allergen, food allergy, food allergies, anaphylactic "
        "to, alergico a, alergica a, alergico al, alergica al, alergia a, alergia al, alergia, alergico, "
        "alergica, alergias alimentarias, alergenos, severely allergic to, alergia a los, alergia a las, "
        "alergico a los, alergico a las, alergica a los, alergica a las"
    ),
    none=_ways(
        "no dietary restrictions, no food restrictions, no restrictions, sin restricciones, sin "
        "restricciones alimentarias, ninguna restriccion"
    ),
)
INTOLERANCES = Said(
    ask={"en": "Do you have intolerances, like lactose?", "es": "¿Tienes intolerancias, como a la lactosa?"},
    label={"en": "Intolerances", "es": "Intolerancias"},
    confirm={"en": "Intolerances: {}.", "es": "Intolerancias: {}."},
    cues=_ways(
        "intolerant to, intolerant, intolerance to, intolerance, food intolerance, sensitive to, "
        "sensitivity to, sensitivity, cant digest, dont tolerate, cant tolerate, do not tolerate, "
        "intolerante a, intolerante al, intolerante, intolerancia a, intolerancia al, intolerancia, "
        "sensible a, sensible al, no tolero, me sienta mal, me sientan mal, no digiero"
    ),
    names=_ways(
        "celiac, coeliac, celiac disease, coeliac disease, celiaco, celiaca, celiaquia, ibs, fodmap, "
        "fodmaps, gluten free, lactose free, dairy free, sin gluten, sin lactosa"
    ),
    none=_ways(
        "no dietary restrictions, no food restrictions, no restrictions, tolerate everything, sin "
        "restricciones, sin restricciones alimentarias, ninguna restriccion, tolero todo"
    ),
)
DISLIKES = Said(
    ask={"en": "What do you not like to eat?", "es": "¿Qué no te gusta comer?"},
    label={"en": "Dislikes", "es": "Lo que no te gusta"},
    confirm={"en": "You do not like: {}.", "es": "No te gusta: {}."},
    cues=_ways(
        "dont like, do not like, dont really like, dislike, hate, cant stand, not a fan of, not fond of, "
        "dont eat, do not eat, avoid, except, except for, apart from, other than, not keen on, detest, "
        "dont want, without, wont eat, never eat, cant eat, stay away from, but not, but no, but i hate, "
        "anything but, dont enjoy, not into, really dislike, skip the, no food, no me gusta, no me "
        "gustan, no me gusta el, no me gusta la, no me gustan los, no me gustan las, odio, detesto, no "
        "soporto, no como, evito, excepto, menos, salvo, a excepcion de, no quiero, nada de, "
        "disgusto, aborrezco, que no me gustan, no me agrada, no me agradan, disgustos, food dislikes"
    ),
    none=_ways(
        "like everything, i like everything, like all food, not picky, not fussy, no dietary restrictions, no "
        "food restrictions, no restrictions, nothing i dislike, nothing to avoid, dont dislike anything, no "
        "preferences, not a picky eater, me gusta todo, no hay nada que no me guste, nada que no me guste, nada "
        "me disgusta, nada que evitar, sin restricciones, sin restricciones alimentarias, ninguna restriccion, "
        "no hago ascos, me gustan todos"
    ),
)

CALORIES = Said(
    ask={
        "en": "How many calories a day? From 1000 to 5000.",
        "es": "¿Cuántas calorías al día? De 1000 a 5000.",
    },
    label={"en": "Calories a day", "es": "Calorías al día"},
    confirm={"en": "{} kcal a day.", "es": "{} kcal al día."},
    replies={"en": ("1800 kcal", "2200 kcal", "2600 kcal"), "es": ("1800 kcal", "2200 kcal", "2600 kcal")},
    cues=_ways("calorie, daily calories, kcal, energy, caloria, calorias diarias, energia, eat, comer"),
    unit="kcal",
)
PROTEIN = Said(
    ask={
        "en": "Which share of protein, in percent?",
        "es": "¿Qué parte de proteína, en porcentaje?",
    },
    label={"en": "Protein (%)", "es": "Proteína (%)"},
    confirm={"en": "Protein {} %.", "es": "Proteína {} %."},
    cues=_ways("protein, proteins, prot, p, proteina, proteinas"),
)
CARBS = Said(
    ask={
        "en": "Which share of carbs, in percent?",
        "es": "¿Qué parte de carbohidratos, en porcentaje?",
    },
    label={"en": "Carbs (%)", "es": "Carbohidratos (%)"},
    confirm={"en": "Carbs {} %.", "es": "Carbohidratos {} %."},
    cues=_ways(
        "carb, carbs, carbohydrate, carbohydrates, c, hidratos, hidratos de carbono, carbohidrato, "
        "carbohidratos, carbos"
    ),
)
FATS = Said(
    ask={"en": "Which share of fats, in percent?", "es": "¿Qué parte de grasas, en porcentaje?"},
    label={"en": "Fats (%)", "es": "Grasas (%)"},
    confirm={"en": "Fats {} %.", "es": "Grasas {} %."},
    cues=_ways("fat, fats, f, grasa, grasas, lipidos"),
)
MACROS = Shares(
    fields=("protein_percentage", "carbs_percentage", "fats_percentage"),
    total=100,
    error="macros",
    ask={
        "en": "Which shares of protein, carbs and fats, in percent? For example 30/40/30, or just “balanced”.",
        "es": (
            "¿Qué partes de proteína, carbohidratos y grasas, en porcentaje? Por ejemplo "
            "30/40/30, o «equilibrado»."
        ),
    },
    replies={
        "en": ("30/40/30", "40/40/20", "balanced", "25/5/70"),
        "es": ("30/40/30", "40/40/20", "equilibrado", "25/5/70"),
    },
    words={
        "balanced": (30, 40, 30),
        "equilibrado": (30, 40, 30),
        "equilibrada": (30, 40, 30),
        "balanceado": (30, 40, 30),
        "balanceada": (30, 40, 30),
        "zone": (30, 40, 30),
        "high protein": (40, 35, 25),
        "alto en proteinas": (40, 35, 25),
        "alta en proteinas": (40, 35, 25),
        "keto": (25, 5, 70),
        "ketogenic": (25, 5, 70),
        "cetogenica": (25, 5, 70),
        "low carb": (35, 25, 40),
        "bajo en carbohidratos": (35, 25, 40),
        "baja en carbohidratos": (35, 25, 40),
    },
)

MEALS = Said(
    ask={"en": "Which meals do you have, and when?", "es": "¿Qué comidas haces, y a qué hora?"},
    label={"en": "Meals", "es": "Comidas"},
    confirm={"en": "Your meals: {}.", "es": "Tus comidas: {}."},
    replies={
        "en": ("Breakfast at 8, lunch at 1 and dinner at 7:30 pm",),
        "es": ("Desayuno a las 8, comida a las 14:00 y cena a las 21:00",),
    },
    cues=_ways("meal, comidas"),
)
MEAL_NAME = Said(
    ask={"en": "What do you call the meal at {}?", "es": "¿Cómo llamas a la comida de las {}?"},
    label={"en": "Meal", "es": "Comida"},
    words={
        "Breakfast": _ways("breakfast, brekkie, brekky"),
        "Second breakfast": ("second breakfast",),
        "Brunch": ("brunch",),
        "Lunch": _ways("lunch, luncheon"),
        "Snack": _ways("snack"),
        "Morning snack": _ways("morning snack, mid-morning snack, midmorning snack"),
        "Afternoon snack": _ways("afternoon snack, mid-afternoon snack"),
        "Evening snack": _ways("evening snack, bedtime snack, late snack, late night snack, night snack"),
        "Dinner": _ways("dinner, dinnertime"),
        "Supper": ("supper",),
        "Tea": _ways("tea, teatime"),
        "Pre-workout": _ways("pre-workout, pre workout, preworkout"),
        "Post-workout": _ways("post-workout, post workout, postworkout"),
        "Desayuno": _ways("desayuno, desayunar, desayunos"),
        "Almuerzo": _ways("almuerzo, almorzar"),
        "Media mañana": _ways("media manana"),
        "Comida": _ways("comida, comer, como a"),
        "Merienda": _ways("merienda, meriendo, merendar"),
        "Colación": _ways("colacion, tentempie"),
        "Cena": _ways("cena, ceno, cenar"),
    },
)
MEAL_TIME = Said(
    ask={"en": "At what time is your {}?", "es": "¿A qué hora: {}?"},
    label={"en": "Time", "es": "Hora"},
    hours={
        "Breakfast": (4, 12),
        "Second breakfast": (7, 13),
        "Brunch": (9, 15),
        "Lunch": (11, 17),
        "Snack": (9, 21),
        "Morning snack": (7, 13),
        "Afternoon snack": (12, 19),
        "Evening snack": (17, 24),
        "Dinner": (15, 24),
        "Supper": (16, 24),
        "Tea": (14, 22),
        "Desayuno": (4, 12),
        "Almuerzo": (10, 17),
        "Media mañana": (9, 13),
        "Comida": (11, 18),
        "Merienda": (15, 21),
        "Cena": (16, 24),
    },
)
REMINDERS = Said(
    label={"en": "Reminders", "es": "Recordatorios"},
    confirm={"en": "no reminders", "es": "sin recordatorios"},
    cues=_ways(
        "reminder, notification, alert, remind me, notify me, alarm, notify, remind, recordatorio, aviso, "
        "notificacion, notificaciones, avisar, avisarme, avises, me avises, me recuerdes, alarma, "
        "recordarme, recuerdes, alerta"
    ),
)

WORKOUTS = Said(
    ask={
        "en": "On which days, and when, do you want to train?",
        "es": "¿Qué días, y a qué hora, quieres entrenar?",
    },
    label={"en": "Workouts", "es": "Entrenamientos"},
    confirm={"en": "You train: {}.", "es": "Entrenas: {}."},
    replies={
        "en": ("Mon, Wed and Fri at 6 pm", "Tuesdays and Thursdays at 7 am"),
        "es": ("Lunes, miércoles y viernes a las 18:00", "Martes y jueves a las 7 de la mañana"),
    },
    cues=_ways("workout, training, train, entreno, entrenar, entrenamiento"),
)
WORKOUT_DAY = Said(
    ask={"en": "On which days do you train at {}?", "es": "¿Qué días entrenas a las {}?"},
    label={"en": "Day", "es": "Día"},
    words={
        "0": _ways("monday, mon, lunes, lun"),
        "1": _ways("tuesday, tue, tues, martes, mar"),
        "2": _ways("wednesday, wed, weds, wednesdays, miercoles, mie, mier"),
        "3": _ways("thursday, thu, thur, thurs, jueves, jue"),
        "4": _ways("friday, fri, viernes, vie"),
        "5": _ways("saturday, sat, sabado, sab"),
        "6": _ways("sunday, sun, domingo, dom"),
    },
    sets={
        **dict.fromkeys(
            _ways(
                "every day, everyday, daily, each day, all days, all week, every single day, 7 days a week, seven "
                "days a week, all seven days, cada dia, todos los dias, a diario, diario, diariamente, toda la "
                "semana, siete dias a la semana, los siete dias, every morning, every evening, every night, every "
                "afternoon, cada manana, cada tarde, cada noche, todas las mananas, todas las tardes, todas las "
                "noches"
            ),
            ("0", "1", "2", "3", "4", "5", "6"),
        ),
        **dict.fromkeys(
            _ways(
                "weekday, week day, workday, working day, every weekday, entre semana, dias laborables, dias de "
                "semana, dia laborable, dias habiles, l-v, l a v, m-f"
            ),
            ("0", "1", "2", "3", "4"),
        ),
        **dict.fromkeys(
            _ways("weekend, the weekend, every weekend, fin de semana, fines de semana, finde, findes"), ("5", "6")
        ),
        **dict.fromkeys(("mwf", "m w f", "m/w/f"), ("0", "2", "4")),
    },
    spoken={
        "en": {
            "0": "Monday",
            "1": "Tuesday",
            "2": "Wednesday",
            "3": "Thursday",
            "4": "Friday",
            "5": "Saturday",
            "6": "Sunday",
        },
        "es": {
            "0": "lunes",
            "1": "martes",
            "2": "miércoles",
            "3": "jueves",
            "4": "viernes",
            "5": "sábado",
            "6": "domingo",
        },
    },
)
WORKOUT_TIME = Said(
    ask={"en": "At what time do you train on {}?", "es": "¿A qué hora entrenas el {}?"},
    label={"en": "Time", "es": "Hora"},
    shared=True,
)

WATER = Said(
    ask={
        "en": "How much water a day? From 500 ml to 10 litres.",
        "es": "¿Cuánta agua al día? De 500 ml a 10 litros.",
    },
    label={"en": "Water a day (ml)", "es": "Agua al día (ml)"},
    confirm={"en": "{} ml of water a day.", "es": "{} ml de agua al día."},
    replies={"en": ("2 litres", "2.5 litres", "3 litres"), "es": ("2 litros", "2,5 litros", "3 litros")},
    cues=_ways("water, drink, agua, beber, tomar agua"),
)
FREQUENCY = Said(
    ask={
        "en": "How often shall I remind you? Every 15 minutes to every 8 hours.",
        "es": "¿Cada cuánto te lo recuerdo? De cada 15 minutos a cada 8 horas.",
    },
    label={"en": "Minutes between reminders", "es": "Minutos entre recordatorios"},
    confirm={"en": "A reminder every {} minutes.", "es": "Un recordatorio cada {} minutos."},
    replies={
        "en": ("Every hour", "Every 90 minutes", "Every 2 hours"),
        "es": ("Cada hora", "Cada 90 minutos", "Cada 2 horas"),
    },
    cues=_ways(
        "every, remind, remind me every, reminder every, cada, recordatorio cada, recuerdame cada, "
        "recuerdamelo cada"
    ),
)

INTERESTED = Said(
    ask={"en": "Are you interested in supplements?", "es": "¿Te interesan los suplementos?"},
    label={"en": "Interested in supplements", "es": "Interés en suplementos"},
    confirm={"en": "Interested in supplements: {}.", "es": "Interés en suplementos: {}."},
    words={
        "true": _ways(
            "interested, i take, i am taking, im taking, i already take, already take, i currently take, tell "
            "me more, curious, open to it, id like to, would like to, currently taking, i use, on creatine, "
            "me interesan, me interesa, interesado, interesada, tomo, ya tomo, estoy tomando, quiero saber "
            "mas, cuentame mas, me gustaria, uso, actualmente tomo"
        ),
        "false": _ways(
            "not interested, no interest, dont want supplements, dont want any supplements, dont need "
            "supplements, dont need any supplements, no supplements, no need, dont believe in supplements, "
            "dont care for supplements, not into supplements, no me interesan, no me interesa, no quiero "
            "suplementos, no necesito suplementos, sin suplementos, nada de suplementos, sin interes, paso de "
            "suplementos, no creo en los suplementos, no me interesan los suplementos"
        ),
    },
)
SUPPLEMENTS = Said(
    ask={"en": "Which supplements do you take?", "es": "¿Qué suplementos tomas?"},
    label={"en": "Supplements", "es": "Suplementos"},
    confirm={"en": "You take: {}.", "es": "Tomas: {}."},
    cues=_ways(
        "i take, taking, im taking, i am taking, i use, currently take, already take, supplement, tomo, "
        "tomando, estoy tomando, uso, suplemento, take"
    ),
    names=_ways(
        "creatine, creatine monohydrate, whey, whey protein, protein powder, protein shake, casein, bcaa, "
        "bcaas, eaa, omega 3, omega-3, fish oil, vitamin, vitamin a, vitamin b, vitamin b12, vitamin c, "
        "vitamin d, vitamin d3, vitamin e, vitamin k, multivitamin, multivitamins, magnesium, zinc, iron, "
        "calcium, caffeine, pre-workout, beta alanine, collagen, glutamine, ashwagandha, probiotics, "
        "probiotic, electrolytes, turmeric, melatonin, fibre, fiber, psyllium, b12, d3, zma, l-carnitine, "
        "biotin, potassium, creatina, proteina, proteina de suero, proteina en polvo, suero, caseina, "
        "vitamina, vitamina a, vitamina b, vitamina b12, vitamina c, vitamina d, vitamina d3, "
        "multivitaminico, magnesio, hierro, calcio, cafeina, colageno, glutamina, probioticos, "
        "electrolitos, curcuma, melatonina, fibra, aceite de pescado, beta alanina, potasio, preentreno"
    ),
    none=_ways(
        "dont take any, dont take anything, dont take any supplements, not taking any, not taking "
        "anything, i take nothing, i take none, take none, dont take supplements, no current supplements, "
        "not currently taking any, none at the moment, do not take any, no tomo ninguno, no tomo nada, no "
        "tomo suplementos, no tomo ningun suplemento, ninguno por ahora, sin suplementos, no estoy "
        "tomando nada, no tomo, nada de momento"
    ),
)

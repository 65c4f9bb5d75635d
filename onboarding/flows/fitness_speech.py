"""Who speaks in `fitness`, and what its states say in Spanish."""

from onboarding.flow import Agent, Wording

WORKOUT_PLANNING = Agent(
    key="workout_planning",
    task=(
        "You plan training. You learn how used the person is to training, what they want to reach, and what their "
        "training must respect: equipment, injuries, limitations. You diagnose nothing; of pain or illness you "
        "say "
        "that a doctor should look at it."
    ),
    name={"en": "Workout planning", "es": "Plan de entrenamiento"},
    greeting={
        "en": (
            "Hello! I will help you to plan your training. A few questions, and you can always change an answer."
        ),
        "es": (
            "¡Hola! Te ayudo a planear tu entrenamiento. Son pocas preguntas, y siempre "
            "puedes cambiar una respuesta."
        ),
    },
    hand_over={
        "en": "Let us speak about your training.",
        "es": "Hablemos de tu entrenamiento.",
    },
)
DIET_PLANNING = Agent(
    key="diet_planning",
    task=(
        "You plan meals. You learn how the person eats, what they cannot or will not eat, their daily energy and "
        "its "
        "shares of protein, carbs and fats. You never propose what they are allergic to, and no figures to "
        "somebody "
        "who is pregnant, under age, or speaks of an eating disorder: those you refer to a professional."
    ),
    name={"en": "Diet planning", "es": "Plan de alimentación"},
    greeting={
        "en": "Hello! I will help you to plan what you eat.",
        "es": "¡Hola! Te ayudo a planear lo que comes.",
    },
    hand_over={
        "en": "Your training is clear. I take over for what you eat.",
        "es": "Tu entrenamiento está claro. Ahora me ocupo de lo que comes.",
    },
)
SCHEDULING = Agent(
    key="scheduling",
    task=(
        "You make the schedule: when the person eats, when they train, how much they drink and how often they "
        "want "
        "to be reminded. Times are in their own time zone. You ask for a time that you do not know."
    ),
    name={"en": "Scheduling & Reminders", "es": "Horarios y recordatorios"},
    greeting={
        "en": "Hello! I will help you with times and reminders.",
        "es": "¡Hola! Te ayudo con los horarios y los recordatorios.",
    },
    hand_over={
        "en": "That was food. I take over for times and reminders.",
        "es": "Con la comida hemos terminado. Ahora me ocupo de los horarios y recordatorios.",
    },
)
SUPPLEMENT_GUIDANCE = Agent(
    key="supplement_guidance",
    task=(
        "You learn whether supplements interest the person, and which they take. You give general information, no "
        "doses; with medication, pregnancy or illness you refer to a doctor or pharmacist."
    ),
    name={"en": "Supplement guidance", "es": "Guía de suplementos"},
    greeting={
        "en": "Hello! I will ask you about supplements.",
        "es": "¡Hola! Te pregunto por los suplementos.",
    },
    hand_over={
        "en": "Your schedule is set. One last thing, about supplements.",
        "es": "Tu horario está listo. Una última cosa, sobre suplementos.",
    },
)
AGENTS = (WORKOUT_PLANNING, DIET_PLANNING, SCHEDULING, SUPPLEMENT_GUIDANCE)

SPANISH = {
    "fitness_level": Wording(
        title="Nivel de forma física",
        description="Cuánta costumbre tienes de entrenar.",
        opener="¡Te damos la bienvenida! ¿Cuál dirías que es tu nivel: principiante, intermedio o avanzado?",
        why_we_ask="Un entrenamiento demasiado duro hace daño, y uno demasiado fácil no cambia nada.",
    ),
    "fitness_goals": Wording(
        title="Objetivos principales",
        description="Lo que quieres conseguir, lo más importante primero.",
        opener="¿Qué buscas: perder grasa, ganar músculo, forma física general? Hasta tres, por orden.",
        why_we_ask="Tus objetivos deciden la mezcla de fuerza, resistencia y comida.",
    ),
    "workout_constraints": Wording(
        title="Preferencias y límites del entrenamiento",
        description="Tu equipo, y lo que tu entrenamiento debe respetar.",
        opener="¿Qué equipo tienes, y hay lesiones o limitaciones que respetar?",
        why_we_ask="Un plan debe servirse de lo que tienes y cuidar lo que duele.",
    ),
    "dietary_preferences": Wording(
        title="Dieta, preferencias y restricciones",
        description="Cómo comes, y lo que no puedes o no quieres comer.",
        opener="¿Cómo comes, y hay alergias, intolerancias o cosas que no te gustan?",
        why_we_ask="Lo que no puedes comer no aparece en ninguna propuesta.",
    ),
    "meal_plan": Wording(
        title="Plan de comidas",
        description="Tu energía diaria y su reparto entre proteína, carbohidratos y grasas.",
        opener="¿Cuántas calorías al día, y qué partes de proteína, carbohidratos y grasas?",
        why_we_ask="Las raciones de tus comidas salen de estas cifras.",
    ),
    "meal_schedule": Wording(
        title="Horario de comidas",
        description="Tus comidas y sus horas.",
        opener="¿Qué comidas haces, y a qué hora?",
        why_we_ask="Los recordatorios llegan cuando comes, no cuando lo suponemos.",
    ),
    "workout_schedule": Wording(
        title="Horario de entrenamiento",
        description="Los días y las horas de tus entrenamientos.",
        opener="¿Qué días, y a qué hora, quieres entrenar?",
        why_we_ask="Una hora fija es la mejor promesa de un entrenamiento.",
    ),
    "hydration_schedule": Wording(
        title="Horario de hidratación",
        description="Cuánto quieres beber, y cada cuánto te lo recordamos.",
        opener="¿Cuánta agua al día, y cada cuánto te lo recuerdo?",
        why_we_ask="Poco y a menudo es mejor que un litro de una vez.",
    ),
    "supplement_preferences": Wording(
        title="Suplementos (opcional)",
        description="Si te interesan los suplementos, y cuáles tomas.",
        opener="¿Te interesan los suplementos, y tomas alguno? Puedes saltar esta pregunta.",
        why_we_ask="Algunos suplementos no combinan bien.",
    ),
}
"""The texts of the states, by key."""

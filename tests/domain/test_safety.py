"""Safety of what agents say: what a message touches, what of a text is shown, which numbers may be saved."""

import doctest
import importlib
import math
import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onboarding.payloads import FieldError
from onboarding.safety import (
    TEXT_AT_MOST,
    Censor,
    Facts,
    Topic,
    censored,
    numbers_allowed,
    numbers_on_record,
    referral,
    said_numbers,
    topics,
)
from onboarding.safety.sentences import SENTENCE_AT_MOST

ED, PREGNANCY, MEDICATION, MINOR = Topic
LEFT_OUT = {"en": "I have left out what does not suit you", "es": "He dejado fuera lo que no te conviene"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Eating disorders
        ("I used to have anorexia", {ED}),
        ("I'm bulimic and want to train", {ED}),
        ("I binge and purge at night", {ED}),
        ("sometimes i make myself throw up after dinner", {ED}),
        ("I've been starving myself for weeks", {ED}),
        ("recovering from an EATING DISORDER", {ED}),
        ("I can't stop my bulimia", {ED}),
        ("Tuve un trastorno de la conducta alimentaria", {ED}),
        ("sufro de bulimia", {ED}),
        ("me provoco el vómito", {ED}),
        ("tengo atracones por la noche", {ED}),
        ("He dejado de comer", {ED}),
        ("I'm starving, what's for lunch?", set()),
        ("I like to binge-watch series", set()),
        ("I've never had an eating disorder", set()),
        ("No tengo ningún trastorno alimentario", set()),
        ("me muero de hambre", set()),
        # Pregnancy
        ("I'm pregnant", {PREGNANCY}),
        ("I am 20 weeks pregnant", {PREGNANCY}),
        ("we are expecting a baby", {PREGNANCY}),
        ("I'm breastfeeding", {PREGNANCY}),
        ("estoy embarazada de 5 meses", {PREGNANCY}),
        ("Estoy EMBARAZADA", {PREGNANCY}),
        ("doy el pecho a mi hija", {PREGNANCY}),
        ("my sister is pregnant, what should she eat", {PREGNANCY}),
        ("preg\u200bnant", {PREGNANCY}),
        ("not sure if I'm pregnant", {PREGNANCY}),
        ("I'm not pregnant", set()),
        ("I am not pregnant or breastfeeding", set()),
        ("No estoy embarazada", set()),
        ("Pregnant? No.", set()),
        ("embarazo: no", set()),
        ("fue una situación embarazosa", set()),
        ("I'm expecting results", set()),
        # Medication
        ("I take medication for my heart", {MEDICATION}),
        ("I'm on insulin", {MEDICATION}),
        ("I haven't taken my insulin today", {MEDICATION}),
        ("not taking my meds anymore", {MEDICATION}),
        ("tomo pastillas para la tensión", {MEDICATION}),
        ("Tomo Sintrom y metformina", {MEDICATION}),
        ("me ha recetado el médico algo", {MEDICATION}),
        ("tomo antidepresivos", {MEDICATION}),
        ("on Ozempic since May", {MEDICATION}),
        ("I'm not on any medication", set()),
        ("I don't take any medication", set()),
        ("no medication", set()),
        ("Medication: none", set()),
        ("No tomo ninguna medicación", set()),
        ("sin medicación", set()),
        ("medicación: ninguna", set()),
        ("dumbbells and a medicine ball", set()),
        ("I study medicine", set()),
        ("soy estudiante de medicina", set()),
        ("una receta de pollo", set()),
        ("omega 3 and vitamin D", set()),
        # Minors
        ("I'm 15", {MINOR}),
        ("i am 16 years old", {MINOR}),
        ("I’m 17 and want abs", {MINOR}),
        ("I just turned 14!", {MINOR}),
        ("16-year-old girl here", {MINOR}),
        ("16yo", {MINOR}),
        ("I am fifteen", {MINOR}),
        ("I'm under 18", {MINOR}),
        ("not an adult yet", {MINOR}),
        ("tengo 15 años", {MINOR}),
        ("Tengo quince años y quiero perder peso", {MINOR}),
        ("tengo once años", {MINOR}),
        ("soy menor de edad", {MINOR}),
        ("soy una chica de 16 años", {MINOR}),
        ("I'm 15, 170cm, 60 kg", {MINOR}),
        ("I'm 16 and 60kg", {MINOR}),
        ("age: 16", {MINOR}),
        ("mi edad es 15", {MINOR}),
        ("I turn 18 in May", {MINOR}),
        ("my 15 year old son", {MINOR}),
        ("I'm not under 18", set()),
        ("no soy menor de edad", set()),
        ("I'm 7", set()),
        ("I'm 17/20 fit", set()),
        ("tengo 15 y 20 kg en mancuernas", set()),
        ("I am nursing my knee injury", set()),
        ("I'm 18", set()),
        ("I'm 35 years old", set()),
        ("tengo 40 años", set()),
        ("I'm 15 minutes away", set()),
        ("I'm 15% body fat", set()),
        ("I'm 5'7 and 60 kg", set()),
        ("I'm 5.7 feet tall", set()),
        ("I am 12 stone", set()),
        ("I have trained for 15 years", set()),
        ("when I was 15 years old I played football", set()),
        ("I started when I was 15", set()),
        ("15 years of experience", set()),
        ("tengo 15 años de experiencia", set()),
        ("hace 15 años que entreno", set()),
        ("tengo 15 mancuernas", set()),
        ("cuando tenía 15 años", set()),
        ("at 17:00", set()),
        ("16:8 fasting", set()),
        ("a minor injury in my knee", set()),
        ("not older than 40", set()),
        # Several, and nothing
        ("I'm 16, pregnant and on antidepressants", {MINOR, PREGNANCY, MEDICATION}),
        ("no estoy embarazada pero tomo insulina", {MEDICATION}),
        ("", set()),
        ("🏋️", set()),
        ("beginner", set()),
    ],
)
def test_what_a_message_touches(text: str, expected: set[Topic]) -> None:
    """A topic is heard in both languages, however it is written, unless it is denied or another thing is meant."""
    assert topics(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2,400", {"2400"}),
        ("2.400 kcal", {"2400"}),
        ("2 400 kcal", {"2400"}),
        ("2k", {"2000"}),
        ("2.4k calories", {"2400"}),
        ("1,5 litros", {"1.5"}),
        ("72.5 kg", {"72.5"}),
        ("1.234,5 and 1,234.5", {"1234.5"}),
        ("0.500", {"0.5"}),
        ("30/40/30", {"30", "40"}),
        ("30,40,30", {"30", "40"}),
        ("2000-2200", {"2000", "2200"}),
        ("twenty", {"20"}),
        ("twelve hundred", {"1200"}),
        ("one thousand two hundred and fifty", {"1250"}),
        ("mil quinientas", {"1500"}),
        ("mil 500", {"1500"}),
        ("ciento cincuenta y dos", {"152"}),
        ("treinta por ciento", {"30"}),
        ("dos mil", {"2000"}),
        ("at 19:30 and 7h15", set()),
        ("vitamin B12, omega3", set()),
        ("١٥٠٠", {"1500"}),
        ("once a day", set()),
        ("no numbers", set()),
        ("9" * 5000, {"1000000000000"}),
    ],
)
def test_numbers_as_people_say_them(text: str, expected: set[str]) -> None:
    """A number has one spelling, however it was written or said; times of day are none."""
    assert said_numbers(text) == expected


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(
    ("allergens", "sentence"),
    [
        (("peanuts",), "Try some peanut butter on toast."),
        (("peanuts",), "Snack: roasted groundnuts."),
        (("PEANUTS",), "PEANUTS are great."),
        (("peanuts",), "How about **peanuts**?"),
        (("peanuts",), "Have a handful of 🥜 after training."),
        (("peanuts",), "A pea\u200bnut bar is fine."),
        (("peanuts",), "No problem, have some peanuts."),
        (("peanuts",), "Don't forget the peanuts."),
        (("peanuts",), "Do not avoid peanuts."),
        (("peanuts",), "There is no need to avoid peanuts."),
        (("peanuts",), "No sugar, but lots of peanuts."),
        (("peanuts",), "Skip lunch and eat peanuts."),
        (("peanuts", "milk"), "As you are allergic to milk, peanuts are a better snack."),
        (("peanuts", "milk"), "Without milk, peanuts work well."),
        (("peanuts", "milk"), "Instead of milk, peanuts."),
        (("peanuts",), "Peanuts are fine despite your allergy."),
        (("peanuts",), "Considering your allergies, peanuts are a great snack."),
        (("peanuts",), "Use no-sugar-added peanut butter."),
        (("peanuts",), "Why not try peanuts?"),
        (("peanuts",), "¿Por qué no pruebas los cacahuetes?"),
        (("peanuts",), "Never say no to peanuts."),
        (("peanuts",), "I can't recommend peanuts enough."),
        (("peanuts",), "Nothing like peanuts before training!"),
        (("peanuts",), "Nada como unos cacahuetes."),
        (("peanuts",), "No hay nada mejor que los cacahuetes."),
        (("peanuts",), "No olvides los cacahuetes."),
        (("peanuts",), "You can't go wrong with peanuts."),
        (("peanuts",), "No more snacks: peanuts!"),
        (("peanuts",), "If you don't want oats have peanuts."),
        (("peanuts",), "Never go without peanuts."),
        (("peanuts",), "Toma cacahuetes fuera de casa."),
        (("peanuts",), "A handful of peanuts out of the bag."),
        (("peanuts",), "Peanuts, your allergies aside, are great."),
        (("peanuts",), "Have no more than 30 g of peanuts."),
        (("peanuts",), "Peanuts are an allergen-free choice."),
        (("peanuts",), "You are not allergic to peanuts."),
        (("nuts",), "Walnuts and almonds are rich in fat."),
        (("nuts",), "Peanuts are rich in protein."),
        (("tree nuts",), "Add a few walnuts."),
        (("frutos secos",), "Añade unas nueces."),
        (("cacahuetes",), "Try peanut butter."),
        (("peanut",), "Prueba la crema de cacahuete."),
        (("maní",), "Un puñado de maníes."),
        (("milk",), "A glass of lactose-free milk."),
        (("milk",), "Greek yogurt with honey."),
        (("lactose",), "A glass of milk before bed."),
        (("lactosa",), "Toma queso fresco y yogur."),
        (("Lactose (severe)",), "Cottage cheese is a good source of protein."),
        (("gluten",), "Whole-wheat pasta before a long run."),
        (("celiac",), "Two slices of bread."),
        (("gluten",), "Un poco de pan con tomate y aceite de oliva para el desayuno."),
        (("trigo",), "Tostadas con aguacate."),
        (("eggs",), "Scrambled eggs."),
        (("huevo",), "Una tortilla francesa."),
        (("shellfish",), "Grilled prawns."),
        (("marisco",), "Gambas a la plancha."),
        (("seafood",), "A tin of tuna."),
        (("fish",), "Salmon twice a week."),
        (("pescado",), "Atún o sardinas."),
        (("soy",), "Tofu with soya sauce."),
        (("soja",), "Salsa de soja."),
        (("sesame",), "Hummus with carrots."),
        (("kiwi",), "Two kiwis a day."),
        (("kiwi and red meat",), "Some red meats are fine."),
        (("fresas",), "Strawberries for dessert."),
        (("dragon fruit",), "A dragon-fruit smoothie."),
        (("i am allergic to peanuts",), "Peanut sauce with rice."),
        (("none", "peanuts"), "Peanut sauce with rice."),
    ],
)
def test_an_allergen_on_offer_is_left_out(allergens: tuple[str, ...], sentence: str, locale: str) -> None:
    """A sentence that offers what the person does not bear gives way to one that names what is left out."""
    shown = censored(f"Oats are fine. {sentence} Rice too.", Facts(allergens=allergens), locale)
    assert re.fullmatch(rf"Oats are fine\. {LEFT_OUT[locale]}: [^.]+\. Rice too\.", shown), shown


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize(
    ("allergens", "sentence"),
    [
        (("peanuts",), "A smoothie without peanuts."),
        (("peanuts",), "There are no peanuts in it."),
        (("peanuts",), "I left out peanuts."),
        (("peanuts",), "Don't worry, I left out peanuts."),
        (("peanuts",), "You told me that you are allergic to peanuts."),
        (("peanuts",), "Because of your peanut allergy I chose oats."),
        (("peanuts",), "It is peanut-free."),
        (("peanuts",), "Peanuts are left out."),
        (("peanuts",), "Please don't eat peanuts."),
        (("peanuts",), "You should never have any peanuts."),
        (("peanuts",), "Avoid eating peanuts."),
        (("peanuts",), "Avoid anything with peanuts."),
        (("peanuts",), "Avoid dishes that contain peanuts or peanut butter."),
        (("peanuts",), "It does not contain peanuts."),
        (("peanuts",), "I'll make sure that there is nothing with peanuts."),
        (("peanuts",), "Watch out for peanuts in sauces."),
        (("peanuts",), "Peanuts: avoided."),
        (("peanuts", "milk"), "Your allergies (peanuts, milk) are saved."),
        (("peanuts", "milk"), "Since you can't have peanuts or milk, try seeds."),
        (("peanuts", "milk"), "So your allergies are peanuts, milk."),
        (("peanuts", "milk"), "Nada de cacahuetes ni leche en tu plan."),
        (("peanuts", "milk"), "¿Tienes más alergias además de los cacahuetes?"),
        (("peanuts",), "Quitaré los cacahuetes de tus comidas."),
        (("peanuts", "shellfish"), "Got it: omnivore, allergic to peanuts and shrimp, no olives."),
        (("peanuts", "shellfish"), "Noted: allergies: peanuts, shellfish."),
        (("peanuts", "milk", "eggs"), "I left out peanuts, milk and eggs."),
        (("peanuts",), "Use oats instead of peanuts."),
        (("cacahuetes",), "Un batido sin cacahuetes."),
        (("cacahuetes",), "No comas cacahuetes."),
        (("cacahuetes",), "No debes comer cacahuetes."),
        (("cacahuetes",), "Evita los platos con cacahuetes."),
        (("cacahuetes",), "Como tienes alergia a los cacahuetes, he elegido avena."),
        (("cacahuetes", "leche"), "He dejado fuera los cacahuetes y la leche."),
        (("cacahuetes",), "Los cacahuetes quedan fuera."),
        (("cacahuetes",), "Usa avena en lugar de cacahuetes."),
        # Another thing of a similar name
        (("milk",), "Use almond milk or coconut yogurt."),
        (("milk",), "Peanut butter on rice cakes."),
        (("leche",), "Leche de almendras con avena."),
        (("leche",), "Bebe leche vegetal."),
        (("lactose",), "Lactose-free milk is fine."),
        (("lactosa",), "Leche sin lactosa."),
        (("gluten",), "Gluten-free bread and rice noodles."),
        (("gluten",), "Heat the oil in a pan for the vegetables."),
        (("gluten",), "Pan sin gluten."),
        (("gluten",), "Buckwheat and quinoa."),
        (("nuts",), "Butternut squash, coconut and nutmeg are good for your nutrition."),
        (("soja",), "Soy tu agente y estoy aquí para ayudarte."),
        (("eggs",), "Eggplant with rice."),
        (("huevo",), "Empezamos en mayo con la dieta."),
        (("fish",), "Work on your focus; selfish goals are fine."),
        (("pineapple",), "A pine tree."),
        (("pescado",), "Grilled prawns."),
        (("none",), "None of this is hard."),
        (("ninguna", "no", "n/a"), "No hay ninguna comida de nada."),
    ],
)
def test_a_word_of_avoiding_is_no_offer(allergens: tuple[str, ...], sentence: str, locale: str) -> None:
    """What is clearly about avoiding the food, or about another one, stays as it is."""
    assert censored(f"Oats. {sentence} Rice.", Facts(allergens=allergens), locale) == f"Oats. {sentence} Rice."


def test_what_is_left_out_is_said_once() -> None:
    """Each food is named once, the next sentences go without a word, and lines keep their place."""
    facts = Facts(allergens=("peanuts", "milk", "<b>durian</b>"))
    text = "Ideas:\n- Peanut bars\n- Peanuts\n- Fruit\n\nDrink milk. Durian! Eat peanuts.\nBye."
    assert censored(text, facts, "en") == (
        f"Ideas:\n- {LEFT_OUT['en']}: peanuts.\n- Fruit\n\n{LEFT_OUT['en']}: milk. "
        f"{LEFT_OUT['en']}: durian. \nBye."
    )


@pytest.mark.parametrize(
    "text",
    [
        "Foods to avoid:\n- peanuts\n- peanut butter",
        "## Avoid these\n\n- **Peanuts**\n- satay",
        "Alimentos que debes evitar:\n1. Cacahuetes\n2. Maní",
        "Your allergies:\n* peanuts",
    ],
)
def test_a_list_is_read_with_the_line_that_announces_it(text: str) -> None:
    """In a list of foods to avoid, the items are no offers; in the next paragraph they are."""
    facts = Facts(allergens=("peanuts",))
    assert censored(text, facts, "en") == text
    assert censored(f"{text}\nHave peanuts.", facts, "en") == f"{text}\n{LEFT_OUT['en']}: peanuts."
    assert LEFT_OUT["en"] in censored(f"Snacks without sugar:\n{text.splitlines()[-1]}", facts, "en")


CARE = [frozenset({ED}), frozenset({PREGNANCY}), frozenset({MEDICATION}), frozenset({ED, MINOR})]


@pytest.mark.parametrize("touched", CARE)
@pytest.mark.parametrize(
    "sentence",
    [
        "Aim for 1,900 kcal a day.",
        "Try 2200 calories.",
        "About 1,900-2,100 kcal would do.",
        "Your daily target is 1900.",
        "Aim for 2000 a day.",
        "8000 kJ a day is fine.",
        "Un objetivo de 1.900 kcal al día.",
        "Unas mil novecientas calorías.",
        "Nineteen hundred calories a day.",
        "Cut 500 calories.",
        "A deficit of 300 works.",
        "Your target weight could be 62 kg.",
        "A weight of 62 is healthy.",
        "Lose half a kilo a week.",
        "Lose a kilo a week.",
        "Pierde 1 kilo por semana.",
        "A BMI of 21 is fine.",
        "Un IMC de 21.",
        "Take 400 mg of magnesium.",
        "Toma 2 pastillas al día.",
        "400 mcg of folic acid.",
        "30 g of protein per meal.",
        "5 ml of syrup with a glass of water.",
        "Body fat of 20% is good.",
        "Un 20 por ciento de grasa.",
        "Use 30/40/30.",
        "Macros: 30, 40, 30.",
        "Fast for 16 hours.",
        "Try 16:8 fasting.",
        "Try 16:8.",
        "An 8-hour eating window.",
        "Ayuna 16 horas.",
        "Fast from 20:00 to 12:00.",
        "**1900** kcal.",
        "１９００ kcal.",
        "Take 1 or 2 tablets.",
    ],
)
def test_a_number_for_a_professional_is_not_proposed(sentence: str, touched: frozenset[Topic]) -> None:
    """With such a topic a sentence that proposes a figure gives way to the referral, the next to nothing."""
    facts = Facts(topics=touched)
    shown = censored(f"Well. {sentence} {sentence} Bye.", facts, "en")
    assert shown == f"Well. {referral(touched, 'en')} Bye."


@pytest.mark.parametrize("touched", CARE)
@pytest.mark.parametrize(
    "sentence",
    [
        "You said 2,200 kcal.",
        "Dijiste 2.200 kcal y 62 kg.",
        "So 2.2k calories it is.",
        "Drink 2000 ml of water a day.",
        "Your hydration goal is 2500 ml.",
        "Do 3 sets of 10 reps.",
        "Train 45 minutes on 3 days.",
        "Dinner at 19:30, breakfast at 7.",
        "Call 112 when it is urgent.",
        "I have 2 questions about calories.",
        "Step 5 of 9: calories.",
        "Let us talk about your weight.",
        "Walk 8000 steps.",
        "You have one goal left.",
        "Vitamin B12 matters.",
        "Come 3 veces al día.",
    ],
)
def test_other_numbers_and_their_own_are_shown(sentence: str, touched: frozenset[Topic]) -> None:
    """What the person said themselves, and numbers of other things, are no proposals."""
    facts = Facts(topics=touched, said=frozenset({"2200", "62"}))
    assert censored(f"Well. {sentence} Bye.", facts, "en") == f"Well. {sentence} Bye."


@pytest.mark.parametrize(
    "text",
    [
        "Your daily calories:\n- 1500",
        "Calories per meal:\n\n- Breakfast 400\n- Lunch 600",
        "Calories\n1500? Yes.".replace("\n", ":\n"),
        "How many calories? 1500.",
        "I suggest a calorie target. 1500 would do.",
        "| Meal | kcal |\n|---|---|\n| Lunch | 600 |",
        "### Calories\n1500 a day",
    ],
)
@pytest.mark.parametrize("facts", [Facts(topics=frozenset({ED})), Facts(age=15)])
def test_a_number_is_read_with_what_is_before_it(text: str, facts: Facts) -> None:
    """A figure whose unit stands in the line or sentence before is one all the same."""
    shown = censored(text, facts, "en")
    assert not said_numbers(shown) & {"1500", "400", "600"}
    assert str(referral(facts.touched, "en")) in shown


@pytest.mark.parametrize("facts", [Facts(age=13), Facts(age=17), Facts(age=40, topics=frozenset({MINOR}))])
@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("Aim for 1,799 kcal a day.", False),
        ("Aim for 1500 calories.", False),
        ("Between 1600 and 2000 kcal.", False),
        ("Eat 3 meals of 400 kcal.", False),
        ("6000 kJ a day.", False),
        ("Twelve hundred calories.", False),
        ("Mil quinientas calorías al día.", False),
        ("1.5k calories.", False),
        ("Unas 1.500 kcal.", False),
        ("1 500 kcal.", False),
        ("Calories and doses: 1500.", False),
        ("Your target is 1500.", False),
        ("Aim for 1,800 kcal a day.", True),
        ("Aim for 2400 kcal.", True),
        ("8000 kJ a day.", True),
        ("At 16, 2200 kcal is fine.", True),
        ("Drink 1500 ml of water.", True),
        ("You said 1,300 kcal.", True),
        ("A target weight of 62 kg.", True),
        ("30% protein.", True),
        ("Rest 90 seconds between 3 sets.", True),
    ],
)
def test_no_calorie_target_of_a_minor_below_the_least(sentence: str, shown: bool, facts: Facts) -> None:
    """Somebody under 18 is proposed no energy below 1800 kcal, in any unit, unless they said it themselves."""
    facts = Facts(age=facts.age, topics=facts.topics, said=frozenset({"1300"}))
    text = f"Well. {sentence} Bye."
    assert censored(text, facts, "en") == (text if shown else f"Well. {referral({MINOR}, 'en')} Bye.")


def test_an_adult_without_topics_is_told_any_number() -> None:
    """Nothing is watched for without a reason."""
    text = "Aim for 1200 kcal, 50 kg, 400 mg and 16 hours of fasting, with peanuts."
    assert censored(text, Facts(age=18), "en") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<script>alert(1)</script>", "‹script›alert(1)‹/script›"),
        ("a < b and b > c", "a ‹ b and b › c"),
        ("＜img＞", "‹img›"),
        ("[here](https://evil.example/x)", "here"),
        ("[a [b]](https://evil.example/x_(y)) c", "a b c"),
        ("![alt](https://evil.example/p.png) x", "alt x"),
        ("Look![alt](https://evil.example/p.png)", "Look! alt"),
        ("[a](javascript:alert(1))", "a"),
        ('[a](/x "title (y)") b', "a b"),
        ("[a](unfinished\nnext", "a\nnext"),
        ("[1]: https://evil.example", "1: "),
        ("see https://evil.example/a?b=c.", "see ."),
        ("see HTTPS://EVIL.EXAMPLE now", "see now"),
        ("(http://evil.example)", "()"),
        ("ht\u200btps://evil.example x", " x"),
        ("foo://evil.example x", "foo: x"),
        ("//evil.example x", " x"),
        ("www.evil.example/x y", " y"),
        ("evil.com", "evil."),
        ("go to sub.evil.co.uk/path?x now", "go to sub. evil. now"),
        ("evil.zip", "evil. zip"),
        ("evil.zip/x", "evil."),
        ("e[v]il[.]com", "evil."),
        ("mail me@evil.com.", "mail me@evil.."),
        ("mailto:me@evil.example now", " now"),
        ("xn--80ak6aa92e.xn--p1ai", "xn--80ak6aa92e."),
        ("evil。com", "evil。"),
        ("javascript:alert(1)", ")"),
        ("data: 5 days", "data: 5 days"),
        ("done.Next we eat", "done. Next we eat"),
        ("2.5 kg, 7.30pm, 1,5 l, e.g. p.m. a.m.", "2.5 kg, 7.30pm, 1,5 l, e.g. p.m. a.m."),
        ("How are you? Hello! Wait... and/or 30/40/30", "How are you? Hello! Wait... and/or 30/40/30"),
        ("**bold** and - list: `x`", "**bold** and - list: `x`"),
        ("a\u202eb\u2066c\u200bd\ufefe\x00f\x1b[31mg", "abcd\ufefef31mg"),
        ("a\r\nb\tc\u2028d", "a\nb\tc\nd"),
        ("señor ¿qué? ñandú 💪🏽 ❤️", "señor ¿qué? ñandú 💪🏽 ❤️"),
        ("\ud800x", "x"),
        ("http", "http"),
        ("w", "w"),
        ("", ""),
    ],
)
def test_text_is_plain(text: str, expected: str) -> None:
    """Markup is shown as words, links and addresses are gone, and nothing invisible gets through."""
    assert censored(text, Facts(), "en") == expected


@pytest.mark.parametrize(
    "deltas",
    [
        ["Hel", "lo", "!", " How", " are", " you", "?"],
        ["Eat", " 2.5", " kg", " of", " peanuts", ".\n", "-", " 1200", " kcal"],
        ["¡", "Hola", "! ", "Buenos", " días", ", "],
    ],
)
def test_the_first_words_do_not_wait(deltas: list[str]) -> None:
    """With nothing to watch for, what cannot be a link or markup is shown in the moment it comes."""
    censor = Censor(Facts(age=30), "en")
    shown = [censor.feed(delta) for delta in deltas]
    held = [delta for delta, now in zip(deltas, shown, strict=True) if delta.strip() and not now.strip()]
    assert held == []
    assert "".join(shown) + censor.end() == "".join(deltas)


def test_with_something_to_watch_for_whole_sentences_pass() -> None:
    """A sentence is held until it is whole, and no longer."""
    censor = Censor(Facts(allergens=("peanuts",)), "en")
    assert [censor.feed(d) for d in ("Add pea", "nut butter. ", "Or", " fruit.", "\n")] == [
        "",
        f"{LEFT_OUT['en']}: peanuts. ",
        "",
        "",
        "Or fruit.\n",
    ]
    assert censor.end() == ""


def test_no_text_is_longer_than_its_limit() -> None:
    """A text that is too long ends at a word, marked as cut; one that just fits is whole."""
    words = "word " * 2000
    shown = censored(words, Facts(), "en")
    assert TEXT_AT_MOST - 10 < len(shown) <= TEXT_AT_MOST
    assert shown.endswith(" word…")
    assert censored("x" * 50, Facts(), "en", 50) == "x" * 50
    assert censored("x" * 51, Facts(), "en", 50) == "x" * 49 + "…"
    assert censored("one two three", Facts(), "en", 10) == "one two…"
    with pytest.raises(ValueError, match="room"):
        Censor(Facts(), "en", 0)


@pytest.mark.parametrize("facts", [Facts(allergens=("peanuts",)), Facts(topics=frozenset({ED}))])
def test_a_sentence_without_an_end_is_not_shown(facts: Facts) -> None:
    """What is longer than any sentence may be is not looked into, and gives way as if it was the worst."""
    shown = censored("Hi. " + "fine " * SENTENCE_AT_MOST + "\nBye.", facts, "en")
    assert shown in (f"Hi. {LEFT_OUT['en']}: peanuts. \nBye.", f"Hi. {referral({ED}, 'en')} \nBye.")


FRAGMENTS = [
    *[
        "<",
        ">",
        "[",
        "]",
        "](",
        "(",
        ")",
        "![",
        "!",
        ".",
        ". ",
        "...",
        ":",
        "/",
        "//",
        "://",
        "\n",
        "\n- ",
        " ",
        "@",
    ],
    *[
        "http",
        "https://",
        "www.",
        "evil.com",
        "x.example/y",
        "javascript:",
        "e.g.",
        "\u200b",
        "\u202e",
        "1. ",
        "| ",
    ],
    *["peanut", "Peanuts ", "without ", "sin ", "cacahuetes", "no ", "milk", "allergic to ", "Avoid:", "mil "],
    *[
        "1500",
        " kcal",
        "2,",
        "000",
        "kg ",
        "%",
        "16",
        ":8",
        " fasting",
        "calories",
        "half ",
        "a ",
        "**",
        "…",
        "ñ",
        "🥜",
    ],
]
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=25).map("".join)
FACTS = st.sampled_from(
    [
        Facts(),
        Facts(allergens=("peanuts", "lactosa", "durian")),
        Facts(age=15, said=frozenset({"1500"})),
        Facts(topics=frozenset({ED, PREGNANCY})),
        Facts(age=15, allergens=("peanuts",), topics=frozenset({MEDICATION})),
    ]
)


@settings(max_examples=300, deadline=None)
@given(TEXTS, FACTS, st.sampled_from(["en", "es"]), st.integers(1, 120), st.lists(st.integers(0, 80), max_size=6))
@example("See [x](http://a.b/c). Eat peanuts.", Facts(allergens=("peanuts",)), "en", 100, [5, 9, 20])
def test_it_does_not_matter_where_the_stream_is_cut(
    text: str, facts: Facts, locale: str, limit: int, cuts: list[int]
) -> None:
    """Any split of any text shows the same: as a whole, one character at a time, or cut anywhere."""
    whole = censored(text, facts, locale, limit)
    for points in (cuts, range(len(text))):
        censor = Censor(facts, locale, limit)
        pieces = [text[a:b] for a, b in pairwise(sorted({0, *(min(p, len(text)) for p in points), len(text)}))]
        assert "".join(map(censor.feed, pieces)) + censor.end() == whole
    assert len(whole) <= limit
    assert not re.search(r"[<>\[\]\x00-\x08\u200b-\u200f\u202a-\u202e\u2066-\u2069]|://|https?:/", whole)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(["en", "es"]))
def test_an_allergen_is_gone_whatever_stands_around_it(text: str, locale: str) -> None:
    """On a line of its own, an offer never gets through, whatever was said before."""
    shown = censored(f"{text}\n\nBye.\n\nHave peanut butter", Facts(allergens=("peanuts",)), locale, 10_000)
    assert "Have peanut" not in shown


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_any_message_is_heard(text: str) -> None:
    """No message breaks the reading of topics and numbers, and each number has its plain spelling."""
    assert topics(text) <= set(Topic)
    for number in said_numbers(text):
        assert re.fullmatch(r"\d{1,13}(\.\d{1,3})?", number)
        assert said_numbers(number) == {number} or "." in number


HOSTILE = [
    *[
        "a" * 10_000,
        "<" * 10_000,
        "[" * 10_000,
        "](" * 5000,
        "(" * 10_000,
        "." * 10_000,
        ". " * 5000,
        "\n" * 10_000,
    ],
    *["http" * 2500, "http:" * 2000, "a." * 5000, "a.b" * 3000, "1," * 5000, "1 111" * 2000, "9" * 10_000],
    *["12:30:" * 1600, "twenty and " * 900, "mil " * 2500, "no " * 3300, "peanut " * 1400, "without " * 1200],
    *["without peanut, " * 600, "allergic to " * 800, "not pregnant or " * 600, "i'm 15 " * 1400, "n't " * 2500],
    *[
        "a\u0301\u0316" * 3300,
        "\u200b" * 10_000,
        "\ufdfa" * 10_000,
        "💪" * 10_000,
        "- " * 5000,
        "fast 16:8 " * 1000,
    ],
    *[
        "a:\n- " * 2000,
        "| a " * 2500,
        "kcal 5 " * 1400,
        "1-" * 5000,
        "throw up after " * 650,
        "a'" * 5000,
        "# x\n" * 2500,
    ],
]
WATCHFUL = Facts(
    age=15, allergens=("peanuts", "milk", *(f"food number {i}" for i in range(48))), topics=frozenset(Topic)
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
def test_hostile_texts_take_linear_time(text: str) -> None:
    """Four times as much of the worst text takes about four times as long, far from sixteen."""

    def seconds(work: Callable[[str], object], text: str) -> float:
        return min(_timed(work, text) for _ in range(2))

    def by_character(text: str) -> None:
        censor = Censor(WATCHFUL, "en", 100_000)
        for char in text:
            censor.feed(char)
        censor.end()

    for work in (topics, said_numbers, by_character):
        quarter, whole = seconds(work, text[: len(text) // 4]), seconds(work, text)
        assert whole < 0.05 or whole < 10 * quarter
        assert whole < 1.5


def _timed(work: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started


BODY = {"daily_calorie_target": 1500, "target_weight_kg": 55.5, "target_body_fat_percentage": 18}


@pytest.mark.parametrize(
    ("facts", "answer", "refused"),
    [
        (Facts(), BODY, []),
        (Facts(age=18), BODY, []),
        (Facts(age=17), BODY, ["daily_calorie_target"]),
        (Facts(topics=frozenset({MINOR})), BODY, ["daily_calorie_target"]),
        (Facts(age=17), {"daily_calorie_target": 1800}, []),
        (Facts(age=17), {"daily_calorie_target": 1799}, ["daily_calorie_target"]),
        (Facts(age=17), {"daily_calorie_target": 1799.0}, ["daily_calorie_target"]),
        (Facts(age=17), {"daily_calorie_target": math.nan}, ["daily_calorie_target"]),
        (Facts(age=17, said=frozenset({"1500"})), BODY, []),
        (Facts(age=17, said=frozenset({"1500"})), {"daily_calorie_target": 1500.0}, []),
        *((Facts(topics=frozenset({topic})), BODY, list(BODY)) for topic in (ED, PREGNANCY, MEDICATION)),
        (Facts(topics=frozenset({ED})), {"daily_calorie_target": 3000}, ["daily_calorie_target"]),
        (Facts(topics=frozenset({ED}), said=frozenset({"55.5", "18"})), BODY, ["daily_calorie_target"]),
        (Facts(topics=frozenset({ED}), said=said_numbers("1.500 kcal, 55,5 kilos, 18 %")), BODY, []),
        (Facts(topics=frozenset({ED})), {"target_weight_kg": None, "protein_percentage": 30}, []),
        (Facts(topics=frozenset({ED})), {"target_weight_kg": "55", "daily_calorie_target": True}, []),
        (Facts(topics=frozenset({ED})), {"daily_calorie_target": 10**5000}, ["daily_calorie_target"]),
        (Facts(topics=frozenset({ED})), {}, []),
    ],
)
def test_which_numbers_a_model_may_save(facts: Facts, answer: dict[str, Any], refused: list[str]) -> None:
    """A number that a professional should set is refused by name, unless the person said it themselves."""
    errors = numbers_allowed(facts, answer)
    assert [(error.field, error.code) for error in errors] == [(name, "needs_professional") for name in refused]
    assert all(isinstance(error, FieldError) for error in errors)


def test_numbers_on_record_are_their_own() -> None:
    """Every number of what was saved before may be said back, however deep it stands; nothing else breaks it."""
    record = {"meal_plan": {"daily_calorie_target": 1500, "parts": [30.0, (33.5, None)]}, "yes": True, "x": "9"}
    assert numbers_on_record(record) == {"1500", "30", "33.5"}
    assert numbers_on_record([math.nan, math.inf, 10**5000]) == frozenset()
    facts = Facts(topics=frozenset({ED}), said=numbers_on_record(record))
    assert censored("Your 1,500 kcal are saved.", facts, "en") == "Your 1,500 kcal are saved."


def test_whom_to_refer_to() -> None:
    """Two plain sentences in the person's language name who can help; without a topic there is nothing to say."""
    assert referral(frozenset(), "en") is None
    for locale, general in (("en", "general information"), ("es", "información general"), ("es-MX", "general")):
        for touched, name in ((ED, "t"), (PREGNANCY, "m"), (MEDICATION, "f" if locale != "en" else "pharmacist")):
            text = referral({touched}, locale)
            assert text is not None
            assert general in text
            assert name in text
            assert text.count(". ") == 1
    assert "a parent or guardian" in str(referral(set(Topic), "xx"))
    assert "matrona" in str(referral(set(Topic), "es_ES"))


@pytest.mark.parametrize("locale", ["en", "es"])
@pytest.mark.parametrize("touched", [{topic} for topic in Topic] + [set(Topic)])
def test_standard_sentences_pass_their_own_censor(touched: set[Topic], locale: str) -> None:
    """What is said in the place of a sentence is nothing that would be left out itself."""
    facts = Facts(age=15, topics=frozenset(touched), allergens=("peanuts", "leche"))
    text = str(referral(touched, locale))
    assert censored(text, facts, locale) == text
    notice = censored("Eat peanuts and milk.", facts, locale)
    assert notice.startswith(LEFT_OUT[locale])
    assert censored(notice, facts, locale) == notice


@pytest.mark.parametrize(
    "module", ["allergens", "censor", "facts", "figures", "plain", "sentences", "topics", "words"]
)
def test_examples(module: str) -> None:
    """The examples in the docstrings hold."""
    failed, attempted = doctest.testmod(importlib.import_module(f"onboarding.safety.{module}"))
    assert (failed, attempted > 1) == (0, True)

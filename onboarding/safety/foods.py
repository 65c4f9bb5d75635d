"""Foods that people do not bear, in English and Spanish, without accents and in singular.

The fourteen allergens that the law of the EU wants named (Regulation 1169/2011, annex II) come first, then others
that people name often. A word counts in both languages, unless it means something else in one of them.
"""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from onboarding.safety.words import phrase_list

Language = Literal["en", "es"]


class Food(Struct, frozen=True, kw_only=True):
    """A food by its names, the words that tell of it, and where those words tell of something else.

    `not_after` and `not_before` are what makes the word another food: almond milk, leche de soja. `means` are the
    words with which a person says that they do not bear it, where those are others.
    """

    key: str
    names: Mapping[str, str]
    words: tuple[str, ...]
    only: Mapping[Language, tuple[str, ...]] = {}
    means: tuple[str, ...] = ()
    not_after: tuple[str, ...] = ()
    not_before: tuple[str, ...] = ()


_PLANT_MILKS = phrase_list("""
    almond, oat, soy, soya, coconut, rice, hemp, cashew, hazelnut, peanut, nut, pea, plant, based, vegan,
    cocoa, cacao, shea, apple, pumpkin seed, sunflower seed, sunflower, seed, tahini, sesame, face, body,
    hand, dairy free, milk free
    """)
_LECHES_VEGETALES = phrase_list("""
    vegetal, vegano, vegana, de almendra, de avena, de soja, de soya, de coco, de arroz, de canamo, de
    anacardo, de cacahuete, de cacahuate, de mani, de avellana, de cacao, de sesamo, de semilla, de fruto, de
    mano, de manzana, sin lacteo, sin leche
    """)
_MILK = phrase_list("""
    milk, dairy, cheese, butter, buttermilk, yogurt, yoghurt, cream, whey, casein, kefir, ghee,
    custard, mozzarella, parmesan, cheddar, feta, ricotta, mascarpone, latte, cappuccino, leche, lacteo,
    lactea, queso, mantequilla, yogur, nata, crema, caseina, requeson, cuajada, suero de leche, 🥛,
    🧀, 🧈, 🍦
    """)
_WHEAT = phrase_list("""
    wheat, bread, flour, pasta, spaghetti, macaroni, noodle, couscous, bulgur, semolina, seitan, spelt,
    farro, kamut, cracker, bagel, baguette, croissant, pizza, toast, sandwich, breadcrumb, trigo, harina,
    fideo, macarron, espagueti, cuscus, semola, espelta, tostada, bocadillo, pan integral, pan rallado, 🍞, 🥖,
    🥐, 🥯, 🍝, 🍕
    """)
_LACTOSE = ("lactose", "lactosa")
_OTHER_GLUTEN = phrase_list("gluten, barley, rye, malt, beer, triticale, cebada, centeno, malta, cerveza, 🍺")
_NO_WHEAT = phrase_list("""
    gluten free, wheat free, rice, corn, almond, coconut, buckwheat, chickpea, lentil, zucchini, courgette,
    tapioca
    """)
_SIN_TRIGO = phrase_list("""
    sin gluten, sin trigo, de arroz, de maiz, de almendra, de coco, de garbanzo, de lenteja, de sarraceno, de
    tapioca
    """)

FOODS: tuple[Food, ...] = (
    Food(
        key="gluten",
        names={"en": "gluten", "es": "gluten"},
        words=(*_OTHER_GLUTEN, *_WHEAT),
        means=(*_OTHER_GLUTEN, "celiac", "coeliac", "celiaco", "celiaca"),
        only={"es": ("pan",)},
        not_after=_NO_WHEAT,
        not_before=_SIN_TRIGO,
    ),
    Food(
        key="wheat",
        names={"en": "wheat", "es": "trigo"},
        words=_WHEAT,
        only={"es": ("pan",)},
        not_after=_NO_WHEAT,
        not_before=_SIN_TRIGO,
    ),
    Food(
        key="shellfish",
        names={"en": "shellfish", "es": "marisco"},
        words=phrase_list("""
            shellfish, seafood, crustacean, mollusc, mollusk, prawn, shrimp, crab, lobster, crayfish,
            langoustine, scampi, mussel, clam, oyster, scallop, squid, calamari, octopus, surimi, marisco,
            crustaceo, molusco, gamba, camaron, langostino, cangrejo, langosta, cigala, mejillon, almeja, ostra,
            vieira, calamar, pulpo, sepia, berberecho, 🦐, 🦞, 🦀, 🦪, 🦑, 🐙, 🍤
        """),
        not_before=("mushroom",),
    ),
    Food(
        key="egg",
        names={"en": "eggs", "es": "huevo"},
        words=phrase_list("""
            egg, omelette, omelet, frittata, quiche, mayonnaise, meringue, huevo, yema, mayonesa, merengue,
            tortilla francesa, tortilla de patata, tortilla espanola, 🥚, 🍳
        """),
        only={"en": ("mayo",)},
        not_after=phrase_list("vegan, flax, chia, egg free, based"),
        not_before=phrase_list("vegano, vegana, sin huevo"),
    ),
    Food(
        key="fish",
        names={"en": "fish", "es": "pescado"},
        words=phrase_list("""
            fish, seafood, salmon, tuna, cod, sardine, anchovy, mackerel, trout, haddock, halibut, herring,
            tilapia, hake, sea bass, sushi, surimi, pescado, pez, atun, bacalao, sardina, anchoa, boqueron,
            caballa, trucha, merluza, lubina, lenguado, arenque, 🐟, 🍣, 🐠
        """),
    ),
    Food(
        key="peanut",
        names={"en": "peanuts", "es": "cacahuetes"},
        words=phrase_list("peanut, groundnut, monkey nut, satay, cacahuete, cacahuate, mani, nut, fruto seco, 🥜"),
        not_after=phrase_list("pine, brazil, macadamia, tree, cashew"),
    ),
    Food(
        key="soy",
        names={"en": "soy", "es": "soja"},
        words=phrase_list("""
            soya, soja, tofu, tempeh, edamame, miso, tamari, soybean, soy sauce, soy milk, soy protein, soy
            yogurt, soy lecithin, salsa soy, leche soy
        """),
        only={"en": ("soy",)},
    ),
    Food(
        key="milk",
        names={"en": "milk", "es": "leche"},
        words=(*_MILK, *_LACTOSE),
        means=_MILK,
        not_after=_PLANT_MILKS,
        not_before=_LECHES_VEGETALES,
    ),
    Food(
        key="lactose",
        names={"en": "lactose", "es": "lactosa"},
        words=(*_MILK, *_LACTOSE),
        means=_LACTOSE,
        not_after=(*_PLANT_MILKS, "lactose free"),
        not_before=(*_LECHES_VEGETALES, "sin lactosa"),
    ),
    Food(
        key="tree_nuts",
        names={"en": "tree nuts", "es": "frutos secos"},
        words=phrase_list("""
            nut, almond, walnut, cashew, hazelnut, pecan, pistachio, macadamia, chestnut, praline, marzipan,
            nutella, pesto, almendra, nuez, avellana, anacardo, pistacho, pacana, castana, pinon, mazapan,
            turron, fruto seco, fruto de cascara, 🌰
        """),
        not_after=phrase_list("water, monkey"),
        not_before=("moscada",),
    ),
    Food(key="celery", names={"en": "celery", "es": "apio"}, words=phrase_list("celery, celeriac, apio")),
    Food(key="mustard", names={"en": "mustard", "es": "mostaza"}, words=phrase_list("mustard, mostaza")),
    Food(
        key="sesame",
        names={"en": "sesame", "es": "sésamo"},
        words=phrase_list("sesame, tahini, tahina, hummus, halva, sesamo, ajonjoli, humus"),
    ),
    Food(
        key="sulphites",
        names={"en": "sulphites", "es": "sulfitos"},
        words=phrase_list("sulphite, sulfite, sulfito, wine, vino, 🍷"),
    ),
    Food(
        key="lupin", names={"en": "lupin", "es": "altramuz"}, words=phrase_list("lupin, lupine, altramuz, lupino")
    ),
    Food(
        key="corn",
        names={"en": "corn", "es": "maíz"},
        words=phrase_list("corn, maize, cornflour, cornstarch, popcorn, polenta, maiz, palomita, elote, 🌽, 🍿"),
    ),
    Food(
        key="strawberry",
        names={"en": "strawberries", "es": "fresas"},
        words=phrase_list("strawberry, fresa, frutilla, 🍓"),
    ),
    Food(
        key="peach", names={"en": "peaches", "es": "melocotón"}, words=phrase_list("peach, melocoton, durazno, 🍑")
    ),
    Food(key="apple", names={"en": "apples", "es": "manzana"}, words=phrase_list("apple, manzana, 🍎, 🍏")),
    Food(
        key="banana",
        names={"en": "bananas", "es": "plátano"},
        words=phrase_list("banana, platano, banano, guineo, 🍌"),
    ),
    Food(key="kiwi", names={"en": "kiwi", "es": "kiwi"}, words=phrase_list("kiwi, kiwifruit, 🥝")),
    Food(
        key="pineapple",
        names={"en": "pineapple", "es": "piña"},
        words=phrase_list("pineapple, pina, anana, 🍍"),
    ),
    Food(
        key="avocado", names={"en": "avocado", "es": "aguacate"}, words=phrase_list("avocado, aguacate, palta, 🥑")
    ),
    Food(key="tomato", names={"en": "tomato", "es": "tomate"}, words=phrase_list("tomato, tomate, ketchup, 🍅")),
    Food(key="garlic", names={"en": "garlic", "es": "ajo"}, words=phrase_list("garlic, ajo, 🧄")),
    Food(key="onion", names={"en": "onion", "es": "cebolla"}, words=phrase_list("onion, cebolla, 🧅")),
    Food(
        key="mushroom",
        names={"en": "mushrooms", "es": "setas"},
        words=phrase_list("mushroom, seta, champinon, hongo, 🍄"),
    ),
    Food(key="pork", names={"en": "pork", "es": "cerdo"}, words=phrase_list("pork, bacon, ham, cerdo, jamon, 🥓")),
    Food(
        key="beef",
        names={"en": "beef", "es": "ternera"},
        words=phrase_list("beef, steak, ternera, vacuno, bistec, 🥩"),
    ),
    Food(key="chicken", names={"en": "chicken", "es": "pollo"}, words=phrase_list("chicken, pollo, 🍗")),
    Food(key="coconut", names={"en": "coconut", "es": "coco"}, words=phrase_list("coconut, coco, 🥥")),
    Food(
        key="chocolate",
        names={"en": "chocolate", "es": "chocolate"},
        words=phrase_list("chocolate, cocoa, cacao, 🍫"),
    ),
)

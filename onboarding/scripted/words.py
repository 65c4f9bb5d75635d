"""Words that any conversation has, in English and Spanish, written as `text.fold` writes them."""

from onboarding.scripted.text import Phrases, Spoken


def listed(*phrases: str) -> Phrases[bool]:
    """Phrases that only need to be there; several may stand in one text, with commas."""
    return Phrases((phrase, True) for text in phrases for phrase in text.split(","))


YES = listed(
    "yes, yeah, yep, yup, sure, of course, definitely, absolutely, please do, certainly, correct, true, i do, "
    "i am, i would, why not, ok, okay, y, 👍, ✅, si, claro, por supuesto, desde luego, vale, correcto, cierto, "
    "verdadero, quiero, me gustaria, me interesa, afirmativo"
)
NO = listed(
    "no, nope, nah, not really, no thanks, no thank you, not interested, i dont, i do not, false, never, n, "
    "👎, ❌, im not, i am not, not for me, nunca, para nada, no gracias, no me interesa, falso, no quiero, en "
    "absoluto, negativo, de ninguna manera, tampoco, not now, ahora no"
)
NONE = listed(
    "none, nothing, nope, no, n / a, na, nil, zero, not any, i dont have any, no one, i have none, there are "
    "none, none of them, none of those, none of the above, i dont, ningun, ninguno, ninguna, nada, no tengo, "
    "no tengo ninguno, no tengo ninguna, ninguno de ellos, nada de eso, no hay, nothing really, nothing "
    "special, nada en especial, none at all, nothing at all, nada de nada, not that i know of, no que yo "
    "sepa, cero, i have nothing, no tengo nada, not really, en absoluto, de momento no, not at the moment, "
    "nothing comes to mind, tampoco"
)
ALL = listed(
    "all, all of them, all of those, all three, all of it, everything, the lot, todos, todas, todo, las tres, "
    "los tres, todas ellas, todos ellos"
)
NOT = listed(
    "not, no, nada de, skip, salto, dont, doesnt, isnt, arent, aint, never, nor, neither, without, cant, "
    "cannot, wont, havent, hasnt, hadnt, didnt, wasnt, wouldnt, shouldnt, free of, rather than, instead of, "
    "used to, was, except, but not, turn off, switch off, stop, off, remove, anything but, sin, ni, nunca, "
    "jamas, tampoco, ningun, ninguna, ninguno, en vez de, en lugar de, antes era, era, excepto, salvo, menos, "
    "apagar, desactivar, quita, quitar, ya no, excluding, apart from"
)
NOT_ONLY = listed(
    "not only, not just, no solo, no solamente, dont only, dont just, not to mention, mas o menos, more or "
    "less, no mas de, no more than, why not, no problem"
)
EXCEPT = listed(
    "except, except for, but not, not on, not, apart from, excluding, other than, besides, save, excepto, "
    "salvo, menos, pero no, a excepcion de, no los, no el, without, sin"
)
JOINS_NOT = {
    "or",
    "nor",
    "and",
    "neither",
    "ni",
    "o",
    "y",
    "e",
    "u",
    "/",
    "&",
    "any",
    "a",
    "an",
    "to",
    "the",
    "un",
    "una",
}
INSTEAD = listed(
    "but, more like, actually, rather, instead, closer to, now, just, only, i mean, pero, sino, mas bien, en "
    "realidad, ahora, solo, solamente, quiero decir, mejor, make it, change it to"
)
CORRECTION = listed(
    "actually, make it, change, instead, i mean, i meant, correction, rather, sorry, wait, update, en "
    "realidad, cambia, cambialo, cambiar, mejor, quiero decir, queria decir, perdon, corrijo, no mejor, de "
    "hecho, make that, que sean, pon, ponlo, only, solo, just"
)
BREAKS = {",", ";", ".", "!", "?", ":", "¡", "¿", "…", "•", "|"}
CLAUSE = BREAKS | {
    "but",
    "pero",
    "sino",
    "just",
    "only",
    "rather",
    "though",
    "however",
    "aunque",
    "solo",
    "instead",
}
AND = {"and", "y", "e", "or", "o", "u", "nor", "ni", "plus", "but", "pero", "sino", "also", "tambien", "ademas",
"then",
       "luego", "&", "+", "/", "mas", "as", "asi", "aunque", "though"}  # fmt: skip
LIST_BREAKS = BREAKS | AND - {"mas", "as", "asi"}
SENTENCE = {";", ".", "!", "?", "…", "•"}
FIRST = listed(
    "first, firstly, mainly, main, primarily, primary, above all, most importantly, most important, "
    "especially, mostly, top priority, priority, number one, before anything, foremost, #1, primero, primera, "
    "principalmente, principal, sobre todo, ante todo, especialmente, mas importante, prioridad, lo primero, "
    "en primer lugar"
)
SECOND = listed(
    "second, secondly, secondary, second priority, third, thirdly, less important, later, eventually, "
    "segundo, segunda, en segundo lugar, secundario, secundaria, tercero, menos importante, despues, also, "
    "too, tambien, then, luego"
)
LEAD = listed(
    "i, id, im, i am, ive, ive got, i have, i have got, i had, i own, i got, i use, i take, i also, i go to, "
    "i do, "
    "i want, id like, i would like, my, mine, me, we, we have, weve got, were, we are, we use, our, us, the, a, "
    "an, some, any, just, only, maybe, perhaps, probably, well, so, there is, there are, theres, its, it is, "
    "is, are, has, have, had, got, to, of, access to, have access to, i have access to, with, in, at, on, for, "
    "from, by, about, please, thanks, thank you, ok, okay, yes, yeah, hi, hello, hey, sure, that, this, these, "
    "those, it, them, also, too, both, like, i like, etc, really, quite, very, pretty, would, be, say, id say, "
    "i think, i guess, think, guess, lets, let, lets say, and, or, but, then, a bit of, a little, bit, each, "
    "eat, i eat, having, currently, taking, im taking, now, actually, make it, change it to, sorry, wait, i "
    "mean, i meant, instead, set, put, want, yo, soy, estoy, tengo, tenemos, hay, uso, usamos, tomo, tambien, "
    "el, la, los, las, un, una, unos, unas, mi, mis, nuestro, nuestra, solo, solamente, quiza, quizas, pues, "
    "bueno, es, son, de, del, con, en, al, por, para, por favor, gracias, vale, si, hola, que, lo, esto, eso, "
    "le, se, y, o, e, ni, pero, muy, algo de, algun, alguna, algunos, algunas, creo, diria, digamos, quiero, "
    "quisiera, me gustaria, como, cada, ahora, en realidad, perdon, mejor, sea, seria, voy a, voy al, "
    "acceso a, tengo acceso a, entre, mas, sino"
)
"""What may stand around an answer without being part of it."""
ENDING = listed(
    "please, thanks, thank you, too, as well, also, at home, only, though, i guess, i think, por favor, "
    "gracias, tambien, en casa, nada mas, nothing else, thats all, thats it, eso es todo, y ya, y ya esta, "
    "solamente, solo, etc, for now, right now, por ahora, de momento, currently, either, at all, whatsoever, "
    "yet, so far, todavia, aun, really, unfortunately, tampoco, no more, and thats it, 🙂, 😊, 🙏, 👍, myself, "
    "actually"
)
INTERJECTION = listed(
    "hi, hello, hey, hi there, hello there, good morning, good afternoon, good evening, sure, ok, okay, well, "
    "yes, hola, buenas, buenos dias, buenas tardes, buenas noches, claro, vale, bueno, pues, si"
)
"""What somebody says before they begin."""
NAME_IS = listed(
    "my name is, name is, the name is, my company is, our company is, company is, company is called, company "
    "name is, it is called, its called, we are called, were called, we call ourselves, is called, called, "
    "name should be, it should be, should be called, deberia llamarse, deberia ser, named, my business is, "
    "se llama, me llamo, nos llamamos, mi empresa es, nuestra empresa es, la empresa es, "
    "mi empresa se llama, la empresa se llama, nuestra empresa se llama, el nombre es, nombre es, mi nombre es, "
    "se denomina, the names, names, we go by, trading as, known as, my startup is, our startup is, the business "
    "is called, my business is called, my company is called, our company is called, the company is called, my "
    "startup is called, our startup is called, mi negocio es, mi negocio se llama, mi startup se llama, nuestro "
    "negocio se llama, se llama mi empresa"
)
EMPTY = listed(
    "otherwise, otherwise fine, otherwise healthy, otherwise all good, apart from that, por lo demas, por lo "
    "demas bien, aparte de eso, nothing else, thats all, thats it, that is all, eso es todo, nada mas, y ya, i "
    "think, i dont know, dont know, no idea, not sure, im not sure, no se, no lo se, no estoy seguro, no estoy "
    "segura, idk, ni idea, whatever, da igual, me da igual, hmm, um, uh, lol, haha, jaja, great, cool, genial, "
    "perfecto, perfect, what, qual, que, cual, help, ayuda, maybe, it depends, depende, sounds good, you "
    "decide, tu decides, i dont care, no me importa, i dont understand, no entiendo, good question, buena "
    "pregunta, what do you mean, que quieres decir, test, prueba, some, algunos, a few, unos cuantos, "
    "sometimes, a veces, many, muchos, muchas, lots, later, luego"
)
"""What says nothing about any field, though it is an answer to a question."""

WRONG = listed(
    "wrong, incorrect, not right, not correct, misspelled, spelled wrong, mal, incorrecto, equivocado, erroneo, "
    "mal escrito"
)
"""What says that something is not as it was noted."""
WELCOME = listed(
    "is fine, are fine, is ok, are ok, is okay, are okay, no problem with, can eat, can drink, tolerate, "
    "puedo comer, puedo beber, sienta bien, sientan bien, tolero bien, i love, me encanta, me encantan, "
    "no me importa"
)
"""What says of a thing that nothing speaks against it."""


def only_fillers(spoken: Spoken, start: int = 0, end: int | None = None) -> bool:
    """Whether nothing is said between two tokens but words around an answer."""
    return not content(spoken, start, len(spoken.tokens) if end is None else end)


def content(spoken: Spoken, start: int, end: int) -> tuple[int, int] | None:
    """What is left between two tokens without the words and signs around it."""
    while start < end:
        found = LEAD.at(spoken, start, end)
        if found is not None:
            start = found.end
        elif not spoken.tokens[start].word.isalnum() and spoken.tokens[start].word != "#":
            start += 1
        else:
            break
    while start < end:
        ending = ENDING.ending(spoken, end)
        if ending is not None and ending.start >= start:
            end = ending.start
        elif not spoken.tokens[end - 1].word.isalnum() and spoken.tokens[end - 1].word not in {")", "%", "+", "#"}:
            end -= 1
        else:
            break
    return (start, end) if start < end else None

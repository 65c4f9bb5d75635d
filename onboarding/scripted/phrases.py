"""What the scripted agent says, in each language it speaks.

English is what a text falls back to. `{label}` is a field's own short name, `{what}` what the person said.
"""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "text": "{label}: what shall I write?",
        "integer": "{label}: which number?",
        "number": "{label}: which number?",
        "integer_between": "{label}: which number, from {low} to {high}?",
        "number_between": "{label}: which number, from {low} to {high}?",
        "choice": "{label}: {choices}?",
        "boolean": "{label}: yes or no?",
        "time": "{label}: at what time? For example 07:30.",
        "list": "{label}: which? You can name several.",
        "list_or_none": "{label}: which? Say “none” if there are none.",
        "list_more": "{label}: I need at least {count}. What else, besides {what}?",
        "groups": "{label}: which? You can name several.",
        "of_item": "{item}: {question}",
        "url": "{label}: what is the address? For example https://example.com.",
        "form": "{label}: for example {example}.",
        "which": "{label}: do you mean one of these? {choices}.",
        "says": "{label}: {value}.",
        "none": "none",
        "there_are_none": "none",
        "yes": "yes",
        "no": "no",
        "None": "None",
        "Yes": "Yes",
        "No": "No",
        "Skip": "Skip",
        "skip": "skip",
        "and": "and",
        "or": "or",
        "at": "{item} at {value}",
        "nothing": "Nothing yet.",
        "all_there": "I have all I need here. Do you want to change something?",
        "too_small": "{label} must be at least {low}.",
        "too_large": "{label} must be at most {high}.",
        "out_of_range": "{label} must be from {low} to {high}.",
        "too_short": "{label} is too short.",
        "too_few": "{label}: I need at least {low}.",
        "too_long": "{label} is too long.",
        "too_many": "{label}: at most {high}, please.",
        "markup": "{label} must be plain text, without tags.",
        "control_character": "{label} has characters that I cannot keep.",
        "duplicate": "{label}: that is there already.",
        "bad_format_time": "{label} must be a time from 00:00 to 23:59.",
        "bad_format": "{label} does not look right.",
        "not_allowed": "{label} must be one of: {choices}.",
        "wrong_type": "{label}: I cannot use that.",
        "wrong_type_integer": "{label} must be a whole number.",
        "sum": "{label} must add up to {total}.",
        "required": "{label} is still missing.",
        "other": "{label}: that does not work.",
        "sorry": "Sorry, that will not do.",
        "or_as_it_is": "Say it again, or “ok” to go on without it.",
        "asked_later": "I have not kept what belongs to “{title}”: I ask for it later.",
        "asked_before": "To change “{title}”, say “go back to step {number}”.",
    },
    "es": {
        "text": "{label}: ¿qué escribo?",
        "integer": "{label}: ¿qué número?",
        "number": "{label}: ¿qué número?",
        "integer_between": "{label}: ¿qué número, de {low} a {high}?",
        "number_between": "{label}: ¿qué número, de {low} a {high}?",
        "choice": "{label}: ¿{choices}?",
        "boolean": "{label}: ¿sí o no?",
        "time": "{label}: ¿a qué hora? Por ejemplo, 07:30.",
        "list": "{label}: ¿cuáles? Puedes nombrar varios.",
        "list_or_none": "{label}: ¿cuáles? Di «ninguno» si no hay.",
        "list_more": "{label}: necesito al menos {count}. ¿Qué más, además de {what}?",
        "groups": "{label}: ¿cuáles? Puedes nombrar varios.",
        "of_item": "{item}: {question}",
        "url": "{label}: ¿cuál es la dirección? Por ejemplo, https://example.com.",
        "form": "{label}: por ejemplo, {example}.",
        "which": "{label}: ¿es uno de estos? {choices}.",
        "says": "{label}: {value}.",
        "none": "ninguno",
        "there_are_none": "no hay",
        "yes": "sí",
        "no": "no",
        "None": "Ninguno",
        "Yes": "Sí",
        "No": "No",
        "Skip": "Saltar",
        "skip": "saltar",
        "and": "y",
        "or": "o",
        "at": "{item} a las {value}",
        "nothing": "Nada todavía.",
        "all_there": "Tengo todo lo que necesito aquí. ¿Quieres cambiar algo?",
        "too_small": "{label}: debe ser al menos {low}.",
        "too_large": "{label}: debe ser como mucho {high}.",
        "out_of_range": "{label}: debe estar entre {low} y {high}.",
        "too_short": "{label}: es demasiado corto.",
        "too_few": "{label}: necesito al menos {low}.",
        "too_long": "{label}: es demasiado largo.",
        "too_many": "{label}: como mucho {high}, por favor.",
        "markup": "{label}: debe ser texto sencillo, sin etiquetas.",
        "control_character": "{label}: tiene caracteres que no puedo guardar.",
        "duplicate": "{label}: eso ya está.",
        "bad_format_time": "{label}: debe ser una hora de 00:00 a 23:59.",
        "bad_format": "{label}: no parece correcto.",
        "not_allowed": "{label}: debe ser uno de estos: {choices}.",
        "wrong_type": "{label}: eso no me sirve.",
        "wrong_type_integer": "{label}: debe ser un número entero.",
        "sum": "{label}: deben sumar {total}.",
        "required": "{label}: todavía falta.",
        "other": "{label}: así no puede ser.",
        "sorry": "Perdona, así no puede ser.",
        "or_as_it_is": "Dilo otra vez, o «vale» para seguir sin ello.",
        "asked_later": "No he guardado lo que es de «{title}»: te lo pregunto más adelante.",
        "asked_before": "Para cambiar «{title}», di «volver al paso {number}».",
    },
}


def language(locale: str) -> str:
    """The language to speak: of `es-MX` Spanish, of one that is not spoken here English.

    >>> language("es_MX"), language("fr")
    ('es', 'en')
    """
    short = locale.replace("_", "-").split("-")[0].lower()
    return short if short in TEXTS else "en"


def say(locale: str, text: str, **words: object) -> str:
    """One of the texts, with its gaps filled."""
    return TEXTS[language(locale)][text].format(**words)


def own(texts: Mapping[str, str], locale: str, default: str = "") -> str:
    """A declared text in a language, else in English, else the default."""
    return texts.get(language(locale)) or texts.get("en") or default


def joined(parts: list[str], locale: str, word: str = "and") -> str:
    """A row of words: "a, b and c"; in Spanish y becomes e in front of i, and o becomes u in front of o."""
    if len(parts) < 2:
        return "".join(parts)
    link, last = say(locale, word), parts[-1].lower()
    if link == "y" and last.startswith(("i", "hi", "í")) and not last.startswith("hie"):
        link = "e"
    if link == "o" and last.startswith(("o", "ho", "ó")):
        link = "u"
    return f"{', '.join(parts[:-1])} {link} {parts[-1]}"

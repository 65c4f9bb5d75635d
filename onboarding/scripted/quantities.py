"""Amounts: a number with its unit, or a range of which the middle counts.

A cup is 240 ml, a glass 250 ml, an ounce of something to drink 29.57 ml; a stone is 14 pounds. A range, "2 to 2.5
litres", is its middle, as every confirmation then says. "Every hour" is sixty minutes, "twice an hour" thirty.
"""

from typing import NamedTuple

from onboarding.scripted.numbers import number_at
from onboarding.scripted.text import Phrases, Spoken
from onboarding.scripted.words import listed


class Unit(NamedTuple):
    """A unit, as a factor of the one its dimension is counted in here."""

    dimension: str
    factor: float


_UNITS: dict[Unit, str] = {
    Unit("mass", 1): "kg,kgs,kilo,kilogram,kilogramme,kilogramo",
    Unit("mass", 0.45359237): "lb,lbs,pound,libra",
    Unit("mass", 6.35029318): "stone,st",
    Unit("mass", 0.001): "g,gr,gram,gramme,gramo",
    Unit("volume", 1): "ml,mls,millilitre,milliliter,mililitro,cc",
    Unit("volume", 10): "cl,centilitre,centilitro",
    Unit("volume", 100): "dl,decilitre,decilitro",
    Unit("volume", 1000): "l,lt,lts,ltr,litre,liter,litro",
    Unit("volume", 240): "cup,taza",
    Unit("volume", 250): "glass,glasses,vaso",
    Unit("volume", 29.5735296): "oz,fl oz,ounce,fluid ounce,onza,onza liquida",
    Unit("volume", 473.176473): "pint,pinta",
    Unit("volume", 946.352946): "quart",
    Unit("volume", 3785.411784): "gallon,gal,galon,galones",
    Unit("duration", 1): "min,mins,minute,minuto",
    Unit("duration", 60): "h,hr,hrs,hour,hora",
    Unit("duration", 15): "quarter of an hour,quarter hour,cuarto de hora",
    Unit("energy", 1): "kcal,kcals,cal,cals,calorie,kilocalorie,caloria,kilocaloria",
    Unit("energy", 0.239005736): "kj,kilojoule,kilojulio",
    Unit("percent", 1): "%,percent,per cent,pct,por ciento,por cien",
    Unit("length", 1): "cm,centimetre,centimeter,centimetro",
    Unit("length", 100): "m,metre,meter,metro",
    Unit("length", 30.48): "ft,feet,foot,',′",
    Unit("length", 2.54): 'inch,inches,pulgada,",″',
}
UNITS = Phrases((name, unit) for unit, names in _UNITS.items() for name in names.split(","))
OF_FIELD = {
    "kg": Unit("mass", 1), "g": Unit("mass", 0.001), "ml": Unit("volume", 1), "l": Unit("volume", 1000),
    "minutes": Unit("duration", 1), "hours": Unit("duration", 60), "kcal": Unit("energy", 1),
    "calories": Unit("energy", 1), "percentage": Unit("percent", 1), "percent": Unit("percent", 1),
    "cm": Unit("length", 1), "m": Unit("length", 100),
}  # fmt: skip
"""Units of fields, by the end of the field's name or as they are declared."""
AMOUNTS_AT_MOST = 30
"""More than anybody says in one message."""
_EVERY = {"every", "each", "per", "cada", "an", "a"}
_TIMES_PER = Phrases({"once": 1.0, "twice": 2.0, "una vez": 1.0, "dos veces": 2.0, "tres veces": 3.0}.items())
_PER_HOUR = listed("an hour, per hour, a hour, each hour, every hour, por hora, a la hora, cada hora")
_ALWAYS = Phrases(
    {
        "hourly": 60.0, "half hourly": 30.0, "half hour": 30.0, "half an hour": 30.0, "media hora": 30.0,
        "hour and a half": 90.0, "hora y media": 90.0, "three quarters of an hour": 45.0,
        "tres cuartos de hora": 45.0,
        "every other hour": 120.0, "every second hour": 120.0, "una hora si y otra no": 120.0,
        "quarter of an hour": 15.0, "cuarto de hora": 15.0, "couple of hours": 120.0, "par de horas": 120.0,
    }.items()
)  # fmt: skip
_TO = {"to", "-", "–", "—", "a", "and", "y", "or", "o", "hasta", "~"}
_HALF_MORE = listed("and a half", "and half", "y medio", "y media")


class Quantity(NamedTuple):
    """An amount between two tokens, in each way it can be read; in the dimension's own unit if there is one.

    `ends` are those of a range, of which the value is the middle.
    """

    start: int
    end: int
    values: tuple[float, ...]
    unit: Unit | None
    ends: tuple[float, float] | None = None

    def in_unit(self, unit: Unit | None) -> tuple[float, ...]:
        """Its readings in a field's unit; none when the field counts something else."""
        if self.unit is None:
            return self.values
        if unit is None or unit.dimension != self.unit.dimension:
            return ()
        return tuple(value * self.unit.factor / unit.factor for value in self.values)


def quantities(spoken: Spoken, taken: bytearray) -> list[Quantity]:
    """The amounts in tokens that mean nothing else yet."""
    found: list[Quantity] = []
    index = 0
    while index < len(spoken.tokens) and len(found) < AMOUNTS_AT_MOST:
        quantity = None if taken[index] else _with_range(spoken, index)
        if quantity is None:
            index += 1
        else:
            found.append(quantity)
            index = quantity.end
    return found


def _with_range(spoken: Spoken, index: int) -> Quantity | None:
    first = _quantity(spoken, index)
    if first is None:
        return None
    sign = spoken.word(first.end)
    between = spoken.word(index - 1) in {"between", "entre"}
    in_a_row = spoken.word(index - 1) in {"-", "/"} and spoken.glued(index)
    if sign not in _TO or (sign in {"and", "y"} and not between) or in_a_row:
        return first
    second = _quantity(spoken, first.end + 1)
    # "30-40-30" are three numbers, "2 a day" is one.
    if second is None or spoken.word(second.end) in {"-", "/"} or not _comparable(first, second):
        return first
    unit = second.unit or first.unit
    low, high = first.values[-1], second.values[-1]
    if first.unit is not None and second.unit is not None and first.unit != second.unit:
        low *= first.unit.factor / second.unit.factor
    if len(first.values) == len(second.values) == 2:
        low, high = first.values[0], second.values[0]
    if low >= high:
        return first
    return Quantity(index, second.end, ((low + high) / 2,), unit, (low, high))


def _comparable(first: Quantity, second: Quantity) -> bool:
    if first.unit is None or second.unit is None:
        return first.unit is None
    return first.unit.dimension == second.unit.dimension


def _quantity(spoken: Spoken, index: int) -> Quantity | None:
    """An amount that begins at a token, with the smaller unit that may follow: 1 h 30, 12 stone 4."""
    if index >= len(spoken.tokens):
        return None
    idiom = _idiom(spoken, index)
    if idiom is not None:
        return idiom
    number = number_at(spoken, index)
    if number is None:
        return None
    values, end = number.values, number.end
    half = _HALF_MORE.at(spoken, end) if end < len(spoken.tokens) else None
    unit = (
        UNITS.at(spoken, half.end if half else end) if (half.end if half else end) < len(spoken.tokens) else None
    )
    if half is not None and (unit is not None or not number.weak):
        values, end = tuple(value + 0.5 for value in values), half.end
    elif half is not None:
        unit = None
    if spoken.word(end) in {"of", "de"} and unit is None and end + 1 < len(spoken.tokens):
        unit = UNITS.at(spoken, end + 1)
    if unit is None:
        return None if number.weak else Quantity(index, end, values, None)
    end = unit.end
    half = _HALF_MORE.at(spoken, end) if end < len(spoken.tokens) else None
    if half is not None:
        return Quantity(index, half.end, tuple(value + 0.5 for value in values), unit.meaning)
    rest = _smaller(spoken, end, unit.meaning)
    if rest is not None:
        return Quantity(index, rest[1], tuple(value + rest[0] for value in values), unit.meaning)
    return Quantity(index, end, values, unit.meaning)


_BELOW = {
    Unit("duration", 60): Unit("duration", 1),
    Unit("mass", 6.35029318): Unit("mass", 0.45359237),
    Unit("length", 30.48): Unit("length", 2.54),
}


def _smaller(spoken: Spoken, index: int, unit: Unit) -> tuple[float, int] | None:
    """What follows in the next smaller unit, as a part of this one."""
    below = _BELOW.get(unit)
    if below is None:
        return None
    at = index + 1 if spoken.word(index) in {"and", "y"} else index
    rest = number_at(spoken, at)
    if rest is None or rest.weak:
        return None
    named = UNITS.at(spoken, rest.end) if rest.end < len(spoken.tokens) else None
    if named is not None and named.meaning == below:
        return rest.values[0] * below.factor / unit.factor, named.end
    glued = at == index and (spoken.glued(index) or unit.dimension != "duration")
    if named is None and glued and rest.values[0] * below.factor < unit.factor:
        return rest.values[0] * below.factor / unit.factor, rest.end
    return None


def _idiom(spoken: Spoken, index: int) -> Quantity | None:
    """Times of repeating that have no number of minutes in them."""
    per = _TIMES_PER.at(spoken, index)
    times = (per.meaning, per.end) if per else _so_many_times(spoken, index)
    if times is not None and times[1] < len(spoken.tokens):
        hour = _PER_HOUR.at(spoken, times[1])
        if hour is not None and times[0] > 0:
            return Quantity(index, hour.end, (60 / times[0],), Unit("duration", 1))
    known = _ALWAYS.at(spoken, index)
    if known is not None:
        return Quantity(index, known.end, (known.meaning,), Unit("duration", 1))
    if spoken.word(index) in _EVERY and index + 1 < len(spoken.tokens):
        known = _ALWAYS.at(spoken, index + 1)
        if known is not None:
            return Quantity(index, known.end, (known.meaning,), Unit("duration", 1))
        unit = UNITS.at(spoken, index + 1)
        if unit is not None and unit.meaning.dimension == "duration" and spoken.word(index) not in {"a", "an"}:
            return Quantity(index, unit.end, (1.0,), unit.meaning)
    return None


def _so_many_times(spoken: Spoken, index: int) -> tuple[float, int] | None:
    number = number_at(spoken, index)
    if number is None or number.weak or spoken.word(number.end) not in {"times", "veces", "x"}:
        return None
    return number.values[0], number.end + 1

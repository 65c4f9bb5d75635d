"""What calls of models cost, in whole micro-dollars: millionths of a dollar, rounded up.

A price in dollars per million tokens is the same number in micro-dollars per token.

>>> prices = read_prices('{"small": {"input": 0.15, "output": 0.6}}')
>>> prices.cost("small", input_tokens=1001, output_tokens=10)
157
"""

import math
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

MICROS = 1_000_000
ANY_MODEL = "*"
MOST_TOKENS = 10_000_000
"""More than any model reads or writes in one call; whatever a server says beyond it counts as this."""

Dollars = Annotated[float, Meta(ge=0, le=100_000)]


class Price(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per million tokens."""

    input: Dollars
    output: Dollars


UNKNOWN = Price(input=3.0, output=15.0)
"""What a model costs of which nothing is said: as much as the better ones of the large providers in 2025.

Too dear for most, on purpose: a budget binds also where nobody thought of prices.
"""


class Prices(Struct, frozen=True, kw_only=True):
    """What models cost, by name; `*` stands for all others."""

    by_model: dict[str, Price]

    def cost(self, model: str, *, input_tokens: int, output_tokens: int) -> int:
        """Micro-dollars of one call."""
        price = self.by_model.get(model) or self.by_model.get(ANY_MODEL) or UNKNOWN
        return math.ceil(_exact(price.input) * input_tokens + _exact(price.output) * output_tokens)


class Limits(Struct, frozen=True, kw_only=True):
    """What may be spent, in micro-dollars: by one run, and by a tenant in a day and in a month of UTC."""

    run: int
    day: int
    month: int


def read_prices(text: str) -> Prices:
    """The prices of `AI_PRICES`; nothing is said of any model when it is empty.

    Raises:
        ValueError: saying what is wrong, and not what was given.
    """
    try:
        return Prices(by_model=msgspec.json.decode(text or "{}", type=dict[str, Price]))
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ValueError(f'{error}; expected {{"model": {{"input": dollars, "output": dollars}}}}') from None


def micros(dollars: float | Decimal) -> int:
    """Dollars as whole micro-dollars, rounded down.

    >>> micros(0.29), micros(Decimal("5"))
    (290000, 5000000)
    """
    return math.floor(_exact(dollars) * MICROS)


def dollars(micros: int) -> float:
    """Micro-dollars as dollars, for people.

    >>> dollars(1_500_000)
    1.5
    """
    return micros / MICROS


def _exact(number: float | Decimal) -> Decimal:
    """As it was written: 0.29 is not a little less."""
    return Decimal(str(number))

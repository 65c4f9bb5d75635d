"""What calls of models cost, and how often they may be made."""

import pytest

from onboarding.ai_limits import FULL_AFTER_SECONDS, RATES, rated_as
from onboarding.ai_money import UNKNOWN, dollars, micros, read_prices


@pytest.mark.parametrize(
    ("model", "read", "written", "cost"),
    [
        ("small", 1_000_000, 1_000_000, 750_000),
        ("small", 1, 0, 1),  # 0.15 of a micro-dollar
        ("small", 0, 0, 0),
        ("small", 20, 0, 3),  # just 3, whatever 0.15 is in binary
        ("free", 10_000_000, 10_000_000, 0),
        ("other", 3, 4, 11),
    ],
)
def test_costs_are_rounded_up(model: str, read: int, written: int, cost: int) -> None:
    """A call costs its tokens at the model's price, or that of all others, never less."""
    prices = read_prices(
        """{
          "small": {"input": 0.15, "output": 0.6},
          "free": {"input": 0, "output": 0},
          "*": {"input": 1, "output": 2}
        }"""
    )
    assert prices.cost(model, input_tokens=read, output_tokens=written) == cost


def test_nothing_is_free_by_oversight() -> None:
    """A model of which nothing is said costs what the dear ones do."""
    for text in ("", "{}", '{"small": {"input": 0, "output": 0}}'):
        cost = read_prices(text).cost("unheard-of", input_tokens=1_000_000, output_tokens=1_000_000)
        assert cost == micros(UNKNOWN.input + UNKNOWN.output) > micros(10)


@pytest.mark.parametrize(
    "text",
    [
        "cheap",
        "[]",
        '{"m": 1}',
        '{"m": {"input": 1}}',
        '{"m": {"input": -1, "output": 1}}',
        '{"m": {"input": 1, "output": 1e9}}',
        '{"m": {"input": 1, "output": NaN}}',
        '{"m": {"input": "1", "output": 1}}',
        '{"m": {"input": 1, "output": 1, "cached": 1}}',
        '{"m": {"input": 1, "output": 1}',
        '{"\ud800": {"input": 1, "output": 1}}',
    ],
)
def test_what_are_no_prices(text: str) -> None:
    """Whatever else stands there is refused with the form that is expected."""
    with pytest.raises(ValueError, match="expected"):
        read_prices(text)


def test_dollars_and_back() -> None:
    """Dollars as people write them are whole micro-dollars, and the same dollars again."""
    for amount in (0.0, 0.29, 0.5, 5.0, 100.0, 0.000001, 1_000_000.0):
        assert dollars(micros(amount)) == amount
    assert micros(0.0000019) == 1


def test_the_rates_of_the_contract() -> None:
    """Chat 60 a minute, ten at once; suggestions 20 an hour, industries too; photos and scans 30 a minute."""
    assert {name: (rate.calls, rate.window_seconds, rate.burst) for name, rate in RATES.items()} == {
        "chat": (60, 60, 10),
        "suggestions": (20, 3600, 20),
        "photo": (30, 60, 30),
        "scan": (30, 60, 30),
    }
    assert rated_as("industry") == "suggestions"
    assert FULL_AFTER_SECONDS == 3600


def test_waiting() -> None:
    """Whole seconds, never too few, and none when there is nothing to wait for."""
    rate = RATES["suggestions"]
    assert rate.seconds_to(0.0, 1) == 180
    assert rate.seconds_to(0.999, 1) == 1
    assert rate.seconds_to(1.0, 1) == 0
    assert rate.times(5).seconds_to(0.0, 1) == 36

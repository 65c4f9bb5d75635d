"""The corpus of mails: what is read from them is what they tell."""

import asyncio
from functools import cache
from pathlib import Path

import pytest

from onboarding.orders import Order
from tests.ai_server import ai_server
from tests.corpus.mails import NAMES, SAVED, counted, differences
from tests.corpus.mails.__main__ import chosen, read_all, read_with, table

DOCUMENT = Path("docs/order-mails.md")


@cache
def orders() -> dict[str, Order | None]:
    """What rules read from each mail."""
    return asyncio.run(read_all())


def test_a_mail_gives_the_order_that_it_confirms() -> None:
    """Each field of each mail is read as it stands there; what is known to be missed is missed as yet."""
    found = {name: tuple(differences(name, order)) for name, order in orders().items()}
    assert found == {name: SAVED[name].misses for name in NAMES}


def test_only_mails_held_out_may_miss() -> None:
    """What is missed on a mail that was looked at is mended; there are enough of both kinds."""
    looked_at = [name for name in NAMES if not SAVED[name].held_out]
    assert not [name for name in looked_at if SAVED[name].misses]
    assert len(looked_at) >= 80
    assert len(NAMES) - len(looked_at) >= 12


@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_read_is_right(held_out: bool) -> None:
    """No mail that confirms no order becomes one, hardly an order is missed, and values are right or left out."""
    fields = counted(chosen(orders(), held_out=held_out))
    whether, lines = fields.pop("is an order"), fields.pop("lines")
    assert (whether.precision, whether.recall >= 0.95) == (1.0, True)
    assert {name: each for name, each in fields.items() if each.precision < 0.95 or each.recall < 0.95} == {}
    assert min(lines.precision, lines.recall) >= (0.85 if held_out else 0.95)


def test_enough_mails_confirm_nothing() -> None:
    """Shipping notices, invoices, refunds, newsletters and the like make up a good part of the corpus."""
    assert sum(saved.expected is None for saved in SAVED.values()) >= 30


async def test_a_model_that_says_nothing_takes_nothing_away() -> None:
    """The stub model knows of no order in any mail; what rules are sure of stays, and it is asked of little."""
    async with ai_server() as server:
        told = await read_with(server)
        assert told == await read_all()
        assert 0 < len(server.requests) <= len(NAMES) // 5


def test_the_documentation_has_these_figures() -> None:
    """The tables of the documentation are what the report prints."""
    text = DOCUMENT.read_text()
    for held_out in (False, True):
        assert "\n".join(table(chosen(orders(), held_out=held_out))) in text
    assert "\n".join(table(orders())) in text

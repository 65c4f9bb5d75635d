"""Suppliers that the senders of a mailbox are: how they are counted, scored and told apart."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from onboarding.mail_words import FREE_MAIL, MARKETPLACES, SHIPPERS, tells_of_order

MESSAGES_AT_MOST = 5_000
"""Of a mailbox whose headers are looked at, the newest."""

LOOKED_BACK = timedelta(days=183)
SUPPLIERS_AT_MOST = 200
DOMAINS_AT_MOST = 1_000
"""That are counted; who writes first after so many others is left out."""

NAMES_AT_MOST = 5
RECOMMENDED = 0.4

Category = Literal["supplier", "marketplace", "shipping", "newsletter", "other"]

_WEIGHTS: Mapping[Category, float] = {
    "supplier": 1.0,
    "marketplace": 1.0,
    "shipping": 0.3,
    "newsletter": 0.2,
    "other": 0.2,
}


class Seen(Struct, frozen=True, kw_only=True):
    """The headers of a message: `domain` is what its sender registered, `bulk` whether one can unsubscribe."""

    domain: str
    name: str
    subject: str
    received: datetime
    bulk: bool


class Tally(Struct, frozen=True, kw_only=True):
    """What was counted of a domain so far."""

    messages: int
    orders: int
    bulk: int
    last_seen: datetime
    names: dict[str, int]


class Supplier(Struct, frozen=True, kw_only=True):
    """A domain that may be a supplier's.

    `order_messages` have a subject as orders have; from the `newsletters` one can unsubscribe. `score` is from 0
    to 1: how sure it is that orders come from there, and still do.
    """

    domain: str
    name: str | None
    category: Category
    score: float
    recommended: bool
    messages: int
    order_messages: int
    newsletters: int
    last_seen_at: datetime


def counted(tallies: Mapping[str, Tally], seen: Seen) -> dict[str, Tally]:
    """The tallies with one message more. Those of free mail are people's, and are left out."""
    before = tallies.get(seen.domain)
    if seen.domain in FREE_MAIL or (before is None and len(tallies) >= DOMAINS_AT_MOST):
        return dict(tallies)
    names = dict(before.names) if before else {}
    if seen.name and (seen.name in names or len(names) < NAMES_AT_MOST):
        names[seen.name] = names.get(seen.name, 0) + 1
    return {
        **tallies,
        seen.domain: Tally(
            messages=(before.messages if before else 0) + 1,
            orders=(before.orders if before else 0) + tells_of_order(seen.subject),
            bulk=(before.bulk if before else 0) + seen.bulk,
            last_seen=max(before.last_seen, seen.received) if before else seen.received,
            names=names,
        ),
    }


def suppliers(tallies: Mapping[str, Tally], now: datetime) -> list[Supplier]:
    """The likeliest suppliers first, `SUPPLIERS_AT_MOST`."""
    found = [_supplier(domain, tally, now) for domain, tally in tallies.items()]
    found.sort(key=lambda each: (-each.score, -each.messages, each.domain))
    return found[:SUPPLIERS_AT_MOST]


def _supplier(domain: str, tally: Tally, now: datetime) -> Supplier:
    category = _category(domain, tally)
    score = round(_score(tally, now) * _WEIGHTS[category], 2)
    return Supplier(
        domain=domain,
        name=max(tally.names, key=lambda name: (tally.names[name], name), default=None),
        category=category,
        score=score,
        recommended=category in ("supplier", "marketplace") and score >= RECOMMENDED,
        messages=tally.messages,
        order_messages=tally.orders,
        newsletters=tally.bulk,
        last_seen_at=tally.last_seen,
    )


def _category(domain: str, tally: Tally) -> Category:
    label = domain.partition(".")[0]
    if label in SHIPPERS:
        return "shipping"
    if label in MARKETPLACES:
        return "marketplace"
    # A shop's order mails can be unsubscribed from, too: only where hardly any is of an order it is for the news.
    if 2 * tally.bulk >= tally.messages and 10 * tally.orders < tally.messages:
        return "newsletter"
    return "supplier" if tally.orders else "other"


def _score(tally: Tally, now: datetime) -> float:
    """Many order mails, many among all, and of late. Without any, a little for each message."""
    age = min(max((now - tally.last_seen) / LOOKED_BACK, 0.0), 1.0)
    recency = 1.0 - age / 2
    if not tally.orders:
        return 0.5 * (1 - 0.9**tally.messages) * recency
    volume = 1 - 0.5**tally.orders
    share = tally.orders / tally.messages
    return volume * (0.6 + 0.4 * share) * recency

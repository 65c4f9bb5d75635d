"""Orders that mails tell of: which mails to look for, and when two of them tell of the same order."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict, replace

from onboarding.items import folded
from onboarding.orders import Order

IMPORT_DOMAINS_AT_MOST = 50
LOOKED_BACK = timedelta(days=365)
MESSAGES_AT_MOST = 5_000
"""Of an import, the newest."""

SYNC_OVERLAP = timedelta(days=2)
"""A sync looks so far behind the one before: what a search does not find at once, it finds later."""

DOMAINS_AT_ONCE = 10
"""That are named in one search: a query has its bounds."""


def received_since(since: datetime) -> str:
    """The search for all that came since then and was not written by the mailbox's owner."""
    return f"after:{int(since.timestamp())} -in:sent -in:drafts"


def sent_by(domains: Iterable[str], since: datetime) -> str:
    """The search for what these domains sent since then. It finds more than that; who asks looks at the sender."""
    return f"from:({' OR '.join(domains)}) {received_since(since)}"


def groups(domains: Sequence[str]) -> list[Sequence[str]]:
    """The domains, as many together as one search names."""
    return [domains[start : start + DOMAINS_AT_ONCE] for start in range(0, len(domains), DOMAINS_AT_ONCE)]


def same(order: Order, other: Order) -> bool:
    """Whether two mails tell of one order: the supplier and its number of the order are the same.

    Without a number nobody knows, and they stay two: somebody who orders the same again ordered twice.
    """
    names = [(folded(each.supplier), folded(each.number)) for each in (order, other)]
    return names[0] == names[1] and all(names[0])


def together(known: Order, told: Order) -> Order:
    """One order of two mails: the one that says more, of two that say as much the later one, and of the other what
    it does not say.

    It keeps the name of the one that was read first, and so do the items that it brought.
    """
    less, more = sorted((known, told), key=_says)
    gaps = {name: value for name, value in asdict(less).items() if getattr(more, name) in (None, ())}
    last = max((each.changed_at for each in (known, told) if each.changed_at), default=None)
    return replace(more, **gaps | {"external_id": known.external_id, "changed_at": last})


def _says(order: Order) -> tuple[int, int, int, float]:
    """How much: goods that are named, what is known of them, and of the whole; then when it came."""
    goods = [line for line in order.lines if line.name or line.sku]
    known = sum(each is not None for line in goods for each in (line.sku, line.quantity, line.unit_price))
    whole = sum(each is not None for each in (order.total, order.currency, order.ordered_on))
    return len(goods), known, whole, order.changed_at.timestamp() if order.changed_at else 0.0

"""The price that a page shows: not the former one, not that of the shipping, not that of something else."""

from selectolax.lexbor import LexborNode

from activities.extraction.page import Page
from activities.extraction.prices import Money, read_price, signs_in
from activities.extraction.surroundings import Surroundings
from activities.extraction.wording import BEFORE, PRICE
from onboarding.currencies import Locale

_SHORT = 80
_NAMED = 300
_ELEMENTS = 500
_SELECTOR = ", ".join(
    [f"[class*={word} i], [id*={word} i]" for word in PRICE.split("|")] + ["[itemprop=price]", "[data-price]"]
)
_ANY = "span, b, strong, font, td, p, div, big, em, dd, ins, bdi, h2, h3, h4, li"


def shown_price(block: LexborNode, page: Page, around: Surroundings) -> Money | None:
    """The price to pay in this part of the page, in the page's currency where its sign leaves that open."""
    texts = [(node, around.price_text(node, _SHORT)) for node in shown_prices(block, around)]
    found = [(node, money) for node, text in texts if (money := read_price(text, page.locale))]
    if not found:
        return None
    _, money = min(found, key=lambda pair: (pair[1].currency is None, not around.is_now(pair[0])))
    return Money(amount=money.amount, currency=page.currency or money.currency)


def shown_prices(block: LexborNode, around: Surroundings) -> list[LexborNode]:
    """What in this part of the page holds a price to pay: by its class, else by what it says."""
    named = [
        node for node in around.within(block, _SELECTOR, _NAMED) if _is_price(node, block, around, named=True)
    ]
    sure = [node for node in named if not around.is_doubtful(node, block)]
    return sure or named or [n for n in block.css(_ANY)[:_ELEMENTS] if _is_price(n, block, around, named=False)]


def _is_price(node: LexborNode, block: LexborNode, around: Surroundings, *, named: bool) -> bool:
    text = around.price_text(node, _SHORT)
    if not 0 < len(text) <= _SHORT or not any(char.isdigit() for char in text) or BEFORE.search(text):
        return False
    if read_price(text, Locale()) is None or not (named or signs_in(text)):
        return False
    return not around.is_former(node, block) and not around.is_aside(node)

"""Offers become items: the same thing once, what a person wrote for good, and nothing that no list can hold."""

import csv
import doctest
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

import onboarding.items
import onboarding.syncs
from onboarding.errors import InvalidAnswer
from onboarding.items import (
    FIELDS,
    NAME_CHARACTERS,
    PRICE_AT_MOST,
    SKU_CHARACTERS,
    TEXT_CHARACTERS,
    URL_CHARACTERS,
    Known,
    Offer,
    Source,
    begun,
    cleaned,
    edited,
    keys_of,
    match,
    merged,
)
from onboarding.syncs import COLUMNS, HEAD, Sent, cell, key_of, table

MUGS = ("04006381333931", "00036000291452")
FEW: dict[str, Any] = {
    "name": st.sampled_from([None, "Mug", "Cup"]),
    "supplier": st.sampled_from([None, "ACME", "acme ", "Other"]),
    "description": st.sampled_from([None, "Blue"]),
    "gtin": st.sampled_from([None, *MUGS]),
    "sku": st.sampled_from([None, "A-1", "B-2"]),
    "url": st.sampled_from([None, "https://shop.example/mug", "http://www.shop.example/mug/"]),
    "image_url": st.sampled_from([None, "https://shop.example/mug.png"]),
    "price": st.sampled_from([None, Decimal("4.5"), Decimal(9)]),
    "currency": st.sampled_from([None, "EUR", "USD"]),
}
OFFERS = st.builds(Offer, source=st.sampled_from(Source), ref=st.sampled_from("abc"), unsure=st.booleans(), **FEW)
ITEMS = OFFERS.map(lambda offer: begun("1", offer))
CHANGES = st.dictionaries(st.sampled_from(FIELDS), st.none()) | st.fixed_dictionaries({}, optional=FEW)
ANY_TEXT = st.none() | st.text(max_size=30) | st.text(min_size=5, max_size=9).map(lambda text: text * 1000)
ANY = st.builds(
    Offer,
    source=st.just(Source.URL),
    ref=st.just("x"),
    price=st.none() | st.decimals(),
    quantity=st.decimals(),
    **{name: ANY_TEXT for name in FIELDS if name != "price"},
)

BRIEFLY = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def test_the_examples_of_the_docstrings() -> None:
    """They are as they say."""
    for module in (onboarding.items, onboarding.syncs):
        assert doctest.testmod(module).failed == 0


@BRIEFLY
@given(ITEMS, OFFERS)
def test_the_same_offer_again_changes_nothing(item: Known, offer: Offer) -> None:
    """Merging twice is merging once."""
    assert merged(merged(item, offer), offer) == merged(item, offer)


@BRIEFLY
@given(ITEMS, st.lists(OFFERS, max_size=4))
def test_only_gaps_are_filled(item: Known, offers: list[Offer]) -> None:
    """What is known stays, whatever comes; a price has the currency that it came with."""
    after = item
    for offer in offers:
        after = merged(after, offer)
    for name in FIELDS:
        if getattr(item, name) is not None and name != "currency":
            assert getattr(after, name) == getattr(item, name)
    pairs = {(each.price, each.currency) for each in (item, *offers)}
    assert (after.price, after.currency) in pairs or after.price is None


@BRIEFLY
@given(ITEMS, CHANGES, st.booleans(), st.lists(OFFERS, max_size=4))
def test_what_a_person_wrote_is_never_lost(
    item: Known, changes: dict[str, Any], looked_at: bool, offers: list[Offer]
) -> None:
    """Neither what they wrote, nor what they emptied; and who has looked at it is not asked again."""
    try:
        after = edited(item, changes, looked_at=looked_at)
    except InvalidAnswer:
        return
    for offer in offers:
        after = merged(after, offer)
    assert {name: getattr(after, name) for name in changes} == changes
    assert edited(after, changes).edited == after.edited
    if looked_at:
        assert after.attention == ()


@BRIEFLY
@given(ITEMS, OFFERS)
def test_a_suppliers_number_goes_with_its_supplier(item: Known, offer: Offer) -> None:
    """No merging makes the number of one supplier one of another's, save where the two say the same number."""
    after = keys_of(merged(item, offer)).sku
    assert after in {None, keys_of(item).sku, keys_of(offer).sku} or item.sku is not None


def test_the_strongest_key_decides() -> None:
    """By GTIN before the supplier's number before the page; what has another GTIN is never the same thing."""
    by_url = Known(id="1", url="https://shop.example/mug")
    by_sku = Known(id="2", supplier="ACME", sku="a-1")
    by_gtin = Known(id="3", gtin=MUGS[0])
    offer = Offer(
        source=Source.CSV, ref="x", gtin=MUGS[0], supplier="acme", sku="A-1", url="http://www.shop.example/mug/"
    )
    assert match(offer, [by_url, by_sku, by_gtin]) == by_gtin
    assert match(offer, [by_url, by_sku]) == by_sku
    assert match(offer, [by_url]) == by_url
    assert match(offer, [replace(by_url, gtin=MUGS[1]), replace(by_sku, gtin=MUGS[1])]) is None
    assert match(replace(offer, gtin=None, supplier="Other", url=None), [by_sku, by_gtin]) is None


@BRIEFLY
@given(ANY)
@example(Offer(source=Source.CSV, ref="x", price=PRICE_AT_MOST - Decimal("0.0000001")))
@example(Offer(source=Source.CSV, ref="x", quantity=Decimal("1E+40"), price=Decimal("sNaN")))
def test_whatever_is_offered_fits_a_list(offer: Offer) -> None:
    """What a source found is cut to what the table holds, and cut once."""
    kept = cleaned(offer)
    bounds = {"name": NAME_CHARACTERS, "supplier": NAME_CHARACTERS, "description": TEXT_CHARACTERS}
    bounds |= {
        "sku": SKU_CHARACTERS,
        "url": URL_CHARACTERS,
        "image_url": URL_CHARACTERS,
        "currency": 3,
        "gtin": 14,
    }
    for name, longest in bounds.items():
        text = getattr(kept, name)
        assert text is None or (0 < len(text) <= longest and "\0" not in text and text == text.strip())
        assert text is None or text.encode()
    for amount in (kept.price, kept.quantity):
        exponent = 0 if amount is None else amount.as_tuple().exponent
        assert amount is None or (0 <= amount < PRICE_AT_MOST and isinstance(exponent, int) and exponent >= -6)
    assert cleaned(kept) == kept


@pytest.mark.parametrize(
    ("changes", "looked_at", "field"),
    [
        ({"price": Decimal(1)}, False, "currency"),
        ({"price": Decimal(1), "currency": None}, False, "currency"),
        ({"name": None}, True, "name"),
    ],
)
def test_what_is_no_item(changes: dict[str, Any], looked_at: bool, field: str) -> None:
    """A price without a currency is refused, and nothing without a name is right."""
    with pytest.raises(InvalidAnswer) as refused:
        edited(Known(id="1", name="Mug"), changes, looked_at=looked_at)
    assert [error.field for error in refused.value.errors] == [field]


def test_attention_goes_with_its_reason() -> None:
    """What is not sure stays so until a source is sure or somebody has looked; a name ends its want."""
    unsure = begun("1", Offer(source=Source.PHOTO, ref="x", unsure=True))
    assert unsure.attention == ("no_name", "unsure")
    assert edited(unsure, {"name": "Mug"}).attention == ("unsure",)
    assert edited(unsure, {"name": "Mug"}, looked_at=True).attention == ()
    assert merged(unsure, Offer(source=Source.CSV, ref="y")).attention == ("no_name",)


def test_keys_of_versions() -> None:
    """The same version has the same key for ever, another version another one."""
    item = "0198a0e0-0000-7000-8000-000000000001"
    assert key_of(item, 1) == "35c4582f-9ade-5ba8-80a2-065ee6a61e67" != key_of(item, 2)


SENT = st.builds(
    Sent,
    id=st.uuids().map(str),
    version=st.just(1),
    price=st.none() | st.decimals(0, 10**9, places=6),
    quantity=st.decimals(0, 10**9, places=2),
    **{name: st.none() | st.text(max_size=20) for name in asdict(Known(id="1")) if name in COLUMNS[1:-3]},
    currency=st.just("EUR"),
)


@BRIEFLY
@given(st.lists(SENT, max_size=3))
def test_a_table_can_be_read_again(items: list[Sent]) -> None:
    """Quotes, commas and lines inside cells come back as they were; numbers are numbers."""
    rows = list(csv.reader(io.StringIO(HEAD + table(items), newline="")))
    assert rows[0] == ["\ufeffid", *COLUMNS[1:]]
    assert rows[1:] == [[cell(getattr(item, name)) for name in COLUMNS] for item in items]
    for item, row in zip(items, rows[1:], strict=True):
        assert Decimal(row[COLUMNS.index("quantity")]) == item.quantity


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1+1"])
def test_nothing_is_calculated(text: str) -> None:
    """A cell that a spreadsheet would take for a formula is a text."""
    assert cell(text) == f"'{text}"
    assert cell(f"a{text}") == f"a{text}"

"""The review list over HTTP."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from db import items
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.items import Offer, Source
from tests.stack import Json, Person, ok, problem, wrong

ITEMS = "/api/v1/items"
NOBODYS = "00000000-0000-7000-8000-000000000001"


async def offer(database: Database, person: Person, *offers: Offer) -> list[str]:
    """Have a source find something; the ids of the items."""
    caller = Caller(tenant_id=person.tenant_id, user_id=person.id, role=Role.USER)
    async with database.transaction(caller) as connection:
        found = await items.offer(connection, person.tenant_id, person.id, offers)
    return [each.item_id for each in found]


def thing(ref: str, **fields: Any) -> Offer:
    """Something from a file."""
    return Offer(source=Source.CSV, ref=ref, **{"name": f"Thing {ref}", **fields})


async def test_the_list(person: Person, other: Person, app_database: Database) -> None:
    """Pages newest first, with a total where asked for; nobody sees another's."""
    made = [(await offer(app_database, person, thing(str(n))))[0] for n in range(5)]
    first = ok(await person.get(ITEMS, params={"limit": 2, "with_total": "true"}))
    assert ([each["id"] for each in first["items"]], first["total"]) == (made[:-3:-1], 5)
    rest = ok(await person.get(ITEMS, params={"limit": 100, "cursor": first["next_cursor"]}))
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (made[2::-1], None)
    assert ok(await other.get(ITEMS))["items"] == []
    for each in (await other.get(f"{ITEMS}/{made[0]}"), await person.get(f"{ITEMS}/{NOBODYS}")):
        problem(each, 404, "not_found")


async def test_an_item(person: Person, app_database: Database) -> None:
    """It tells everything, amounts as decimal texts, and what its sources said."""
    price = {"price": Decimal("1299.50"), "currency": "EUR", "gtin": "04006381333931"}
    (made,) = await offer(app_database, person, thing("1", quantity=Decimal(10), **price))
    again = Offer(source=Source.BARCODE, ref="x", gtin="04006381333931", supplier="ACME", unsure=True)
    await offer(app_database, person, again)
    answer = await person.get(f"{ITEMS}/{made}")
    item = ok(answer)
    assert answer.headers["etag"] == f'"{item["version"]}"'
    assert (item["price"], item["currency"], item["quantity"]) == ("1299.5", "EUR", "11")
    assert (item["sources"], item["supplier"], item["needs_attention"]) == (["barcode", "csv"], "ACME", False)
    assert [(each["source"], each["ref"], each["quantity"]) for each in item["offers"]] == [
        ("barcode", "x", "1"),
        ("csv", "1", "10"),
    ]
    assert (item["synced_at"], item["edited_at"]) == (None, None)


async def test_filters(person: Person, app_database: Database) -> None:
    """Several values each way that lists take them; all that is wrong is told at once."""
    await offer(app_database, person, thing("1"), Offer(source=Source.PHOTO, ref="1", unsure=True))
    for query, many in (
        ("source=csv,photo", 2),
        ("source[]=csv", 1),
        ("status=approved", 0),
        ("needs_attention=true&source=photo", 1),
        ("search=thing", 1),
        ("search=%00", 0),
    ):
        assert len(ok(await person.get(f"{ITEMS}?{query}"))["items"]) == many, query
    answer = await person.get(f"{ITEMS}?source=shop&status=x&limit=0&cursor=!&search={'a' * 101}")
    assert set(wrong(answer)) == {"source", "status", "limit", "cursor", "search"}


async def test_changing(person: Person, other: Person, app_database: Database) -> None:
    """What is given is changed and is the person's from then on; what is stale is refused."""
    (made,) = await offer(app_database, person, thing("1", supplier="ACME", unsure=True))
    path = f"{ITEMS}/{made}"
    change = {"name": "Mug", "gtin": "0 36000 29145 2", "price": "12.50", "currency": "USD", "supplier": None}
    answer = await person.patch(path, {**change, "quantity": "2.5", "needs_attention": False})
    item = ok(answer)
    assert {name: item[name] for name in change} == {**change, "gtin": "00036000291452", "price": "12.5"}
    assert (item["quantity"], item["needs_attention"], answer.headers["etag"]) == ("2.5", False, '"2"')
    assert item["edited_at"] is not None
    problem(await person.patch(path, {"name": "x"}, headers={"If-Match": '"1"'}), 412, "version_conflict")
    assert ok(await person.patch(path, {"name": "Mug"}, headers={"If-Match": '"2"'}))["version"] == 2
    await offer(app_database, person, thing("1", supplier="Other", name="Other"))
    assert ok(await person.get(path))["supplier"] is None
    problem(await other.patch(path, {"name": "x"}), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"price": "12,50"}, {"price"}),
        ({"price": "-1", "quantity": "1e5", "currency": "eur"}, {"price", "quantity", "currency"}),
        ({"price": "1234567890123"}, {"price"}),
        ({"price": 12.5}, {"price"}),
        ({"price": "1"}, {"currency"}),
        ({"gtin": "036000291453"}, {"gtin"}),
        ({"url": "javascript:alert(1)", "image_url": "//x"}, {"url", "image_url"}),
        ({"image_url": "/api/v1/images/../x"}, {"image_url"}),
        ({"url": "https://me:secret@shop.example/"}, {"url"}),
        ({"name": "", "sku": "x" * 101}, {"name", "sku"}),
        ({"needs_attention": True, "status": "approved"}, {"needs_attention", "status"}),
        ({"name": None, "needs_attention": False}, {"name"}),
    ],
)
async def test_what_is_no_change(person: Person, app_database: Database, body: Json, fields: set[str]) -> None:
    """Every failing field is named at once, and nothing is changed."""
    (made,) = await offer(app_database, person, thing("1"))
    assert set(wrong(await person.patch(f"{ITEMS}/{made}", body))) == fields
    assert ok(await person.get(f"{ITEMS}/{made}"))["version"] == 1


async def test_an_image_of_ones_own(person: Person, app_database: Database) -> None:
    """A picture that lies here is named by its path."""
    (made,) = await offer(app_database, person, thing("1"))
    image = f"/api/v1/images/{NOBODYS}"
    assert ok(await person.patch(f"{ITEMS}/{made}", {"image_url": image}))["image_url"] == image


async def test_removing(person: Person, other: Person, app_database: Database) -> None:
    """Removed is gone for good, and for its owner alone to do."""
    (made,) = await offer(app_database, person, thing("1"))
    problem(await other.send("DELETE", f"{ITEMS}/{made}"), 404, "not_found")
    assert (await person.send("DELETE", f"{ITEMS}/{made}")).status_code == 204
    problem(await person.send("DELETE", f"{ITEMS}/{made}"), 404, "not_found")
    await offer(app_database, person, thing("1"))
    assert ok(await person.get(ITEMS))["items"] == []


async def test_many_at_once(person: Person, other: Person, app_database: Database) -> None:
    """Each item is told for itself, in the order that was asked for; two at once come to one of the two."""
    mine = await offer(app_database, person, thing("1"), thing("2"))
    theirs = await offer(app_database, other, thing("1"))
    body = {"item_ids": [mine[0].upper(), theirs[0], mine[1]], "action": "approve"}
    assert ok(await person.post(f"{ITEMS}/bulk", body))["items"] == [
        {"item_id": mine[0], "status": "approved", "error": None},
        {"item_id": theirs[0], "status": None, "error": "not_found"},
        {"item_id": mine[1], "status": "approved", "error": None},
    ]
    both = [{"item_ids": ids, "action": action} for ids in (mine, mine[::-1]) for action in ("reject", "remove")]
    assert all(
        answer.is_success for answer in await asyncio.gather(*(person.post(f"{ITEMS}/bulk", b) for b in both))
    )
    assert ok(await person.get(ITEMS))["items"] == []


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"item_ids": [], "action": "sell"}, {"item_ids", "action"}),
        ({"item_ids": ["x", NOBODYS, NOBODYS], "action": "approve"}, {"item_ids[0]", "item_ids[2]"}),
        ({"item_ids": [NOBODYS] * 501, "action": "approve"}, {"item_ids"}),
        ({}, {"item_ids", "action"}),
    ],
)
async def test_what_is_no_judgement(person: Person, body: Json, fields: set[str]) -> None:
    """Bounds and kinds, all at once."""
    assert fields <= set(wrong(await person.post(f"{ITEMS}/bulk", body)))

"""Capture sessions over HTTP: a desktop, a phone with its token, and what each of them may."""

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable

import httpx
import pytest
from msgspec.structs import replace

from api.gateway import Gateway, WorkflowsUnavailable
from api.mailing import digest_of
from onboarding.payloads import CaptureRef
from runtime.settings import Settings
from tests.api.desks import SESSIONS, Desk, opened
from tests.stack import Json, Person, application, ok, problem, sign_up, wrong

EAN, UPC = "0036000291452", "036000291452"
"""The same goods: a UPC-A is an EAN-13 that begins with 0."""

Sql = Callable[..., Awaitable[object]]


@pytest.fixture
async def desk(person: Person) -> Desk:
    """A session that has just been opened."""
    return await opened(person)


async def test_opening(person: Person, admin_sql: Sql) -> None:
    """A session is told with its links, whose token stands in the fragment and nowhere in the database."""
    desk = await opened(person)
    session = desk.opened
    base = f"http://gangway.test/capture/{session['session_id']}"
    assert session["mobile_barcode_url"] == f"{base}?kind=barcode#{desk.phone.token}"
    assert session["mobile_photo_url"] == f"{base}?kind=photo#{desk.phone.token}"
    assert re.fullmatch(r"[\w-]{43}", desk.phone.token)
    assert session["qr_svg"].startswith("<svg xmlns=")
    assert (session["status"], session["kinds"], session["version"]) == ("active", ["barcode", "photo"], 0)
    assert session["counts"] == {"barcodes": 0, "photos": 0}
    assert session["limits"] == {"barcodes": 500, "photos": 100, "barcodes_at_once": 50, "image_bytes": 5242880}
    read = ok(await person.get(desk.path))
    told = {"mobile_barcode_url", "mobile_photo_url", "qr_svg"}
    assert read == {name: value for name, value in session.items() if name not in told}
    assert ok(await person.get(f"{SESSIONS}/current")) == read
    assert ok(await person.get(f"/api/capture/sessions/{session['session_id']}")) == read


async def test_one_kind(person: Person) -> None:
    """A session for photos has one link, and takes no barcodes."""
    desk = await opened(person, kinds=["photo"])
    assert desk.opened["mobile_barcode_url"] is None
    assert "?kind=photo#" in desk.opened["mobile_photo_url"]
    problem(await desk.scan("a"), 409, "kind_not_taken")


async def test_of_a_run(person: Person, other: Person) -> None:
    """A session belongs to a run of one's own, or to none."""
    await person.start()
    run_id = ok(await person.get("/api/v1/onboarding/state"))["id"]
    assert (await opened(person, run_id=run_id)).opened["run_id"] == run_id
    problem(await other.post(SESSIONS, {"run_id": run_id}), 404, "run_not_found")
    assert wrong(await person.post(SESSIONS, {"run_id": "x", "kinds": []})) == {
        "run_id": "bad_format",
        "kinds": "too_short",
    }


async def test_a_forged_host(person: Person) -> None:
    """A Host that is no name of a place is in no link."""
    answer = await person.post(SESSIONS, {}, headers={"Host": "evil_name:1"})
    assert ok(answer)["mobile_barcode_url"].startswith("http://127.0.0.1:")


async def test_scans_of_both(desk: Desk) -> None:
    """The same goods from two devices, in two spellings, are one item: 201 for the first, 200 for the others."""
    first = await desk.phone.scan({"barcode": UPC, "barcode_type": "UPC-A", "source": "camera"})
    again = await desk.scan(EAN, scanned_at="2026-05-01T10:00:00+02:00", client_item_id="x:1")
    assert (first.status_code, again.status_code) == (201, 200)
    item, twin = first.json(), again.json()
    assert (item["gtin"], item["quantity"], item["duplicate"], item["added_by"]) == (f"0{EAN}", 1, False, "phone")
    assert (item["barcode_type"], item["enrichment"], item["repeated"]) == ("upc_a", "pending", False)
    assert (twin["id"], twin["quantity"], twin["duplicate"]) == (item["id"], 2, True)
    assert twin["scanned_at"] == "2026-05-01T08:00:00Z"
    repeat = await desk.scan(EAN, client_item_id="x:1")
    assert (repeat.status_code, repeat.json()["quantity"], repeat.json()["repeated"]) == (200, 2, True)
    batch = await desk.phone.scan(EAN, "SN-1", "\x1dSN\x1d1", "]C1SN-1")
    assert batch.status_code == 201
    found = [(each["barcode"], each["gtin"], each["duplicate"]) for each in batch.json()["items"]]
    assert found == [
        (UPC, f"0{EAN}", True),
        ("SN-1", None, False),
        ("SN 1", None, False),
        ("SN-1", None, True),
    ]
    assert ok(await desk.phone.scan(EAN, EAN))["items"][1]["quantity"] == 5
    assert ok(await desk.person.get(desk.path))["counts"] == {"barcodes": 3, "photos": 0}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"barcode": "required"}),
        ({"barcode": "a", "barcodes": [{"barcode": "b"}]}, {"barcode": "not_allowed"}),
        ({"barcodes": [{"barcode": "b"}], "source": "x"}, {"source": "not_allowed"}),
        ({"barcodes": []}, {"barcodes": "too_short"}),
        ({"barcodes": [{"barcode": "b"}] * 51}, {"barcodes": "too_long"}),
        ({"barcode": " \x1d "}, {"barcode": "too_short"}),
        ({"barcode": "]E0"}, {"barcode": "too_short"}),
        ({"barcode": "a\x00b"}, {"barcode": "control_character"}),
        ({"barcode": "<script>"}, {"barcode": "markup"}),
        ({"barcode": "x" * 201}, {"barcode": "too_long"}),
        (
            {"barcodes": [{"barcode": 1}, {"scanned_at": "now", "source": "<", "client_item_id": "", "x": 1}]},
            {
                "barcodes[0].barcode": "wrong_type",
                "barcodes[1].barcode": "required",
                "barcodes[1].scanned_at": "bad_format",
                "barcodes[1].source": "bad_format",
                "barcodes[1].client_item_id": "bad_format",
                "barcodes[1].x": "unknown_field",
            },
        ),
    ],
)
async def test_wrong_scans(desk: Desk, body: Json, errors: dict[str, str]) -> None:
    """What is no scan is told field by field, and nothing of it is kept."""
    assert wrong(await desk.person.post(f"{desk.path}/barcodes", body)) == errors
    assert (await desk.items())["items"] == []


async def test_thirty_writers(desk: Desk) -> None:
    """Thirty at once on two devices: every scan counts once, and each code is one item."""
    wanted = {f"SN-{number}": 0 for number in range(5)}
    calls: list[Awaitable[httpx.Response]] = []
    for writer in range(30):
        codes = [f"SN-{(writer + turn) % 5}" for turn in range(3)]
        for code in codes:
            wanted[code] += 1
        if writer % 2:
            calls.append(desk.phone.scan(*codes))
        else:
            calls += [desk.scan(code) for code in codes]
    answers = await asyncio.gather(*calls)
    assert {each.status_code for each in answers} <= {200, 201}
    assert {each["barcode"]: each["quantity"] for each in (await desk.items())["items"]} == wanted
    fresh = [item for each in answers for item in each.json().get("items", [each.json()]) if not item["duplicate"]]
    assert sorted(each["barcode"] for each in fresh) == sorted(wanted)


async def test_the_review_list(desk: Desk, admin_sql: Sql) -> None:
    """Each barcode is offered to the review list with its number, and taken back when it is deleted."""
    item = ok(await desk.scan(EAN))
    await desk.scan(EAN)
    changed = ok(
        await desk.person.patch(f"{desk.path}/items/{item['id']}", {"name": "Tissues"}, headers={"If-Match": "*"})
    )
    updated = await admin_sql(
        "UPDATE items AS i SET updated_at = now() FROM item_sources AS s WHERE s.item_id = i.id AND s.ref = $1"
        " AND s.quantity = 2 AND i.gtin = $2 AND i.name = 'Tissues' AND i.attention = '{}'"
        " AND i.removed_at IS NULL",
        item["id"],
        item["gtin"],
    )
    assert updated == "UPDATE 1"
    await desk.person.send(
        "DELETE", f"{desk.path}/items/{item['id']}", headers={"If-Match": f'"{changed["version"]}"'}
    )
    gone = await admin_sql("DELETE FROM item_sources WHERE ref = $1", item["id"])
    assert gone == "DELETE 0"


async def test_lists(desk: Desk) -> None:
    """Pages are newest first; `since` tells what changed, deleted ones too; the tag of what is kept is a 304."""
    for number in range(5):
        ok(await desk.scan(f"SN-{number}"))
    page = await desk.items(limit=3, with_total=True)
    assert ([each["barcode"] for each in page["items"]], page["total"]) == (["SN-4", "SN-3", "SN-2"], 5)
    rest = await desk.items(limit=3, cursor=page["next_cursor"])
    assert ([each["barcode"] for each in rest["items"]], rest["next_cursor"]) == (["SN-1", "SN-0"], None)
    await desk.person.send("DELETE", f"{desk.path}/items/{page['items'][2]['id']}", headers={"If-Match": "*"})
    await desk.scan("SN-0")
    since = await desk.items(since=page["version"], limit=1, with_total=True)
    assert (since["items"][0]["barcode"], since["items"][0]["deleted_at"] is None, since["total"]) == (
        "SN-2",
        False,
        2,
    )
    (last,) = (await desk.items(since=page["version"], limit=1, cursor=since["next_cursor"]))["items"]
    assert (last["barcode"], last["quantity"], last["version"]) == ("SN-0", 2, 7)
    assert (await desk.items(since=7))["items"] == []
    assert (await desk.items(kind="photo"))["items"] == []
    answer = await desk.person.get(f"{desk.path}/items")
    assert answer.headers["etag"] == '"7"'
    for tag, status in (('"7"', 304), ('"6", W/"7"', 304), ('"6"', 200)):
        kept = await desk.phone.send("GET", f"{desk.path}/items", headers={"If-None-Match": tag})
        assert (kept.status_code, kept.headers["etag"]) == (status, '"7"')
    assert wrong(await desk.person.get(f"{desk.path}/items", params={"since": -1, "kind": "x", "limit": 0})) == {
        "since": "too_small",
        "kind": "not_allowed",
        "limit": "too_small",
    }


async def test_edits(desk: Desk) -> None:
    """An item is changed by who has seen its latest version; what is written is told, and no other field moves."""
    item = ok(await desk.scan(EAN))
    path = f"{desk.path}/items/{item['id']}"
    change = {"name": "Tissues", "brand": "Acme", "category": "paper", "note": "two\nlines", "quantity": 12}
    answer = await desk.person.patch(path, change, headers={"If-Match": '"1"'})
    changed = ok(answer)
    assert {name: changed[name] for name in change} == change
    assert (changed["version"], answer.headers["etag"], changed["edited"]) == (2, '"2"', sorted(change))
    assert changed["edited_at"]
    problem(await desk.person.patch(path, {"name": "Old"}, headers={"If-Match": '"1"'}), 412, "version_conflict")
    assert wrong(await desk.person.patch(path, change)) == {"If-Match": "required"}
    bad = {"name": "", "brand": "<b>", "quantity": 0, "barcode": "1"}
    assert wrong(await desk.person.patch(path, bad, headers={"If-Match": "*"})) == {
        "name": "too_short",
        "brand": "markup",
        "quantity": "too_small",
        "barcode": "unknown_field",
    }
    cleared = ok(await desk.person.patch(path, {"name": None}, headers={"If-Match": '"2"'}))
    assert (cleared["name"], cleared["brand"]) == (None, "Acme")
    problem(await desk.person.send("DELETE", path, headers={"If-Match": '"1"'}), 412, "version_conflict")
    assert (await desk.person.send("DELETE", path, headers={"If-Match": '"3"'})).status_code == 204
    problem(await desk.person.send("DELETE", path, headers={"If-Match": '"4"'}), 404, "not_found")
    again = ok(await desk.scan(EAN))
    assert (again["id"] == item["id"], again["quantity"], again["name"]) == (False, 1, None)


async def test_a_phone_and_others_items(desk: Desk) -> None:
    """A phone changes and deletes what it has added, and nothing of its owner's."""
    mine, theirs = ok(await desk.phone.scan("SN-1")), ok(await desk.scan("SN-2"))
    for item, status in ((mine, 200), (theirs, 404)):
        path = f"{desk.path}/items/{item['id']}"
        changed = await desk.phone.send("PATCH", path, json={"quantity": 3}, headers={"If-Match": "*"})
        assert changed.status_code == status
        gone = await desk.phone.send("DELETE", path, headers={"If-Match": "*"})
        assert gone.status_code == (204 if status == 200 else 404)


async def test_what_a_phone_is_for(desk: Desk, person: Person) -> None:
    """Its token opens its own session's items, and nothing else: no other session, no route for people."""
    other = await opened(person)
    for method, path in (
        ("GET", other.path),
        ("GET", f"{other.path}/items"),
        ("GET", f"{other.path}/stream"),
        ("POST", f"{other.path}/barcodes"),
        ("PATCH", f"{other.path}/items/{uuid.uuid4()}"),
        ("DELETE", f"{other.path}/items/{uuid.uuid4()}"),
    ):
        body = {"json": {"barcode": "a"}} if method == "POST" else {"json": {}} if method == "PATCH" else {}
        problem(await desk.phone.send(method, path, headers={"If-Match": "*"}, **body), 404, "not_found")
    assert (await desk.phone.send("GET", desk.path)).json()["session_id"] == desk.opened["session_id"]
    for method, path in (
        ("GET", "/api/v1/users/me"),
        ("POST", SESSIONS),
        ("GET", f"{SESSIONS}/current"),
        ("POST", f"{desk.path}/renew"),
        ("POST", f"{desk.path}/rotate-token"),
        ("DELETE", desk.path),
    ):
        assert (await desk.phone.send(method, path)).status_code == 401


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Capture", "auth_missing_token"),
        ("Capture nonsense", "auth_invalid_token"),
        ("Capture " + "x" * 500, "auth_invalid_token"),
        ("capture \udce4".encode("utf-8", "surrogateescape").decode("latin-1"), "auth_invalid_token"),
    ],
)
async def test_wrong_tokens(desk: Desk, authorization: str, code: str) -> None:
    """A token that is none is refused with the challenge of its scheme."""
    answer = await desk.person.client.get(
        f"{desk.path}/items", headers={"Authorization": authorization.encode("latin-1")}
    )
    problem(answer, 401, code)
    assert answer.headers["www-authenticate"] == "Capture"


async def test_another_token(desk: Desk) -> None:
    """New links make the old token worthless at once; the session goes on."""
    item = ok(await desk.phone.scan("SN-1"))
    renewed = ok(await desk.person.post(f"{desk.path}/rotate-token"))
    problem(await desk.phone.scan("SN-1"), 401, "auth_invalid_token")
    token = renewed["mobile_barcode_url"].partition("#")[2]
    assert token != desk.phone.token
    phone = replace(desk.phone, token=token)
    assert ok(await phone.scan("SN-1"))["id"] == item["id"]
    assert ok(await desk.person.post(f"{desk.path}/renew"))["version"] == 4


async def test_the_end(desk: Desk, admin_sql: Sql) -> None:
    """A session that was closed, or whose time is over, is 410 to both devices, whatever they want of it."""
    item = ok(await desk.scan("SN-1"))
    expired = await opened(desk.person)
    assert (await desk.person.send("DELETE", desk.path)).status_code == 204
    assert (await desk.person.send("DELETE", desk.path)).status_code == 204
    await admin_sql("UPDATE capture_sessions SET expires_at = now() WHERE id = $1", expired.opened["session_id"])
    for each, status in ((desk, "closed"), (expired, "expired")):
        assert ok(await each.person.get(each.path))["status"] == status
        problem(await each.scan("SN-1"), 410, "session_expired")
        problem(await each.phone.scan("SN-1"), 410, "session_expired")
        problem(await each.phone.send("GET", each.path), 410, "session_expired")
        for method, path in (
            ("GET", "items"),
            ("GET", "stream"),
            ("POST", "renew"),
            ("POST", "rotate-token"),
            ("DELETE", f"items/{item['id']}"),
        ):
            answer = await each.person.send(method, f"{each.path}/{path}", headers={"If-Match": "*"})
            problem(answer, 410, "session_expired")
    problem(await desk.person.get(f"{SESSIONS}/current"), 404, "not_found")
    assert (await desk.person.send("DELETE", expired.path)).status_code == 204


async def test_nobody_elses(desk: Desk, other: Person) -> None:
    """Somebody else's session is not there."""
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/renew"),
        ("POST", "/rotate-token"),
        ("GET", "/items"),
        ("GET", "/stream"),
    ):
        problem(await other.send(method, f"{desk.path}{path}"), 404, "not_found")
    problem(await other.post(f"{desk.path}/barcodes", {"barcode": "a"}), 404, "not_found")
    problem(await other.get(f"{SESSIONS}/current"), 404, "not_found")


async def test_an_owner_who_left(desk: Desk, admin_sql: Sql) -> None:
    """The phone of somebody who was deactivated is refused, and that of somebody who is gone is nobody's."""
    await admin_sql("UPDATE users SET is_active = false WHERE id = $1", desk.person.id)
    problem(await desk.phone.scan("SN-1"), 403, "account_inactive")
    await admin_sql("DELETE FROM users WHERE id = $1", desk.person.id)
    problem(await desk.phone.scan("SN-1"), 401, "auth_invalid_token")


async def test_too_many_sessions(person: Person) -> None:
    """Of twenty active sessions none more is opened until one is closed."""
    desks = [await opened(person) for _ in range(20)]
    problem(await person.post(SESSIONS, {}), 409, "too_many_sessions")
    await person.send("DELETE", desks[0].path)
    await opened(person)


async def test_repeats_by_key(desk: Desk) -> None:
    """The same request again is answered as before; the keys of the phone are not those of its owner."""
    body, key = {"barcode": "SN-1"}, {"Idempotency-Key": "once"}
    path = f"{desk.path}/barcodes"
    first = await desk.phone.send("POST", path, json=body, headers=key)
    again = await desk.phone.send("POST", path, json=body, headers=key)
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert ok(await desk.person.post(path, body, headers=key))["quantity"] == 2
    opening = [await desk.person.post(SESSIONS, {}, headers={"Idempotency-Key": "open"}) for _ in range(2)]
    assert opening[0].json() == opening[1].json()


async def test_how_often(settings: Settings, worker: None) -> None:
    """A phone is counted by its session, a wrong token by its address, and neither by its owner."""
    strict = replace(settings, capture_limit_per_minute=3, sign_in_limit_per_minute=1000)
    async with application(strict) as client:
        desk = await opened(await sign_up(client))
        for left in (2, 1, 0):
            answer = await desk.phone.scan("SN-1")
            assert answer.headers["ratelimit"].startswith(f'"capture";r={left};')
        answer = await desk.phone.scan("SN-1")
        problem(answer, 429, "rate_limited")
        assert int(answer.headers["retry-after"]) > 0
        assert (await desk.items())["items"][0]["quantity"] == 3
    async with application(replace(settings, sign_in_limit_per_minute=2), address="203.0.113.77") as client:
        stranger = replace(desk.phone, client=client, token="wrong")
        for status in (401, 401, 429):
            assert (await stranger.scan("SN-1")).status_code == status
        assert (await replace(desk.phone, client=client).send("GET", desk.path)).status_code == 200


async def test_temporal_is_away(settings: Settings, worker: None) -> None:
    """A session is opened, scanned into and closed all the same."""
    alone = replace(settings, temporal_address="127.0.0.1:1", update_timeout_seconds=0.2)
    async with application(alone) as client:
        desk = await opened(await sign_up(client))
        assert ok(await desk.phone.scan(EAN))["enrichment"] == "pending"
        assert (await desk.person.send("DELETE", desk.path)).status_code == 204


async def test_scanned_again_it_is_looked_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A code that could not be looked up, since Temporal was away, is when it is scanned again; a serial never."""
    asked: list[set[str]] = []

    async def away(_: Gateway, *refs: CaptureRef) -> None:
        asked.append({each.item_id for each in refs})
        raise WorkflowsUnavailable

    monkeypatch.setattr(Gateway, "enrich_capture", away)
    item = ok(await desk.scan(EAN))
    again = ok(await desk.phone.scan(EAN, "SN-1", UPC))["items"][0]
    assert (again["id"], again["quantity"]) == (item["id"], 3)
    assert asked == [{item["id"]}] * 2


async def test_only_the_digest_is_kept(desk: Desk, admin_sql: Sql) -> None:
    """The database knows a session by the SHA-256 of its token."""
    found = await admin_sql(
        "UPDATE capture_sessions SET version = version WHERE token_hash = $1", digest_of(desk.phone.token)
    )
    assert found == "UPDATE 1"

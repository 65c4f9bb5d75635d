"""Photo analysis and photos of capture sessions over HTTP, with a model that does what a test says."""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client

from activities.ai.models import Models
from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from cli.stub_ai.reaction import Reaction
from cli.stub_ai.reaction import problem as refusal
from onboarding.gtin import read_code
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.ai_server import AiServer, ai_server
from tests.erasing import Bucket
from tests.pictures import barcode, drawn, opened, photographed, saved
from tests.scan_service import scanning
from tests.stack import Json, Person, application, ok, problem, sign_up, until, wrong

ANALYZE = "/api/v1/photos/analyze"
CODE = "4006381333931"
PHOTO = saved(photographed(barcode(CODE, "EAN13"), turn=5).convert("RGB"))
PLAIN = saved(drawn(300, 200))
SEEN = {
    "suggested_name": "Highlighter",
    "suggested_supplier": "Stabilo",
    "barcodes": [],
    "extracted_text": ["BOSS ORIGINAL"],
    "is_internal_item": False,
    "confidence": 0.9,
    "notes": "",
}


def saying(**changes: Any) -> Reaction:
    """A model's answer."""
    return Reaction(text=json.dumps({**SEEN, **changes}))


class Seeing:
    """A model, and a client of an application whose worker asks it."""

    def __init__(self, model: AiServer, client: httpx.AsyncClient) -> None:
        self.model, self.client = model, client


@pytest.fixture(scope="module")
async def whole(settings: Settings, temporal: Client, keys: Keys) -> AsyncIterator[Seeing]:
    """All of it, for this file."""
    async with ai_server() as model:
        changes = {"ai_base_url": model.url, "ai_models": "blind", "ai_vision_models": "seeing"}
        async with scanning(settings, temporal, keys, **changes) as client:
            yield Seeing(model, client)


@pytest.fixture
def seeing(whole: Seeing) -> Seeing:
    """The same, with a model that was asked nothing yet and sees well."""
    whole.model.script = lambda _: saying()
    whole.model.requests.clear()
    return whole


@pytest.fixture
async def ann(seeing: Seeing) -> Person:
    """Somebody new, who has a model."""
    return await sign_up(seeing.client)


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


async def analyzed(person: Person, content: bytes = PHOTO) -> Json:
    """What is told of a photo."""
    return ok(await person.post(ANALYZE, files={"file": ("a.jpg", content, "image/jpeg")}))


async def test_without_a_model(person: Person) -> None:
    """Codes are read here; the answer says that nothing else has looked."""
    body = await analyzed(person)
    assert body["detected_barcodes"] == [{"text": CODE, "format": "ean_13", "gtin": read_code(CODE).gtin}]
    assert (body["source"], body["degraded"]) == ("local", True)
    assert (body["suggested_name"], body["extracted_text"], body["is_internal_item"]) == (None, [], False)
    assert 0 < body["confidence"] < 1
    assert opened((await _had(person, body["image_url"])).content).format == "JPEG"
    nothing = await analyzed(person, PLAIN)
    assert (nothing["detected_barcodes"], nothing["confidence"]) == ([], 0)


async def _had(person: Person, url: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=60) as s3:
        return await s3.get((await person.get(url)).headers["location"])


async def test_with_a_model(seeing: Seeing, ann: Person, admin: asyncpg.Connection) -> None:
    """The vision model is shown a small copy of the photo, and what it sees is told with what was read here."""
    body = await analyzed(ann)
    assert (body["suggested_name"], body["suggested_supplier"]) == ("Highlighter", "Stabilo")
    assert [each["text"] for each in body["detected_barcodes"]] == [CODE]
    assert (body["source"], body["degraded"], body["confidence"]) == ("ai", False, 0.9)
    (asked,) = seeing.model.requests
    assert asked.model == "seeing"
    text, picture = asked.body["messages"][-1]["content"]
    assert text["type"] == "text"
    kind, _, content = picture["image_url"]["url"].partition(";base64,")
    assert kind == "data:image/jpeg"
    assert max(opened(base64.b64decode(content)).size) <= 1024
    (row,) = await admin.fetch("SELECT purpose, model, outcome FROM ai_usage WHERE user_id = $1", ann.id)
    assert tuple(row) == ("photo", "seeing", "ok")


async def test_twice_is_paid_once(seeing: Seeing, ann: Person) -> None:
    """The same image again, by id or key, is told what was seen, and no model is asked."""
    body = await analyzed(ann)
    image = ok(await ann.post("/api/v1/uploads/images", files={"file": ("a.jpg", PLAIN, "image/jpeg")}))
    assert ok(await ann.post(ANALYZE, {"image_id": body["image_id"]})) == body
    assert len(seeing.model.requests) == 1
    first, second = await asyncio.gather(
        ann.post(ANALYZE, {"image_id": image["id"]}), ann.post(ANALYZE, {"object_key": image["object_key"]})
    )
    assert ok(first) == ok(second)
    assert len(seeing.model.requests) == 2


@pytest.mark.parametrize(
    "reaction",
    [
        refusal(500, "broken"),
        refusal(429, "slow down"),
        Reaction(refusal="I will not look at that."),
        Reaction(text="It is a pen."),
        Reaction(text=json.dumps({**SEEN, "suggested_name": "<script>alert(1)</script>"})),
        Reaction(text=json.dumps({**SEEN, "confidence": 7})),
        Reaction(silent=True),
    ],
    ids=["broken", "busy", "refuses", "prose", "markup", "too sure", "silent"],
)
async def test_a_model_that_fails(
    seeing: Seeing, ann: Person, reaction: Reaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a model does, what was read here is told, marked as such, in time; and it may be asked anew."""
    monkeypatch.setattr("api.photos.MODEL_SECONDS", 2.0)
    seeing.model.script = lambda _: reaction
    body = await analyzed(ann)
    monkeypatch.undo()
    assert (body["source"], body["degraded"], body["suggested_name"]) == ("local", True, None)
    assert [each["text"] for each in body["detected_barcodes"]] == [CODE]
    seeing.model.script = lambda _: saying()
    again = ok(await ann.post(ANALYZE, {"image_id": body["image_id"]}))
    assert (again["source"], again["degraded"]) == ("ai", False)


async def test_numbers_that_a_model_makes_up(seeing: Seeing, ann: Person) -> None:
    """A number with a wrong check digit is none; a right one is told, and one that was read here not twice."""
    seeing.model.script = lambda _: saying(barcodes=["4006381333932", CODE, "036000291452", "hello"])
    body = await analyzed(ann)
    assert [(each["text"], each["format"]) for each in body["detected_barcodes"]] == [
        (CODE, "ean_13"),
        ("036000291452", "unknown"),
    ]


async def test_ways_to_give_one(person: Person, other: Person) -> None:
    """A data URL is taken as a file is; wrong ones are told apart, and every failing field is named."""
    url = f"data:image/jpeg;base64,{base64.b64encode(PHOTO).decode()}"
    body = ok(await person.post(ANALYZE, {"data_url": url}))
    assert [each["text"] for each in body["detected_barcodes"]] == [CODE]
    for bad in ("hello", "data:image/jpeg,abc", "data:image/jpeg;base64,%%%", f"data:;base64,{url[30:60]}"):
        assert wrong(await person.post(ANALYZE, {"data_url": bad})) == {"data_url": "bad_format"}
    gif = {"data_url": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}
    problem(await person.post(ANALYZE, gif), 415, "unsupported_media_type")
    large = {"data_url": "data:image/jpeg;base64," + "A" * (7_000_000)}
    problem(await person.post(ANALYZE, large), 413, "payload_too_large")
    text = {"data_url": f"data:image/jpeg;base64,{base64.b64encode(b'hello').decode()}"}
    problem(await person.post(ANALYZE, text), 400, "image_unreadable")
    assert wrong(await person.post(ANALYZE, {})) == {"image_id": "required"}
    answer = await person.post(ANALYZE, {"image_id": body["image_id"], "object_key": "x", "more": 1})
    assert wrong(answer) == {"object_key": "only_one", "more": "unknown_field"}
    problem(await other.post(ANALYZE, {"image_id": body["image_id"]}), 404, "not_found")
    problem(await person.send("POST", ANALYZE, content=b"x"), 415, "unsupported_media_type")


async def test_how_often(person: Person, admin: asyncpg.Connection) -> None:
    """More than thirty in a minute are 429 with Retry-After; what was refused otherwise does not count."""
    for _ in range(31):
        assert (await person.post(ANALYZE, {})).status_code == 400
    # As of an hour's time: nothing flows in until then.
    empty = "UPDATE ai_rates SET tokens = 0.2, at = clock_timestamp() + interval '1 hour' WHERE bucket = $1"
    await admin.execute(empty, f"photo/user/{person.id}")
    answer = await person.post(ANALYZE, files={"file": ("a.jpg", PLAIN, "image/jpeg")})
    problem(answer, 429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 0


async def test_while_temporal_is_away(person: Person, settings: Settings) -> None:
    """It is 503 with Retry-After."""
    away = replace(settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", update_timeout_seconds=0.3)
    async with application(away) as client:
        answer = await replace(person, client=client).post(ANALYZE, files={"file": ("a.jpg", PLAIN, "image/jpeg")})
    problem(answer, 503, "workflow_unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def opened_session(admin: asyncpg.Connection, person: Person, **columns: Any) -> str:
    """A capture session."""
    session_id = str(uuid.uuid4())
    await admin.execute(
        "INSERT INTO capture_sessions (id, tenant_id, user_id, kinds, expires_at, ends_at)"
        " VALUES ($1, $2, $3, '{barcode,photo}', now() + interval '1 day', now() + interval '7 days')",
        session_id,
        person.tenant_id,
        person.id,
    )
    for column, value in columns.items():
        await admin.execute(f"UPDATE capture_sessions SET {column} = $2 WHERE id = $1", session_id, value)
    return session_id


def photos_of(session_id: str) -> str:
    """Where photos of a session are added."""
    return f"/api/v1/capture/sessions/{session_id}/photos"


async def test_a_photo_of_a_session(seeing: Seeing, ann: Person, admin: asyncpg.Connection) -> None:
    """A photo is an item of the session and an offer to the review list; what is seen in it fills both."""
    path = photos_of(await opened_session(admin, ann))
    answer = await ann.post(path, files={"file": ("a.jpg", PHOTO, "image/jpeg")})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["kind"], body["added_by"], body["duplicate"]) == ("photo", "owner", False)
    assert (await _had(ann, body["image_url"])).status_code == 200

    async def enriched() -> Any:
        return await admin.fetchrow(
            "SELECT details, enrichment FROM capture_items WHERE id = $1 AND enrichment = 'done'", body["id"]
        )

    assert json.loads((await until(enriched))["details"]) == {"name": "Highlighter", "brand": "Stabilo"}
    query = (
        "SELECT i.name, i.supplier, i.gtin, i.image_url, i.attention FROM items AS i"
        " JOIN item_sources AS s ON s.item_id = i.id WHERE s.source = 'photo' AND s.ref = $1"
    )
    row = await admin.fetchrow(query, body["id"])
    assert tuple(row) == ("Highlighter", "Stabilo", read_code(CODE).gtin, body["image_url"], [])
    assert len(seeing.model.requests) == 1


async def test_what_was_edited_stays(
    seeing: Seeing, ann: Person, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name and a quantity that somebody wrote while the model was looking are not overwritten."""
    looking, edited, structured = asyncio.Event(), asyncio.Event(), Models.structured

    async def slowly(models: Models, *given: Any) -> Any:
        looking.set()
        await edited.wait()
        return await structured(models, *given)

    monkeypatch.setattr(Models, "structured", slowly)
    path = photos_of(await opened_session(admin, ann))
    body = ok(await ann.post(path, files={"file": ("a.jpg", PLAIN, "image/jpeg")}))
    await looking.wait()
    await admin.execute(
        "UPDATE capture_items SET details = '{\"name\": \"Pen\"}', edited = '{name,quantity}', edited_at = now(),"
        " quantity = 4 WHERE id = $1",
        body["id"],
    )
    edited.set()

    async def enriched() -> Any:
        return await admin.fetchrow(
            "SELECT details, quantity FROM capture_items WHERE id = $1 AND enrichment = 'done'", body["id"]
        )

    row = await until(enriched)
    assert (json.loads(row["details"]), row["quantity"]) == ({"name": "Pen", "brand": "Stabilo"}, 4)
    query = "SELECT quantity::integer FROM item_sources WHERE source = 'photo' AND ref = $1"
    assert await admin.fetchval(query, body["id"]) == 4


async def test_sent_again(person: Person, admin: asyncpg.Connection, settings: Settings) -> None:
    """The same `client_item_id` again is the same item, in each way of sending, and no second picture is kept."""
    path = photos_of(await opened_session(admin, person))
    file = {"file": ("a.jpg", PLAIN, "image/jpeg"), "client_item_id": (None, "one")}
    first, again = [await person.post(path, files=file) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 200)
    url = f"data:image/jpeg;base64,{base64.b64encode(PLAIN).decode()}"
    third = await person.post(path, {"data_url": url, "client_item_id": "one"})
    ids = {answer.json()["id"] for answer in (first, again, third)}
    assert len(ids) == 1
    assert await admin.fetchval("SELECT count(*) FROM images WHERE user_id = $1", person.id) == 1
    month = f"tenants/{person.tenant_id}/20"
    image_id = first.json()["image_id"]
    assert len([key for key in await Bucket(settings).keys(month) if image_id in key]) == 2


async def test_sent_again_after_temporal_was_away(
    seeing: Seeing, ann: Person, admin: asyncpg.Connection, settings: Settings
) -> None:
    """A photo that nobody could be told to look at is looked at when its device sends it again."""
    path = photos_of(await opened_session(admin, ann))
    file = {"file": ("a.jpg", PLAIN, "image/jpeg"), "client_item_id": (None, "one")}
    away = replace(settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", update_timeout_seconds=0.3)
    async with application(away) as client:
        first = await replace(ann, client=client).post(path, files=file)
    again = await ann.post(path, files=file)
    assert (first.status_code, again.status_code) == (201, 200)

    async def enriched() -> Any:
        query = "SELECT FROM capture_items WHERE id = $1 AND enrichment = 'done'"
        return await admin.fetchrow(query, first.json()["id"]) is not None

    assert await until(enriched)
    assert len(seeing.model.requests) == 1


async def test_of_an_upload(person: Person, other: Person, admin: asyncpg.Connection) -> None:
    """The key of an upload is a photo of a session, once; nobody else's is."""
    path = photos_of(await opened_session(admin, person))
    image = ok(await person.post("/api/v1/uploads/images", files={"file": ("a.jpg", PLAIN, "image/jpeg")}))
    foreign = ok(await other.post("/api/v1/uploads/images", files={"file": ("a.jpg", PLAIN, "image/jpeg")}))
    first = await person.post(path, {"object_key": image["object_key"]})
    again = await person.post(path, {"object_key": image["object_key"]})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["image_id"] == image["id"]
    problem(await person.post(path, {"object_key": foreign["object_key"]}), 404, "not_found")


@pytest.mark.parametrize(
    ("columns", "status", "code"),
    [
        ({"photos": 100}, 409, "session_full"),
        ({"status": "closed"}, 410, "session_expired"),
        ({"status": "expired"}, 410, "session_expired"),
    ],
    ids=["full", "closed", "expired"],
)
async def test_not_taken(
    person: Person, admin: asyncpg.Connection, columns: dict[str, Any], status: int, code: str
) -> None:
    """A session that is full, or has ended, takes no photo, and no picture is kept for it."""
    path = photos_of(await opened_session(admin, person, **columns))
    problem(await person.post(path, files={"file": ("a.jpg", PLAIN, "image/jpeg")}), status, code)
    assert await admin.fetchval("SELECT count(*) FROM images WHERE user_id = $1", person.id) == 0


async def test_nobody_elses_session(person: Person, other: Person, admin: asyncpg.Connection) -> None:
    """Another's session is 404, as is one that is nobody's; wrong names are told."""
    path = photos_of(await opened_session(admin, other))
    file = {"file": ("a.jpg", PLAIN, "image/jpeg")}
    problem(await person.post(path, files=file), 404, "not_found")
    problem(await person.post(photos_of(str(uuid.uuid4())), files=file), 404, "not_found")
    too_long = {**file, "client_item_id": (None, "x" * 101)}
    assert wrong(await other.post(path, files=too_long)) == {"client_item_id": "too_long"}
    for bad in ("a\nb", "a b", "<b>", ""):
        broken = {**file, "client_item_id": (None, bad)}
        assert wrong(await other.post(path, files=broken)) == {"client_item_id": "bad_format"}

"""Pictures over HTTP: uploaded, presigned and confirmed, seen, swept, and gone with their person."""

import asyncio
import base64
import io
import re
import uuid
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.erasure import Eraser
from activities.images import ImageSweeper
from api import photo_form, uploads
from cli.embedded import EmbeddedStack
from cli.embedded.ports import free_ports
from db.images import Image
from db.pool import Database
from onboarding.payloads import Erase, ImageSweep
from runtime.settings import Settings
from runtime.storage import Objects, prefix_of
from tests.api import desks
from tests.api.company import Company
from tests.erasing import Bucket, receipt
from tests.pictures import PLACE, drawn, opened, png_claiming, saved, told
from tests.stack import Json, Person, application, ok, problem, wrong

UPLOADS, IMAGES = "/api/v1/uploads/images", "/api/v1/images"
MOST = 5 * 1024 * 1024
JPEG = saved(drawn(640, 480))
KEY = re.compile(r"tenants/[0-9a-f-]{36}/\d{4}/\d{2}/[0-9a-f-]{36}\.(jpg|png|webp)")
Sql = Callable[..., Awaitable[object]]


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    """The store of files, as somebody sees it who has its keys."""
    return Bucket(settings)


async def upload(
    person: Person, content: bytes, kind: str | None = "image/jpeg", name: str = "a.jpg"
) -> httpx.Response:
    """Upload a picture."""
    return await person.post(UPLOADS, files={"file": (name, content, kind)})


async def presigned(person: Person, kind: str = "image/jpeg", size: int = len(JPEG)) -> Json:
    """A form to upload with."""
    body = {"file_name": "a.jpg", "content_type": kind, "size": size}
    return ok(await person.post(f"{UPLOADS}/presign", body))


async def sent(form: Json, content: bytes, **changes: str | None) -> httpx.Response:
    """Use a form, with some of its fields changed, or without them."""
    fields = {name: value for name, value in {**form["fields"], **changes}.items() if value is not None}
    async with httpx.AsyncClient(timeout=60) as s3:
        return await s3.post(form["url"], data=fields, files={"file": ("a.jpg", content)})


async def confirm(person: Person, form: Json) -> httpx.Response:
    """Say that it was used."""
    return await person.post(f"{UPLOADS}/confirm", {"object_key": form["object_key"]})


async def had(person: Person, url: str, **query: str) -> httpx.Response:
    """Follow a picture's address to the store."""
    answer = await person.get(url, params=query or None)
    assert answer.status_code == 302, answer.text
    async with httpx.AsyncClient(timeout=60) as s3:
        return await s3.get(answer.headers["location"])


async def swept(database: Database, settings: Settings) -> int:
    """What one walk of the sweep takes away."""
    report: Any = await ActivityEnvironment().run(
        ImageSweeper(database, Objects(settings)).sweep_images, ImageSweep()
    )
    return report.changed


async def test_an_upload(person: Person, bucket: Bucket) -> None:
    """A picture is kept under a key of its tenant and month, cleaned, and is seen under an address that stays."""
    content = saved(drawn(640, 480), exif=told(), comment=PLACE)
    body = ok(await upload(person, content))
    assert set(body) == {"id", "object_key", "image_url", "thumbnail_url", "width", "height"}
    assert KEY.fullmatch(body["object_key"])
    assert body["object_key"].startswith(f"tenants/{person.tenant_id}/")
    assert (body["width"], body["height"], body["image_url"]) == (640, 480, f"{IMAGES}/{body['id']}")
    keys = [key for key in await bucket.keys(f"tenants/{person.tenant_id}/") if body["id"] in key]
    mine = {key: await bucket.get(key) for key in keys}
    assert len(mine) == 2
    for each in mine.values():
        assert PLACE not in each
        assert dict(opened(each).getexif()) == {}
    seen = await had(person, body["image_url"])
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/jpeg")
    assert seen.content == mine[body["object_key"]]
    small = await had(person, body["thumbnail_url"])
    assert (opened(small.content).size, small.headers["content-type"]) == ((320, 240), "image/webp")


async def test_status_and_headers(person: Person) -> None:
    """An upload is 201; the redirect is for the one who asks, and shorter than what it leads to."""
    answer = await upload(person, JPEG)
    assert answer.status_code == 201
    seen = await person.get(answer.json()["image_url"])
    assert "private" in seen.headers["cache-control"]
    assert "X-Amz-Expires=600" in seen.headers["location"]
    link = ok(await person.get(answer.json()["image_url"], params={"redirect": "false", "size": "thumbnail"}))
    async with httpx.AsyncClient(timeout=60) as s3:
        assert (await s3.get(link["url"])).status_code == 200
        assert (await s3.get(link["url"].partition("?")[0])).status_code == 403
        forged = link["url"].replace("-320.webp", ".jpg")
        assert (await s3.get(forged)).status_code == 403
    assert wrong(await person.get(answer.json()["image_url"], params={"size": "huge"})) == {"size": "not_allowed"}


async def test_unversioned_and_with_a_key(person: Person) -> None:
    """The unversioned address serves as well, and the same request under its key is one picture."""
    key = {"Idempotency-Key": uuid.uuid4().hex}
    files = {"file": ("a.jpg", JPEG, "image/jpeg")}
    answers = [await person.post("/api/uploads/images", files=files, headers=key) for _ in range(2)]
    assert ok(answers[0]) == ok(answers[1])
    assert answers[1].headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize(
    ("kind", "format", "extension"),
    [("image/png", "PNG", "png"), ("image/webp", "WEBP", "webp"), ("image/heic", "HEIF", "jpg")],
)
async def test_kinds(person: Person, kind: str, format: str, extension: str) -> None:
    """Each kind is taken; HEIC, which few browsers show, comes back as JPEG."""
    body = ok(await upload(person, saved(drawn(), format), kind))
    assert body["object_key"].endswith(f".{extension}")
    seen = await had(person, body["image_url"])
    assert opened(seen.content).format == ("JPEG" if kind == "image/heic" else format)


@pytest.mark.parametrize(
    ("content", "kind", "name", "status", "code"),
    [
        (b"GIF89a", "image/gif", "a.gif", 415, "unsupported_media_type"),
        (b"<svg/>", "image/svg+xml", "a.png", 415, "unsupported_media_type"),
        (JPEG, None, "a.txt", 415, "unsupported_media_type"),
        (JPEG, "image/png", "a.png", 415, "unsupported_media_type"),
        (b"hello", "image/jpeg", "a.jpg", 400, "image_unreadable"),
        (JPEG[: len(JPEG) // 2], "image/jpeg", "a.jpg", 400, "image_unreadable"),
        (png_claiming(50_000, 50_000), "image/png", "a.png", 400, "image_unreadable"),
        (b"", "image/jpeg", "a.jpg", 400, "validation_error"),
        (JPEG + b"\0" * (MOST + 1 - len(JPEG)), "image/jpeg", "a.jpg", 413, "payload_too_large"),
    ],
    ids=["gif", "svg", "unnamed", "other", "text", "half", "bomb", "empty", "large"],
)
async def test_refused(
    person: Person, admin_sql: Sql, content: bytes, kind: str | None, name: str, status: int, code: str
) -> None:
    """What is no picture of ours, a broken one or too large a one is refused, and nothing of it is kept."""
    problem(await upload(person, content, kind, name), status, code)
    assert await admin_sql("DELETE FROM images WHERE user_id = $1", person.id) == "DELETE 0"


async def test_the_largest(person: Person) -> None:
    """A file of exactly as many bytes as may be is taken."""
    ok(await upload(person, JPEG + b"\0" * (MOST - len(JPEG))))


async def test_wrong_forms(person: Person) -> None:
    """Every failing field is named; a body that is no form is 415, one announced to be too large is not read."""
    files = [("file", ("a.jpg", JPEG, "image/jpeg")), ("file", ("b.jpg", JPEG, "image/jpeg")), ("x", (None, "1"))]
    assert wrong(await person.post(UPLOADS, files=files)) == {"file": "repeated", "x": "unknown_field"}
    assert wrong(await person.post(UPLOADS, files={"y": (None, "1")})) == {
        "y": "unknown_field",
        "file": "required",
    }
    assert wrong(await person.post(UPLOADS, files={"file": (None, "1")})) == {"file": "wrong_type"}
    problem(await person.post(UPLOADS, {"file": "x"}), 415, "unsupported_media_type")
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(10**9)}
    problem(await person.send("POST", UPLOADS, content=b"--x", headers=headers), 413, "payload_too_large")
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(await person.send("POST", UPLOADS, content=b"nothing", headers=headers), 400, "validation_error")


async def test_a_form_of_ones_own(person: Person, bucket: Bucket) -> None:
    """What was uploaded by a presigned form is, once confirmed, kept as a direct upload is; twice is once."""
    form = await presigned(person)
    assert set(form) == {"url", "fields", "object_key", "expires_at"}
    assert KEY.fullmatch(form["object_key"])
    problem(await confirm(person, form), 409, "image_not_uploaded")
    assert (await sent(form, saved(drawn(640, 480), exif=told()))).status_code in (200, 204)
    body = ok(await confirm(person, form))
    assert set(body) == {"id", "object_key", "image_url", "thumbnail_url", "width", "height"}
    assert (body["object_key"], body["width"]) == (form["object_key"], 640)
    assert ok(await confirm(person, form)) == body
    assert dict(opened((await had(person, body["image_url"])).content).getexif()) == {}
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == []


async def test_confirmed_twice_at_once(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is told to look just after another attempt has finished gives its answer, not that nothing is there."""
    form = await presigned(person)
    await sent(form, JPEG)
    before: list[Json] = []
    copy = Objects.copy

    async def late(objects: Objects, key: str, into: Any, at_most: int) -> int | None:
        if not before:
            monkeypatch.setattr(Objects, "copy", copy)
            before.append(ok(await confirm(person, form)))
        return await copy(objects, key, into, at_most)

    monkeypatch.setattr(Objects, "copy", late)
    assert ok(await confirm(person, form)) == before[0]


async def test_a_form_used_after_all(
    person: Person, bucket: Bucket, admin_sql: Sql, database: Database, settings: Settings
) -> None:
    """The form used again after the confirmation changes nothing that is seen, and its object is swept."""
    form = await presigned(person)
    await sent(form, JPEG)
    body = ok(await confirm(person, form))
    before = (await had(person, body["image_url"])).content
    await sent(form, b"<script>alert(1)</script>")
    assert ok(await confirm(person, form)) == body
    assert (await had(person, body["image_url"])).content == before
    assert len(await bucket.keys(prefix_of(person.tenant_id, person.id))) == 1
    await admin_sql("UPDATE images SET upload_until = now() - interval '1 s' WHERE user_id = $1", person.id)
    assert await swept(database, settings) >= 1
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == []
    assert (await had(person, body["image_url"])).content == before


def policy(form: Json, **changes: Any) -> str:
    """The form's policy with another word in it."""
    text = base64.b64decode(form["fields"]["policy"]).decode()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, str(new))
    return base64.b64encode(text.encode()).decode()


async def test_a_form_cannot_be_bent(person: Person, other: Person, bucket: Bucket) -> None:
    """Another key, another type, nothing, one byte too many, a changed or foreign policy: S3 takes none of it."""
    form, foreign = await presigned(person), await presigned(other)
    elsewhere = prefix_of(other.tenant_id, other.id) + "x"
    attempts = {
        "another key": sent(form, JPEG, key=elsewhere),
        "the final key": sent(form, JPEG, key=form["object_key"]),
        "a key below": sent(form, JPEG, key=form["fields"]["key"] + "/x"),
        "another type": sent(form, JPEG, **{"Content-Type": "text/html"}),
        "no type": sent(form, JPEG, **{"Content-Type": None}),
        "nothing": sent(form, b""),
        "too large": sent(form, b"\0" * (MOST + 1)),
        "more bytes allowed": sent(form, b"\0" * (MOST + 1), policy=policy(form, **{str(MOST): MOST * 2})),
        "another key allowed": sent(
            form, JPEG, key=elsewhere, policy=policy(form, **{form["fields"]["key"]: elsewhere})
        ),
        "a policy of somebody else's": sent(form, JPEG, policy=foreign["fields"]["policy"]),
        "no policy": sent(form, JPEG, policy=None),
        "no signature": sent(form, JPEG, **{"x-amz-signature": None}),
        "another signature": sent(form, JPEG, **{"x-amz-signature": foreign["fields"]["x-amz-signature"]}),
    }
    answers = {name: (await attempt).status_code for name, attempt in attempts.items()}
    assert {name: status for name, status in answers.items() if not 400 <= status < 500} == {}
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == []
    assert await bucket.keys(prefix_of(other.tenant_id, other.id)) == []
    assert await bucket.keys(form["object_key"]) == []
    assert (await sent(form, JPEG)).status_code in (200, 204)


async def test_a_form_expires(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time a form is refused."""
    monkeypatch.setattr(uploads, "FORM_SECONDS", -1)
    form = await presigned(person)
    assert (await sent(form, JPEG)).status_code == 403


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<html>", 400, "image_unreadable"),
        (saved(drawn(), "PNG"), 400, "image_unreadable"),
        (JPEG[:300], 400, "image_unreadable"),
    ],
    ids=["html", "png", "half"],
)
async def test_what_is_confirmed_is_looked_at(
    person: Person, bucket: Bucket, content: bytes, status: int, code: str
) -> None:
    """An upload that is no picture of its type is refused and deleted; the form may be used anew."""
    form = await presigned(person)
    await sent(form, content)
    problem(await confirm(person, form), status, code)
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == []
    problem(await confirm(person, form), 409, "image_not_uploaded")
    await sent(form, JPEG)
    ok(await confirm(person, form))


async def test_what_cannot_be_presigned(person: Person) -> None:
    """Other types are 415, more bytes 413; every failing field is named."""
    body = {"file_name": "a.jpg", "content_type": "image/jpeg", "size": 10}
    problem(
        await person.post(f"{UPLOADS}/presign", {**body, "content_type": "text/html"}),
        415,
        "unsupported_media_type",
    )
    problem(await person.post(f"{UPLOADS}/presign", {**body, "size": MOST + 1}), 413, "payload_too_large")
    ok(await person.post(f"{UPLOADS}/presign", {**body, "size": MOST}))
    answer = await person.post(f"{UPLOADS}/presign", {"file_name": "", "size": 0, "key": "x"})
    assert wrong(answer) == {
        "file_name": "too_short",
        "content_type": "required",
        "size": "too_small",
        "key": "unknown_field",
    }


async def test_nobody_elses(person: Person, other: Person) -> None:
    """Another's picture is 404 in every way, as is one that is nobody's; so is a key of theirs."""
    body, form = ok(await upload(person, JPEG)), await presigned(person)
    await sent(form, JPEG)
    for answer in (
        await other.get(body["image_url"]),
        await other.send("DELETE", body["image_url"]),
        await confirm(other, form),
        await confirm(other, body),
        await person.get(f"{IMAGES}/{uuid.uuid4()}"),
        await person.post(f"{UPLOADS}/confirm", {"object_key": "tenants/x"}),
    ):
        problem(answer, 404, "not_found")
    ok(await confirm(person, form))


async def test_a_phone_reaches_its_own(person: Person) -> None:
    """A phone gets at what it uploaded itself, and at no other picture of the owner, by id or by key."""
    desk = await desks.opened(person)
    theirs = ok(await upload(person, JPEG))
    photos, phone = f"{desk.phone.session}/photos", desk.phone
    by_key = {"object_key": theirs["object_key"]}
    for answer in (
        await phone.send("GET", theirs["image_url"]),
        await phone.send("POST", f"{UPLOADS}/confirm", json=by_key),
        await phone.send("POST", "/api/v1/photos/analyze", json=by_key),
        await phone.send("POST", photos, json=by_key),
    ):
        problem(answer, 404, "not_found")
    plan = {"file_name": "a.jpg", "content_type": "image/jpeg", "size": len(JPEG)}
    form = ok(await phone.send("POST", f"{UPLOADS}/presign", json=plan))
    await sent(form, JPEG)
    own = ok(await phone.send("POST", f"{UPLOADS}/confirm", json={"object_key": form["object_key"]}))
    assert (await phone.send("GET", own["image_url"])).status_code == 302
    ok(await phone.send("POST", photos, json={"object_key": form["object_key"]}))


async def test_what_a_deleted_picture_showed(person: Person) -> None:
    """An item of the review list does not lead to a picture that was deleted."""
    desk = await desks.opened(person)
    photo = ok(await person.post(f"{desk.path}/photos", files={"file": ("a.jpg", JPEG, "image/jpeg")}))
    (item,) = ok(await person.get("/api/v1/items"))["items"]
    assert item["image_url"] == photo["image_url"]
    seen = await person.get(f"{desk.path}/items")
    version = ok(seen)["version"]
    assert (await person.send("DELETE", photo["image_url"])).status_code == 204
    assert ok(await person.get(f"/api/v1/items/{item['id']}"))["image_url"] is None
    (left,) = ok(await person.get(f"{desk.path}/items?since={version}"))["items"]
    assert (left["id"], left["image_url"]) == (photo["id"], None)
    again = await person.send("GET", f"{desk.path}/items", headers={"If-None-Match": seen.headers["etag"]})
    assert again.status_code == 200


async def test_deleted_while_it_is_looked_at(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who deletes a picture beside another request for it is told that it is gone, and stays signed in."""
    body = ok(await upload(person, JPEG))
    found = photo_form.visible

    async def late(*asked: Any) -> Image:
        image = await found(*asked)
        # Its own task: the requests are served in the context of whoever sends them.
        deleted = await asyncio.create_task(person.send("DELETE", body["image_url"]))
        assert deleted.status_code == 204
        return image

    monkeypatch.setattr(photo_form, "visible", late)
    desk = await desks.opened(person)
    problem(await person.post(f"{desk.path}/photos", {"image_id": body["id"]}), 404, "not_found")
    body = ok(await upload(person, JPEG))
    problem(await person.post("/api/v1/photos/analyze", {"image_id": body["id"]}), 404, "not_found")


async def test_deleted(person: Person, bucket: Bucket) -> None:
    """A deleted picture is gone with its objects, and cannot be confirmed back."""
    body = ok(await upload(person, JPEG))
    assert (await person.send("DELETE", body["image_url"])).status_code == 204
    problem(await person.get(body["image_url"]), 404, "not_found")
    problem(await person.send("DELETE", body["image_url"]), 404, "not_found")
    problem(await confirm(person, body), 404, "not_found")
    assert [key for key in await bucket.keys() if body["id"] in key] == []


async def test_what_nobody_confirms(
    person: Person, bucket: Bucket, admin_sql: Sql, database: Database, settings: Settings
) -> None:
    """An upload that nobody confirms within an hour is swept with its object; before, it is left alone."""
    form, fresh = await presigned(person), await presigned(person)
    await sent(form, JPEG)
    await sent(fresh, JPEG)
    past = "UPDATE images SET upload_until = now() - interval '1 s' WHERE object_key = $1"
    await admin_sql(past, form["object_key"])
    problem(await confirm(person, form), 404, "not_found")
    assert await swept(database, settings) >= 1
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == [fresh["fields"]["key"]]
    ok(await confirm(person, fresh))


async def test_while_s3_is_away(
    person: Person, settings: Settings, database: Database, bucket: Bucket, admin_sql: Sql
) -> None:
    """It is 503 with Retry-After; what was begun is swept, and an upload that was made is confirmed later."""
    form = await presigned(person)
    await sent(form, JPEG)
    nowhere = replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    async with application(nowhere) as client:
        cut = replace(person, client=client)
        for answer in (await upload(cut, JPEG), await confirm(cut, form)):
            problem(answer, 503, "storage_unavailable")
            assert int(answer.headers["retry-after"]) > 0
    ok(await confirm(person, form))
    await admin_sql("UPDATE images SET upload_until = now() - interval '1 s' WHERE user_id = $1", person.id)
    assert await swept(database, settings) >= 1
    assert await admin_sql("DELETE FROM images WHERE user_id = $1", person.id) == "DELETE 1"
    assert [key for key in await bucket.keys() if form["object_key"].rpartition(".")[0] in key] != []


async def test_a_picture_is_a_logo(company: Company) -> None:
    """The key of an upload is taken as the logo of a company."""
    body = ok(await upload(company.admin, saved(drawn(), "PNG"), "image/png"))
    await company.admin.start(flow="company")
    answers = {
        1: {"role": "ceo", "experience_level": "beginner"},
        2: {"name": "Acme", "industry": "other", "size": "small", "logo": body["object_key"]},
    }
    for step, data in answers.items():
        ok(await company.admin.post("/api/v1/onboarding/step", {"step": step, "data": data, "flow": "company"}))


async def test_it_is_in_the_export(person: Person) -> None:
    """Pictures are in a person's own copy: their files, without the small copies, and their rows."""
    body = ok(await upload(person, JPEG))
    await presigned(person)
    content = (await person.get(f"/api/v1/users/{person.id}/export")).content
    archive = zipfile.ZipFile(io.BytesIO(content))
    name = f"objects/images/{body['object_key'].rpartition('/')[2]}"
    assert [each for each in archive.namelist() if each.startswith("objects/")] == [name]
    assert opened(archive.read(name)).size == (640, 480)
    assert body["id"] in archive.read("images.json").decode()


async def test_it_goes_with_the_person(
    person: Person, other: Person, bucket: Bucket, admin: asyncpg.Connection
) -> None:
    """Who is erased leaves no picture, neither a ready one nor an upload on its way; others keep theirs."""
    kept = ok(await upload(other, JPEG))
    bodies = [ok(await upload(person, JPEG)) for _ in range(2)]
    form = await presigned(person)
    await sent(form, JPEG)
    location = (await person.post(f"/api/v1/users/{person.id}/erase")).headers["location"]
    counts = (await receipt(person, location))["counts"]
    assert counts["objects"] == 5
    assert counts["database"]["images"] == 3
    ids = [body["id"] for body in bodies]
    assert [key for key in await bucket.keys() if any(id in key for id in ids)] == []
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == []
    assert (await had(other, kept["image_url"])).status_code == 200


async def test_none_comes_while_they_are_erased(
    person: Person,
    bucket: Bucket,
    admin: asyncpg.Connection,
    database: Database,
    temporal: Client,
    settings: Settings,
) -> None:
    """Once the erasure was asked for, no picture becomes ready: nobody would find its files."""
    form = await presigned(person)
    await sent(form, JPEG)
    await admin.execute(
        "INSERT INTO erasures (id, tenant_id, user_id, requested_by) VALUES (uuidv7(), $1, $2, $2)",
        person.tenant_id,
        person.id,
    )
    problem(await upload(person, JPEG), 401, "auth_invalid_token")
    problem(await confirm(person, form), 401, "auth_invalid_token")
    assert [key for key in await bucket.keys() if form["object_key"].rpartition(".")[0] in key] == []
    message = Erase(erasure_id="", tenant_id=person.tenant_id, user_id=person.id)
    await ActivityEnvironment().run(Eraser(database, temporal, Objects(settings)).delete_objects, message)
    assert await bucket.keys(prefix_of(person.tenant_id, person.id)) == []


@pytest.fixture
async def admin(stack: EmbeddedStack) -> Any:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


@pytest.fixture
def database(app_database: Database) -> Database:
    """As the worker has it."""
    return app_database

"""The capture routes as the contract has them, over real HTTP, and the pages as they are served; no database."""

import asyncio
import io
import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import segno
from litestar import Litestar, MediaType, Request, Response, delete, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct, field

from api.capture_page import capture_pages
from runtime.settings import Settings
from tests.scan_service import listening

API = "/api/v1"
SESSIONS = f"{API}/capture/sessions"
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
Json = dict[str, Any]


class Arrived(Struct, frozen=True, kw_only=True):
    """A request that came."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class StandIn(Struct, kw_only=True):
    """One session of one person, and how it is to behave."""

    url: str = ""
    session_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    token: str = "T" * 43
    is_open: bool = True
    arrived: list[Arrived] = field(default_factory=list[Arrived])
    items: dict[str, Json] = field(default_factory=dict[str, Json])
    scans: dict[str, str] = field(default_factory=dict[str, str])
    changes: list[Json] = field(default_factory=list[Json])
    refuse: list[Response[Json]] = field(default_factory=list[Response[Json]])
    """What the next posts of the phone are answered with."""
    lose_answer: bool = False
    """Take the next post and hang up instead of answering."""
    edit_seconds: float = 0.0
    """How long an edit takes."""
    hang_up: asyncio.Event = field(default_factory=asyncio.Event)
    """End the streams that are open."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def link(self) -> str:
        """What the code on the desktop leads to."""
        return f"{self.url}/capture/{self.session_id}?kind=barcode#{self.token}"

    def posts(self, what: FromPath[str]) -> list[Arrived]:
        """The posts of this kind."""
        return [each for each in self.arrived if each.method == "POST" and each.url.endswith(f"/{what}")]

    def quantities(self) -> dict[str, int]:
        """How often each barcode is there."""
        return {item["barcode"]: item["quantity"] for item in self.items.values() if item["kind"] == "barcode"}

    def note(self, item: Json) -> Json:
        """Number a change, and tell of it."""
        item["version"] = len(self.changes) + 1
        self.changes.append(dict(item))
        self.changed.set()
        return item

    def scan(self, body: Json) -> Json:
        """Take a scan, once."""
        known = self.scans.get(body["client_item_id"])
        if known:
            return {**self.items[known], "duplicate": True}
        same = next((each for each in self.items.values() if each.get("barcode") == body["barcode"]), None)
        item = same or self.made("barcode", barcode=body["barcode"], quantity=0)
        item["quantity"] += 1
        self.scans[body["client_item_id"]] = item["id"]
        return {**self.note(item), "duplicate": same is not None}

    def made(self, kind: str, **fields: Any) -> Json:
        """A new item."""
        item = {
            "id": str(uuid.uuid4()),
            "kind": kind,
            "name": None,
            "image_id": None,
            "deleted_at": None,
            **fields,
        }
        self.items[item["id"]] = item
        return item

    def opened(self) -> Json:
        """A session as it is told to whom made its link."""
        qr = io.BytesIO()
        segno.make(self.link).save(qr, kind="svg", xmldecl=False, scale=4)
        photos = self.link.replace("barcode", "photo")
        links = {"mobile_barcode_url": self.link, "mobile_photo_url": photos, "qr_svg": qr.getvalue().decode()}
        return {**self.told(), **links}

    def told(self) -> Json:
        """A session as it is told later."""
        expires_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        return {"session_id": self.session_id, "status": "active", "expires_at": expires_at}


Given = NamedDependency[StandIn]


def problem(status: int, code: str, detail: str, **headers: str) -> Response[Json]:
    """A problem document."""
    content = {"status": status, "code": code, "detail": detail}
    return Response(content, status_code=status, media_type="application/problem+json", headers=headers)


def refusal(standin: StandIn, request: Request[Any, Any, Any]) -> Response[Json] | None:
    """What somebody is sent away with."""
    authorization = request.headers.get("authorization", "")
    if authorization not in ("Bearer access", f"Capture {standin.token}"):
        return problem(401, "auth_invalid_token", "The token is not valid.")
    if not standin.is_open:
        return problem(410, "session_expired", "The session has expired.")
    if request.method == "POST" and authorization.startswith("Capture") and standin.refuse:
        return standin.refuse.pop(0)
    return None


@post(f"{API}/auth/login", status_code=200)
async def login(request: Request[Any, Any, Any]) -> Response[Json]:
    """Sign in."""
    if await request.json() != {"email": EMAIL, "password": PASSWORD, "remember_me": False}:
        return problem(401, "auth_invalid_credentials", "E-mail or password is wrong.")
    return Response({"access_token": "access", "refresh_token": "refresh"})


@get(f"{SESSIONS}/current")
async def current(standin: Given, request: Request[Any, Any, Any]) -> Response[Json]:
    """The session, when it is open and something was captured."""
    if not standin.is_open or not standin.changes:
        return problem(404, "not_found", "No session is open.")
    return refusal(standin, request) or Response(standin.told())


@post(SESSIONS)
async def open_session(standin: Given) -> Json:
    """Open it."""
    standin.is_open = True
    return standin.opened()


@post(f"{SESSIONS}/{{session_id:str}}/{{what:str}}")
async def change_session(
    standin: Given, request: Request[Any, Any, Any], session_id: FromPath[str], what: FromPath[str]
) -> Response[Json]:
    """A phone's captures, and what the owner does with the session."""
    if refused := refusal(standin, request):
        return refused
    match what:
        case "barcodes":
            answer: Json = {"items": [standin.scan(each) for each in (await request.json())["barcodes"]]}
        case "photos":
            form = await request.form()
            known = standin.scans.get(form["client_item_id"])
            item = (
                standin.items[known]
                if known
                else standin.made("photo", quantity=1, size=len(await form["file"].read()))
            )
            standin.scans[form["client_item_id"]] = item["id"]
            answer = standin.note(item)
        case "rotate-token":
            standin.token = uuid.uuid4().hex
            answer = standin.opened()
        case _:
            answer = standin.told()
    if standin.lose_answer:
        standin.lose_answer = False
        return problem(502, "upstream", "The answer was lost on its way.")
    return Response(answer)


@delete(f"{SESSIONS}/{{session_id:str}}")
async def close_session(standin: Given, session_id: FromPath[str]) -> None:
    """Close it."""
    standin.is_open = False
    standin.changed.set()


@get(f"{SESSIONS}/{{session_id:str}}/items")
async def list_items(standin: Given, request: Request[Any, Any, Any], session_id: FromPath[str]) -> Response[Json]:
    """What was captured, newest first."""
    items = [item for item in standin.items.values() if not item["deleted_at"]]
    return refusal(standin, request) or Response({"items": items[::-1], "next_cursor": None})


@patch(f"{SESSIONS}/{{session_id:str}}/items/{{item_id:str}}")
async def edit(
    standin: Given, request: Request[Any, Any, Any], session_id: FromPath[str], item_id: FromPath[str]
) -> Response[Json]:
    """Change one that did not change in between."""
    await asyncio.sleep(standin.edit_seconds)
    item = standin.items[item_id]
    if request.headers["if-match"] != f'"{item["version"]}"':
        return problem(412, "precondition_failed", "The item has changed.")
    item.update(await request.json())
    return Response(standin.note(item))


@delete(f"{SESSIONS}/{{session_id:str}}/items/{{item_id:str}}")
async def remove(standin: Given, session_id: FromPath[str], item_id: FromPath[str]) -> None:
    """Delete one."""
    standin.note({**standin.items.pop(item_id), "deleted_at": datetime.now(UTC).isoformat()})


@get(f"{SESSIONS}/{{session_id:str}}/stream", media_type=MediaType.TEXT)
async def stream(
    standin: Given, request: Request[Any, Any, Any], session_id: FromPath[str]
) -> ServerSentEvent | Response[Json]:
    """Everything, or each change since `Last-Event-ID`."""
    seen = request.headers.get("last-event-id")
    return refusal(standin, request) or ServerSentEvent(_changes(standin, seen))


async def _changes(standin: StandIn, last_event_id: str | None) -> AsyncGenerator[ServerSentEventMessage]:
    standin.hang_up.clear()
    seen = int(last_event_id or len(standin.changes))
    if last_event_id is None:
        items = [item for item in standin.items.values() if not item["deleted_at"]][::-1]
        yield _message("snapshot", seen, {"session": standin.told(), "items": items})
    # As in the application: a session that ends is told, then the stream ends.
    while True:
        standin.changed.clear()
        for change in standin.changes[seen:]:
            seen = change["version"]
            yield _message("item_deleted" if change["deleted_at"] else "item", seen, change)
        if not standin.is_open:
            yield _message("session", seen, {**standin.told(), "status": "closed"})
            return
        waits = [asyncio.ensure_future(event.wait()) for event in (standin.changed, standin.hang_up)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        if standin.hang_up.is_set():
            return


def _message(event: str, number: int, data: Json) -> ServerSentEventMessage:
    return ServerSentEventMessage(event=event, id=str(number), data=json.dumps(data))


@get(f"{API}/images/{{image_id:str}}")
async def link_of_image(
    standin: Given, request: Request[Any, Any, Any], image_id: FromPath[str]
) -> Response[Json]:
    """Where a picture is: any that can be shown will do."""
    assert dict(request.query_params) == {"size": "thumbnail", "redirect": "false"}
    return refusal(standin, request) or Response({"url": f"{standin.url}/capture/assets/page/icon.svg"})


@post(f"{API}/auth/logout", status_code=204)
async def logout() -> None:
    """Sign out."""


@asynccontextmanager
async def standing_in() -> AsyncGenerator[StandIn]:
    """The stand-in behind a server of its own."""
    standin = StandIn()

    async def remember(request: Request[Any, Any, Any]) -> None:
        standin.arrived.append(
            Arrived(
                method=request.method,
                url=str(request.url),
                headers=dict(request.headers),
                body=await request.body() if request.method == "POST" else b"",
            )
        )

    routes = [
        login,
        current,
        open_session,
        change_session,
        close_session,
        list_items,
        edit,
        remove,
        stream,
        link_of_image,
        logout,
    ]
    app = Litestar(
        [*routes, capture_pages(Settings())],
        dependencies={
            "standin": Provide(lambda: standin, sync_to_thread=False),
        },
        before_request=remember,
        openapi_config=None,
        logging_config=None,
    )
    async with listening(app) as standin.url:
        yield standin

"""What the tests over HTTP stand on: one real stack, the real application, and people who use it."""

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Any, TypeVar

import httpx
import uvicorn
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace

from api.__main__ import Server, opened
from api.app import Opening, create_app, outermost
from api.deps import Deps
from cli.embedded.ports import free_ports
from onboarding.flows.fitness import FITNESS
from runtime.settings import Settings

PASSWORD = "correct horse battery"
RUNS = "/api/v1/onboarding"
Json = Any
T = TypeVar("T")

EXAMPLES: dict[int, dict[str, Any]] = {state.number: dict(state.example) for state in FITNESS.states}
"""A valid answer to each state of `fitness`."""


def relaxed(settings: Settings) -> Settings:
    """Settings under which tests are fast and not slowed down; tests of the limits take stricter ones."""
    return replace(
        settings,
        argon2_time_cost=1,
        argon2_memory_kib=8,
        argon2_parallelism=1,
        rate_limit_per_minute=100_000,
        sign_in_limit_per_minute=100_000,
        ingest_limit_per_minute=100_000,
        capture_limit_per_minute=100_000,
        chat_limit_per_minute=100_000,
        chat_limit_burst=100_000,
        suggestion_limit_per_hour=100_000,
        scan_limit_per_minute=100_000,
        dashboard_cache_seconds=0,
        update_timeout_seconds=30.0,
        database_timeout_seconds=30.0,
        upcitemdb_base_url="http://127.0.0.1:9",  # nobody is asked by mistake
        quickbooks_webhook_verifier_token="known to no test",
        cors_origins="https://app.example.org, http://localhost:3000",
        mail_folder=settings.gangway_home / "mail",
    )


@asynccontextmanager
async def application(
    settings: Settings, opening: Opening = opened, address: str = "127.0.0.1"
) -> AsyncGenerator[httpx.AsyncClient]:
    """The application as its process makes it, and a client that has not signed in."""
    async with reachable(settings, opening) as client_at, client_at(address) as client:
        yield client


@asynccontextmanager
async def reachable(
    settings: Settings, opening: Opening = opened
) -> AsyncGenerator[Callable[[str], httpx.AsyncClient]]:
    """The application as its process makes it, for clients at any addresses."""
    async with _made(settings, opening) as app, _in_one_task(app.lifespan()):
        yield lambda address: client_of(app, settings, address=address)


class _Read:
    """Settings that note what is read of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self.values = settings, dict[str, Any]()

    def __getattr__(self, name: str) -> Any:
        self.values[name] = value = getattr(self._settings, name)
        return value


class _Reusable(Struct, eq=False, kw_only=True):
    """An application between two lives, and the settings that it was made by."""

    app: Litestar
    made_by: dict[str, Any]
    life: list[tuple[Settings, Opening]]


_reusable: list[_Reusable] = []


@asynccontextmanager
async def _made(settings: Settings, opening: Opening) -> AsyncGenerator[Litestar]:
    """An application that nobody else has meanwhile.

    Making one takes longer than most tests; one that has ended, and would be made the same, starts again. What it
    works with is opened anew, by these settings.
    """
    same = (
        each for each in _reusable if all(getattr(settings, name) == value for name, value in each.made_by.items())
    )
    each = next(same, None)
    if each:
        _reusable.remove(each)
    else:
        each = _new(settings)
    each.life[:] = [(settings, opening)]
    yield each.app
    _reusable.append(each)


def _new(settings: Settings) -> _Reusable:
    read, life = _Read(settings), list[tuple[Settings, Opening]]()

    def open_it(_: Settings) -> AbstractAsyncContextManager[Deps]:
        ours, opens = life[0]
        return opens(ours)

    app = create_app(read, open_it)  # type: ignore[arg-type]
    return _Reusable(app=app, made_by=dict(read.values), life=life)


@asynccontextmanager
async def _in_one_task(context: AbstractAsyncContextManager[object]) -> AsyncGenerator[None]:
    """Enter and leave a context in one task, as anyio demands: pytest sets up and tears down in two."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with context:
            entered.set()
            await leave.wait()

    holding = asyncio.create_task(hold())
    await until(lambda: entered.is_set() or holding.done())
    if holding.done():
        await holding
    try:
        yield
    finally:
        leave.set()
        await holding


def client_of(app: Litestar, settings: Settings, *, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """A client of an application inside its outermost layer."""
    transport = httpx.ASGITransport(app=outermost(app, settings), client=(address, 1))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://gangway.test")


def bound(port: int | None = None) -> socket.socket:
    """Listens on this port, or on a free one, from now on: nobody takes it before a server begins.

    Not on one that the system gives to outgoing connections: a server that ends must find it again.
    """
    while True:
        # With its protocol named: asyncio sends small answers at once on such sockets only, not after 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port or free_ports(1)[0]))
            listening.listen(2048)
        except OSError:
            listening.close()
            if port is not None:
                raise
        else:
            return listening


class _Server(Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield


@asynccontextmanager
async def served(settings: Settings) -> AsyncGenerator[str]:
    """The application behind a real server, whose address this gives: for streams, which need a socket."""
    async with _made(settings, opened) as app:
        config = uvicorn.Config(
            outermost(app, settings),  # type: ignore[arg-type]
            log_config=None,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        server, listening = _Server(config, app), bound()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(server.serve([listening]))
        await until(lambda: server.started or serving.done())
        try:
            yield address
        finally:
            server.should_exit = True
            await serving


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who has signed in; `client` sends their token."""

    client: httpx.AsyncClient
    id: str
    tenant_id: str
    email: str
    token: str
    refresh_token: str

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET as them."""
        return await self.client.get(path, headers=self.headers(options), **options)

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request as them."""
        return await self.client.request(method, path, headers=self.headers(options), **options)

    async def post(self, path: str, json: Json = None, **options: Any) -> httpx.Response:
        """POST as them; without a body when `json` is None."""
        given = {} if json is None else {"json": json}
        return await self.client.post(path, headers=self.headers(options), **given, **options)

    async def patch(self, path: str, json: Json, **options: Any) -> httpx.Response:
        """PATCH as them."""
        return await self.client.patch(path, headers=self.headers(options), json=json, **options)

    async def start(self, **body: Any) -> Json:
        """Start a run, which must work."""
        return ok(await self.post(f"{RUNS}/start", body))

    async def save(self, step: int | str, data: Json = None, **options: Any) -> httpx.Response:
        """Save an answer to a state; without one, its example."""
        data = EXAMPLES[int(step)] if data is None else data
        return await self.post(f"{RUNS}/step", {"step": step, "data": data}, **options)

    async def saved_until(self, last: int) -> Json:
        """Start, and answer the states up to and with the last; gives the progress."""
        await self.start()
        return (await self.saved(1, last))["progress"]

    async def saved(self, first: int, last: int) -> Json:
        """Answer some states in one batch, which must work."""
        steps = [{"step": number, "data": EXAMPLES[number]} for number in range(first, last + 1)]
        return ok(await self.post(f"{RUNS}/steps", {"steps": steps}))

    async def completed(self) -> Json:
        """Go from the start to the profile."""
        await self.saved_until(9)
        return ok(await self.post(f"{RUNS}/complete"))

    async def progress(self, flow: str | None = None) -> Json:
        """Where their run stands."""
        return ok(await self.get(f"{RUNS}/progress", params={"flow": flow} if flow else None))

    def headers(self, options: dict[str, Any]) -> dict[str, str]:
        """Their token, and what else a request wants to send."""
        return {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}


async def sign_up(client: httpx.AsyncClient, **fields: Any) -> Person:
    """Register and sign in somebody new."""
    email = f"{uuid.uuid4().hex}@example.org"
    ok(await client.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD, **fields}))
    return await signed_in(client, email)


async def signed_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> Person:
    """Whoever has this e-mail, with a new session."""
    signed = ok(await client.post("/api/v1/auth/login", json={"email": email, "password": password}))
    user = signed["user"]
    return Person(
        client=client,
        id=user["id"],
        tenant_id=user["tenant_id"],
        email=email,
        token=signed["access_token"],
        refresh_token=signed["refresh_token"],
    )


def ok(answer: httpx.Response) -> Json:
    """The body of an answer that is a success."""
    assert answer.is_success, f"{answer.status_code}: {answer.text}"
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> Json:
    """The body of an answer that is a problem of this status and code, and has all that a problem has."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["type"] == f"urn:gangway:problem:{code}"
    assert body["instance"].rstrip("/") == answer.request.url.path.rstrip("/")
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["errors"], list)
    assert isinstance(body["retryable"], bool)
    if "idempotent-replayed" not in answer.headers:
        assert body["request_id"] == answer.headers["x-request-id"]
    return body


def wrong(answer: httpx.Response, status: int = 400, code: str = "validation_error") -> dict[str, str]:
    """The failing fields of a problem and their codes."""
    return {error["field"]: error["code"] for error in problem(answer, status, code)["errors"]}


async def until(holds: Callable[[], bool | T] | Callable[[], Awaitable[T]], seconds: float = 60.0) -> T:
    """Ask again until the answer is true, and give it; fail when that does not happen in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer: Any = holds()
        if isinstance(answer, Awaitable):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < deadline, "it did not come to hold in time"
        await asyncio.sleep(0.02)

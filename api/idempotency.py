"""`Idempotency-Key`: the same request again gets the first answer, and is not done again."""

import hashlib

import msgspec
import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from api.body import UPLOADS_WITHIN_SECONDS, within
from api.deps import Deps, Principal
from api.entry import address_of
from api.machines import Machine
from api.problems import Code, ProblemError
from api.spooling import Spooled, announced_within, content_type_of
from db import idempotency
from db.pool import DatabaseUnavailable
from db.runs import PersonGone
from db.tenant import SIGN_IN, Context
from onboarding.access import Caller
from onboarding.payloads import FieldError
from runtime.encryption import DataKey, Sealed

log = structlog.get_logger()

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
LEASE_SECONDS = 20
MAX_KEY = 255

TRIED_AGAIN = {408, 413, 415, 429}
"""Answers that are not kept, as no 5xx is: the request was not looked at yet."""


class Idempotency(ASGIMiddleware):
    """Keeps the first answer for 24 hours, sealed, unless it is one that may be tried again."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Answer a repeat from memory; run a first one and remember its answer."""
        if scope["type"] != ScopeType.HTTP:
            return
        user = scope.get("user")
        principal = user if isinstance(user, Principal) else None
        unknown = isinstance(user, Machine) or _is_sign_in(scope)
        key = next((v for k, v in scope["headers"] if k == b"idempotency-key"), None)
        if key is None or scope["method"] not in UNSAFE or not (principal or unknown):
            await next_app(scope, receive, send)
            return
        if scope["route_handler"].opt.get("resumable"):
            # Held back it would be no stream; the same message sent again finds the same answer.
            scope.setdefault("state", {})["message_id"] = hashlib.sha256(key).hexdigest()
            await next_app(scope, receive, send)
            return
        if not 0 < len(key) <= MAX_KEY:
            error = FieldError(
                field="Idempotency-Key", code="bad_length", detail=f"must have 1 to {MAX_KEY} characters"
            )
            raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
        deps: Deps = scope["app"].state.deps
        with Spooled(content_type_of(scope)) as body:
            uploads: int | None = scope["route_handler"].opt.get("uploads")
            at_most = uploads or deps.settings.body_max_bytes
            announced_within(scope, at_most)
            if not await within(body.fill(receive, at_most), UPLOADS_WITHIN_SECONDS if uploads else None):
                return
            # Here, while no connection is held: it may take one to get the key.
            data_key = await deps.keys.sealing(None)
            record = _Record(deps, data_key, principal.owner if principal else SIGN_IN, scope, key, body.content)
            if await record.replayed(send):
                return
            scope.setdefault("state", {})["message_id"] = record.message_id
            answer = _Answer()
            try:
                await next_app(scope, body.receive, answer)
            finally:
                await record.keep(answer)
            await answer.tell(send)


class _Answer:
    """Holds an answer back until it is kept: whoever has it and asks again at once gets the same one."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self.status = 0
        self.content_type = ""
        self.headers: dict[str, str] = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kept = (b"content-type", b"location", b"etag", b"www-authenticate")
            self.headers = {k.decode(): v.decode() for k, v in message["headers"] if k in kept}
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        self._messages.append(message)

    async def tell(self, send: Send) -> None:
        """Let it go."""
        for message in self._messages:
            await send(message)


class _Record:
    """One key's row."""

    def __init__(
        self, deps: Deps, data_key: DataKey, caller: Context, scope: HTTPScope, key: bytes, body: bytes
    ) -> None:
        self._deps = deps
        self._data_key = data_key
        self._caller = caller
        self._request = scope
        self._scope = f"{_who(caller, scope)}/{scope['method']} {_route(scope)}"
        self._key = key.decode("latin-1")
        self._place = f"idempotency_keys.body/{self._scope}/{self._key}".encode()
        self._hash = data_key.fingerprint(b"\n".join((scope["query_string"], _if_match(scope), body)))
        self._taken: idempotency.Fresh | None = None

    @property
    def _about_user(self) -> str | None:
        """Of whom the answer to somebody else tells, as its handler says."""
        return self._request.get("state", {}).get("about_user")

    @property
    def message_id(self) -> str:
        """The same for each attempt at this request: a run follows it once."""
        assert self._taken is not None
        since = self._taken.since.isoformat().encode()
        return hashlib.sha256(b"\n".join((self._place, self._hash, since))).hexdigest()

    async def replayed(self, send: Send) -> bool:
        """Whether there is an answer already, and it was sent.

        Raises:
            ProblemError: 409 for another body under this key, or a first request that is still running.
        """
        async with self._deps.database.transaction(self._caller) as connection:
            found = await idempotency.reserve(connection, self._scope, self._key, self._hash, LEASE_SECONDS)
        match found:
            case idempotency.Fresh():
                self._taken = found
                return False
            case idempotency.OtherBody():
                raise ProblemError(409, Code.IDEMPOTENCY_KEY_REUSED, "This key was used with another request.")
            case idempotency.InProgress():
                raise ProblemError(
                    409,
                    Code.REQUEST_IN_PROGRESS,
                    "The first request is still running.",
                    headers={"Retry-After": "2"},
                )
            case idempotency.Replay():
                sealed = msgspec.json.decode(found.body, type=Sealed)
                body = (await self._deps.keys.opening(sealed.key_id)).open(sealed, self._place)
                headers = {
                    **found.headers,
                    "content-length": str(len(body)),
                    "idempotent-replayed": "true",
                }
                await send(
                    {
                        "type": "http.response.start",
                        "status": found.status,
                        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
                    }
                )
                await send({"type": "http.response.body", "body": body, "more_body": False})
                return True

    async def keep(self, answer: _Answer) -> None:
        """Remember an answer that a repeat may get; otherwise let the same request be tried again."""
        try:
            await self._keep(answer)
        except (DatabaseUnavailable, PersonGone):
            # What was done is done; the lease ends by itself and a repeat is then done again, harmlessly.
            log.warning("an answer could not be kept for repeats")

    async def _keep(self, answer: _Answer) -> None:
        assert self._taken is not None
        async with self._deps.database.transaction(self._caller) as connection:
            momentary = self._request.get("state", {}).get("not_kept") or answer.status in TRIED_AGAIN
            if 200 <= answer.status < 500 and not momentary:
                sealed = msgspec.json.encode(self._data_key.seal(answer.body, self._place))
                await idempotency.settle(
                    connection,
                    self._scope,
                    self._key,
                    self._taken.lease,
                    status=answer.status,
                    headers=answer.headers,
                    body=sealed,
                    about_user=self._about_user,
                )
            else:
                await idempotency.release(connection, self._scope, self._key, self._taken.lease)


def _route(scope: HTTPScope) -> str:
    """The path; a route that has two names, with the version and without, has one here.

    Below `/onboarding` there are runs with the version and the company wizard without: other routes.
    """
    path = scope["path"]
    return path if path.startswith("/api/v1/onboarding/") else path.replace("/api/v1/", "/api/", 1)


def _if_match(scope: HTTPScope) -> bytes:
    return next((v for k, v in scope["headers"] if k == b"if-match"), b"")


def _is_sign_in(scope: HTTPScope) -> bool:
    return scope["route_handler"].opt.get("entry") == "sign_in"


def _who(caller: Context, scope: HTTPScope) -> str:
    """Whose key it is; a phone has its own. Where nobody is signed in, the machine's or else the address's."""
    user = scope.get("user")
    if isinstance(caller, Caller):
        phone = user.phone_of if isinstance(user, Principal) else None
        return f"{caller.tenant_id}/{caller.user_id}{f'/phone/{phone}' if phone else ''}"
    return f"account/{user.sender.id}" if isinstance(user, Machine) else f"anonymous/{address_of(scope)}"

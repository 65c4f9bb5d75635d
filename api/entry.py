"""What happens before a handler: who is asking, and are they asking too often. One round trip to the database."""

from ipaddress import ip_address
from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api import phones
from api.arrivals import bucket_of
from api.claims import Member, Verified
from api.deps import Deps, Principal
from api.machines import machine_of
from api.problems import Code, ProblemError
from api.tokens import unauthorised
from db import entry
from db.tenant import Acting
from onboarding.access import Caller

WINDOW_SECONDS = 60


class Entry(ASGIMiddleware):
    """Lets a request in. A handler's `opt["entry"]` is `open`, `sign_in` or `callback` (counted by address, each
    apart) or, by default, `signed_in` (an access token, counted by person). `or_erased` is `signed_in` that lets
    in who was erased, too; `machine` asks for the token of an AWS account, and counts by account. With
    `opt["phone"]` a phone may come, too, by the token of a capture session, and is counted by that.
    """

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Set `scope["user"]`, or raise 401, 403 or 429. What a route can do is told at the door."""
        if scope["type"] == ScopeType.HTTP and scope["method"] == "OPTIONS":
            await _tell_methods(scope, send)
            return
        deps: Deps = scope["app"].state.deps
        match scope["route_handler"].opt.get("entry", "signed_in"):
            case "open":
                await next_app(scope, receive, send)
            case "sign_in" | "callback" as policy:
                limit = deps.settings.sign_in_limit_per_minute
                bucket = f"{policy}/{address_of(scope)}"
                count = await entry.count(deps.database, bucket, limit, WINDOW_SECONDS)
                _admit(scope, policy, count)
                await next_app(scope, receive, send)
            case "machine":
                await self._let_machine_in(scope, deps)
                await next_app(scope, receive, send)
            case _ if scope["route_handler"].opt.get("phone") and phones.is_phone(_authorization(scope)):
                await self._let_phone_in(scope, deps)
                await next_app(scope, receive, send)
            case _:
                await self._sign_in(scope, deps)
                await next_app(scope, receive, send)

    async def _let_machine_in(self, scope: Scope, deps: Deps) -> None:
        try:
            machine = await machine_of(deps, _authorization(scope))
        except ProblemError:
            await _count_refused(scope, deps, "ingest")
            raise
        limit = deps.settings.ingest_limit_per_minute
        count = await entry.count(deps.database, f"account/{machine.sender.id}", limit, WINDOW_SECONDS)
        _admit(scope, "ingest", count)
        scope["user"] = machine

    async def _let_phone_in(self, scope: Scope, deps: Deps) -> None:
        try:
            holder = await phones.holder_of(deps, _authorization(scope))
        except ProblemError:
            await _count_refused(scope, deps, "capture")
            raise
        owner = await phones.enter(deps, holder, WINDOW_SECONDS)
        _admit(scope, "capture", owner)
        scope["user"] = phone = phones.let_in(holder, owner)
        scope["auth"] = phone.token

    async def _sign_in(self, scope: Scope, deps: Deps) -> None:
        # Their token stays right until it expires; they have no row, so nothing but the receipt is theirs.
        lets_in_erased = scope["route_handler"].opt.get("entry") == "or_erased"
        verified = await deps.verifier.verify(_authorization(scope), _header(scope, b"x-id-token"))
        member = await _member_of(scope, deps, verified, welcome=not lets_in_erased)
        known = await _entered(deps, member, verified)
        if not known.found and verified.member is None and not lets_in_erased:
            # Remembered from before they were erased: they may come again.
            deps.arrivals.forget(verified)
            member = await _member_of(scope, deps, verified, welcome=True)
            known = await _entered(deps, member, verified)
        erased = not known.found and lets_in_erased
        if not known.found and not erased:
            raise unauthorised(Code.AUTH_INVALID_TOKEN, "The access token is not valid.")
        if not known.is_active and not erased:
            raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This account is not active.")
        if known.signed_out:
            raise unauthorised(Code.AUTH_INVALID_TOKEN, "The session has ended.")
        _admit(scope, "user", known)
        who: Any = {"tenant_id": member.tenant_id, "user_id": member.user_id, "role": known.role}
        scope["user"] = Principal(
            # Who was erased, or is in this very moment, has no row that could be asked again.
            caller=Caller(**who)
            if lets_in_erased
            else Acting(**who, session_id=verified.token.session_id, token_digest=verified.token.digest),
            onboarding_completed=known.onboarding_completed,
            timezone=known.timezone,
            locale=known.locale,
            default_flow=known.default_flow,
            reminders_enabled=known.reminders_enabled,
            token=verified.token,
        )
        scope["auth"] = verified.token


async def _count_refused(scope: Scope, deps: Deps, policy: str) -> None:
    """Whoever has no token of a program is counted as those who sign in are, apart from them."""
    limit, bucket = deps.settings.sign_in_limit_per_minute, f"{policy}/{address_of(scope)}"
    _admit(scope, policy, await entry.count(deps.database, bucket, limit, WINDOW_SECONDS))


async def _member_of(scope: Scope, deps: Deps, verified: Verified, *, welcome: bool) -> Member:
    member = verified.member or deps.arrivals.known(verified)
    if member is None:
        # Looking somebody up costs more than a request, and whoever is refused may ask again and again.
        limit = deps.settings.rate_limit_per_minute
        count = await entry.count(deps.database, bucket_of(verified), limit, WINDOW_SECONDS)
        _admit(scope, "user", count)
        member = await deps.arrivals.look_up(verified, welcome=welcome)
    return member


async def _entered(deps: Deps, member: Member, verified: Verified) -> entry.Entry:
    return await entry.enter(
        deps.database,
        member.tenant_id,
        member.user_id,
        deps.settings.rate_limit_per_minute,
        WINDOW_SECONDS,
        session_id=verified.token.session_id,
        token_digest=verified.token.digest,
    )


def _authorization(scope: Scope) -> str:
    return _header(scope, b"authorization")


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def address_of(scope: Scope) -> str:
    """The address that a request comes from, behind trusted proxies the one that they name, if it is one."""
    client = scope.get("client")
    named = client[0].partition("%")[0] if client else ""
    if named.startswith("["):
        named = named[1:].partition("]")[0]
    elif named.count(":") == 1:  # some proxies name the port as well
        named = named.partition(":")[0]
    try:
        address = ip_address(named)
    except ValueError:
        return "unknown"
    return str(getattr(address, "ipv4_mapped", None) or address)


async def _tell_methods(scope: Scope, send: Send) -> None:
    routes = (route for route in scope["app"].routes if isinstance(route, HTTPRoute))
    route = next(route for route in routes if route.path_format == scope["path_template"])
    headers = [(b"allow", ", ".join(sorted(route.methods)).encode())]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def tell_limits(message: Message, scope: Scope) -> None:
    """Put what is left of the limit on every answer, errors too (hook `before_send`)."""
    if message["type"] == "http.response.start":
        told: dict[str, str] = scope.get("state", {}).get("rate_limit", {})
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        message["headers"] = [*message["headers"], *headers]


def _admit(scope: Scope, policy: str, count: entry.Count) -> None:
    scope.setdefault("state", {})["rate_limit"] = {
        "ratelimit-policy": f'"{policy}";q={count.limit};w={WINDOW_SECONDS}',
        "ratelimit": f'"{policy}";r={count.remaining};t={count.reset_seconds}',
    }
    if count.exceeded:
        headers = {"Retry-After": str(max(count.reset_seconds, 1))}
        raise ProblemError(429, Code.RATE_LIMITED, "Too many requests; slow down.", headers=headers)

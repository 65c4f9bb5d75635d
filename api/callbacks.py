"""The way back from a provider, `/connections/{provider}/callback`: people come with a code, and are led on."""

import hmac
import re
from typing import Any
from urllib.parse import parse_qsl

import structlog
from litestar import Controller, Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from api.consents import allowed, cookie, cookie_name, digest
from api.deps import Deps, WithDeps
from api.errors import EXCEPTION_HANDLERS
from api.gateway import WorkflowsUnavailable
from api.problems import Code, ProblemError
from db import consents, users
from db.consents import Consent
from db.tenant import CONNECTOR
from onboarding.access import Caller, Role
from onboarding.connections import PROVIDER_KEYS, ProviderKey
from onboarding.errors import GangwayError
from onboarding.payloads import ConnectOrder
from onboarding.returning import HOME, back_to
from runtime.addresses import Owner
from runtime.providers import PROVIDERS, keeping
from runtime.providers.endpoints import frontend
from runtime.providers.provider import Description

QUERY_BYTES = 8_000
FIELDS_AT_MOST = 50
CODE_CHARACTERS = 2_000
REALM_CHARACTERS = 255

_STATE = re.compile(r"[A-Za-z0-9_-]{43}")
_CODE = re.compile(rf"[\x21-\x7e]{{1,{CODE_CHARACTERS}}}")
_REFUSALS = {
    "access_denied": "consent_refused",
    "temporarily_unavailable": "provider_away",
    "server_error": "provider_away",
}

log = structlog.get_logger()


class Came(Struct, frozen=True, kw_only=True):
    """What somebody came back with; it shows itself to nobody."""

    state: str = ""
    code: str | None = None
    error: str | None = None
    iss: str | None = None
    realm: str | None = None

    def __repr__(self) -> str:
        return "Came()"


def _on_lost(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Whatever happens, whoever stands before a browser is led back to the frontend."""
    match error:
        case ProblemError():
            reason = error.code.value
        case NotFoundException():
            reason = Code.CONNECTION_DISABLED.value
        case GangwayError():
            reason = "unavailable"
        case _:
            log.error("unhandled error", exc_info=error, path=request.scope["path"])
            reason = "internal_error"
    key = _known(request.scope.get("path_params", {}).get("provider"))
    return _back(request.app.state.deps, key, HOME, reason)


class CallbackController(Controller):
    """Where providers send people back to."""

    path = "/connections"
    tags = ("connections",)

    @get(
        "/{provider:str}/callback",
        status_code=302,
        media_type="text/plain",
        opt={"entry": "callback"},
        exception_handlers=dict.fromkeys(EXCEPTION_HANDLERS, _on_lost),
    )
    async def callback(
        self, provider: FromPath[str], deps: WithDeps, request: Request[Any, Any, Any]
    ) -> Response[bytes]:
        """Where providers send people back to: on to the frontend, with `connection`, `status` and `reason`."""
        key = _known(provider)
        if key is None:
            raise NotFoundException
        came = read_query(request.scope["query_string"], PROVIDERS[key].description)
        if came is None:
            return _back(deps, key, HOME, "malformed")
        state_hash = digest(came.state)
        async with deps.database.transaction(CONNECTOR) as connection:
            consent = await consents.take(connection, state_hash)
        if consent is None:
            return _back(deps, key, HOME, "state_unknown")
        reason = _obstacle(consent, key, came, request.cookies.get(cookie_name(state_hash), ""))
        reason = reason or await _connected(deps, consent, came)
        answer = _back(deps, key, consent.return_to, reason)
        answer.set_cookie(cookie(deps, key, state_hash, "", 0))
        return answer


def read_query(query: bytes, description: Description) -> Came | None:
    """What a provider gave along; None where it is no answer of one, as where something stands there twice."""
    if len(query) > QUERY_BYTES:
        return None
    try:
        pairs = parse_qsl(query.decode("latin-1"), max_num_fields=FIELDS_AT_MOST, keep_blank_values=True)
    except ValueError:
        return None
    names = {"state": "state", "code": "code", "error": "error", "iss": "iss"}
    if description.realm:
        names[description.realm] = "realm"
    given = [(names[name], value) for name, value in pairs if name in names]
    came = Came(**dict(given))
    sound = _STATE.fullmatch(came.state) and (came.code is None or _CODE.fullmatch(came.code))
    return came if sound and len(given) == len(dict(given)) and (came.code or came.error) else None


def _obstacle(consent: Consent, key: ProviderKey, came: Came, browser: str) -> str | None:
    """Why nothing comes of this, if so."""
    description = PROVIDERS[key].description
    if not consent.first:
        return "state_used"
    if consent.provider != key:
        return "wrong_provider"
    if not hmac.compare_digest(digest(browser), consent.browser_hash):
        return "wrong_browser"
    if not consent.fresh:
        return "state_expired"
    if came.iss is not None and came.iss != description.issuer:
        return "wrong_issuer"
    if came.error is not None:
        return _REFUSALS.get(came.error, "provider_error")
    realm = came.realm or ""
    if description.realm and not (0 < len(realm) <= REALM_CHARACTERS and realm.isprintable()):
        return "realm_missing"
    return None


async def _connected(deps: Deps, consent: Consent, came: Came) -> str | None:
    """Have the code exchanged, and wait for what comes of it: nothing, or the reason why there is no connection.

    One that takes longer goes on all the same; its connection appears in the list.
    """
    assert came.code is not None
    order = ConnectOrder(tenant_id=consent.tenant_id, user_id=consent.user_id, consent_id=consent.id)
    try:
        key = await deps.keys.sealing(Owner(consent.tenant_id, consent.user_id))
        sealed = keeping.sealed_text(key, came.code, keeping.code_place(consent.id))
        who = Caller(tenant_id=consent.tenant_id, user_id=consent.user_id, role=Role.USER)
        async with deps.database.transaction(who) as connection:
            # They were let in when this began, which may be ten minutes ago.
            person = await users.by_id(connection, consent.user_id)
            if person is None or not person.is_active:
                return Code.ACCOUNT_INACTIVE.value
            if not await allowed(connection, deps, consent.tenant_id, consent.provider):
                return Code.CONNECTION_DISABLED.value
            await consents.arrive(connection, consent.id, consent.user_id, sealed_code=sealed, realm=came.realm)
        await deps.gateway.connect(order)
    except GangwayError as error:
        log.warning("a code cannot be exchanged", consent_id=consent.id, why=error.code)
        return "unavailable"
    try:
        report = await deps.gateway.connected(consent.id)
    except WorkflowsUnavailable:
        return "slow"
    return report.reason or "internal_error" if report.status == "error" else None


def _known(key: object) -> ProviderKey | None:
    return next((each for each in PROVIDER_KEYS if each == key), None)


def _back(deps: Deps, key: ProviderKey | None, path: str, reason: str | None) -> Response[bytes]:
    told = {"status": "error", "reason": reason} if reason else {"status": "connected"}
    if key:
        told = {"connection": key, **told}
    headers = {
        "Location": back_to(frontend(deps.settings), path, **told),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
    }
    return Response(b"", status_code=302, media_type="text/plain", headers=headers)

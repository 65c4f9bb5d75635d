"""Connecting an account, `/connections/{provider}`: people are sent to a provider, and come back with a code."""

import hashlib
import secrets
from typing import Any
from urllib.parse import urlsplit

from litestar import Controller, Request, Response, post
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody
from uuid_utils.compat import uuid7

from api.connection_shapes import ConnectBody, ConnectOut
from api.deps import Deps, Principal, SignedIn, WithDeps, not_for_repeats
from api.problems import Code, ProblemError
from db import connections, consents, tenants
from db.connections import TooManyConnections
from db.pool import Connection
from onboarding.connections import CONSENT_LASTS, ProviderKey
from onboarding.returning import HOME
from runtime.addresses import Owner
from runtime.providers import PROVIDERS, available, keeping, oauth
from runtime.providers.endpoints import endpoints, redirect_uri

STATE_BYTES = 32
VERIFIER_BYTES = 48


class ConsentsController(Controller):
    """The way to a provider and back."""

    path = "/connections"
    tags = ("connections",)

    @post("/{provider:str}/start", status_code=200)
    async def start(
        self,
        provider: FromPath[str],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
        data: JSONBody[ConnectBody | None] = None,
    ) -> Response[ConnectOut]:
        """Where to send the browser that asks this; the cookie says there that it is the same one.

        The frontend sends this with credentials. Each consent has a cookie of its own, so that one may be begun
        in two windows.
        """
        # The answer and its cookie are good for one consent.
        not_for_repeats(request)
        async with deps.database.transaction(principal.caller) as connection:
            key = await allowed(connection, deps, principal.caller.tenant_id, provider)
            if key is None:
                raise ProblemError(404, Code.CONNECTION_DISABLED, "This provider cannot be connected here.")
            if not await _has_place(connection, principal.caller.user_id, key):
                raise TooManyConnections
        return await _started(deps, principal, key, (data and data.return_to) or HOME)


async def _has_place(connection: Connection, user_id: str, key: ProviderKey) -> bool:
    """Whether something may come of a consent: one more connection, or new tokens for one that there is."""
    room = await connections.has_room(connection, user_id)
    return room or await connections.has_live(connection, user_id, key)


async def allowed(connection: Connection, deps: Deps, tenant_id: str, provider: str) -> ProviderKey | None:
    """The provider, where it is configured, and the tenant wants it."""
    tenant = await tenants.get(connection, tenant_id)
    wanted = tenant.allowed_connections if tenant else []
    return next((key for key in available(deps.settings) if key == provider and key in wanted), None)


async def _started(deps: Deps, principal: Principal, key: ProviderKey, return_to: str) -> Response[ConnectOut]:
    where = endpoints(deps.settings, key)
    assert where is not None
    caller, consent_id = principal.caller, str(uuid7())
    state, browser = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(STATE_BYTES)
    verifier = secrets.token_urlsafe(VERIFIER_BYTES)
    data_key = await deps.keys.sealing(Owner(caller.tenant_id, caller.user_id))
    async with deps.database.transaction(caller) as connection:
        expires_at = await consents.begin(
            connection,
            consent_id=consent_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            provider=key,
            state_hash=digest(state),
            browser_hash=digest(browser),
            sealed_verifier=keeping.sealed_text(data_key, verifier, keeping.verifier_place(consent_id)),
            return_to=return_to,
        )
    url = oauth.consent_url(
        where,
        PROVIDERS[key].description,
        state=state,
        verifier=verifier,
        redirect_uri=redirect_uri(deps.settings, key),
    )
    return Response(
        ConnectOut(authorize_url=url, expires_at=expires_at),
        status_code=200,
        cookies=[cookie(deps, key, digest(state), browser, int(CONSENT_LASTS.total_seconds()))],
        headers={"Cache-Control": "no-store"},
    )


def cookie(deps: Deps, key: ProviderKey, state_hash: bytes, value: str, seconds: int) -> Cookie:
    """What binds a consent to a browser; sent to the callback alone. Browsers take `Secure` from localhost."""
    return Cookie(
        key=cookie_name(state_hash),
        value=value,
        max_age=seconds,
        path=urlsplit(redirect_uri(deps.settings, key)).path,
        httponly=True,
        secure=True,
        samesite="lax",
    )


def cookie_name(state_hash: bytes) -> str:
    """Each consent has its own."""
    return f"consent_{state_hash.hex()[:16]}"


def digest(text: str) -> bytes:
    """How states, and what cookies hold, are known in the database."""
    return hashlib.sha256(text.encode()).digest()

"""`POST /connections/webhooks/quickbooks`: QuickBooks says that something has changed in a company."""

import asyncio
import base64
import hashlib
import hmac
from typing import Annotated, Any

import msgspec
from litestar import Controller, MediaType, Request, Response, post
from litestar.params import HeaderParameter

from api.deps import Deps, WithDeps
from api.problems import Code, ProblemError
from db import connections
from db.tenant import CONNECTOR
from onboarding.connection_webhooks import companies
from onboarding.payloads import ConnectionRef
from runtime.health import RETRY_AFTER_SECONDS
from runtime.providers import available

MOST_BYTES = 512 * 1024
TOLD_AT_MOST = 500
"""Connections that one webhook wakes; the others find the changes with their next sync."""

AT_ONCE = 8
Signature = Annotated[
    str | None,
    HeaderParameter(
        name="intuit-signature",
        description="HMAC-SHA256 of the body as it came, by the verifier token of the webhook, in Base64.",
    ),
]


class ConnectionWebhooksController(Controller):
    """From providers, each in its own way."""

    path = "/connections/webhooks"
    tags = ("connections",)

    @post("/quickbooks", status_code=200, request_max_body_size=MOST_BYTES, opt={"entry": "open"})
    async def quickbooks(
        self, request: Request[Any, Any, Any], deps: WithDeps, signature: Signature = None
    ) -> Response[str]:
        """Have fetched what has changed in companies that are connected here.

        What it says is not believed: QuickBooks is asked. So one that is late, or comes twice, costs a sync. Both
        shapes are read, CloudEvents and the older one.
        """
        body = await request.body()
        _verify(deps, body, signature)
        if "quickbooks" not in available(deps.settings):
            raise ProblemError(404, Code.CONNECTION_DISABLED, "This provider cannot be connected here.")
        try:
            told = msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ProblemError(400, Code.MALFORMED_JSON, "The body is not JSON.") from None
        await _wake(deps, companies(told))
        return Response("", status_code=200, media_type=MediaType.TEXT)


def _verify(deps: Deps, body: bytes, signature: str | None) -> None:
    """Make sure that it comes from QuickBooks; the comparison takes the same time wherever they differ."""
    token = deps.settings.quickbooks_webhook_verifier_token
    if not token:
        headers = {"Retry-After": RETRY_AFTER_SECONDS}
        raise ProblemError(503, Code.WEBHOOK_NOT_CONFIGURED, "No verifier token is set here.", headers=headers)
    made = base64.b64encode(hmac.digest(token.encode(), body, hashlib.sha256))
    if not hmac.compare_digest(made, (signature or "").encode()):
        raise ProblemError(401, Code.SIGNATURE_INVALID, "The signature is not that of this body.")


async def _wake(deps: Deps, realms: list[str]) -> None:
    """Tell the connections of these companies, whoever's they are.

    Not those that somebody must see to first: nothing would take what they are told, and Temporal bounds it.
    """
    async with deps.database.transaction(CONNECTOR) as connection:
        refs = await connections.by_accounts(connection, "quickbooks", realms, limit=TOLD_AT_MOST)
    at_once = asyncio.Semaphore(AT_ONCE)

    async def tell(ref: ConnectionRef) -> None:
        async with at_once:
            await deps.gateway.sync_connection(ref, "webhook")

    told = await asyncio.gather(*map(tell, refs), return_exceptions=True)
    # Then QuickBooks tries again, and those that were told are told twice, which is once.
    for error in told:
        if error is not None:
            raise error

"""`POST /events/ingest`: events from outside, as Amazon EventBridge sends them."""

from typing import Any

from litestar import Controller, Request, post
from litestar.params import JSONBody
from msgspec import Struct

from api.deps import WithDeps
from api.machines import Machine
from api.problems import Code, ProblemError
from db import events
from db.events import Arrived
from db.tenant import ingest
from onboarding.envelope import Envelope, known, storable
from onboarding.event_severity import severity_level
from onboarding.moments import moment
from onboarding.payloads import FieldError

MOST_BYTES = 256 * 1024
"""As much as EventBridge carries."""


class IngestedOut(Struct, frozen=True, kw_only=True):
    """An event is there. `created` is false when it was there already."""

    id: str
    created: bool


class IngestController(Controller):
    """Events from outside."""

    path = "/events"
    tags = ("events",)

    @post(
        "/ingest",
        status_code=200,
        request_max_body_size=MOST_BYTES,
        opt={"entry": "machine", "takes": known},
    )
    async def arrive(
        self, data: JSONBody[Envelope], deps: WithDeps, request: Request[Machine, Any, Any]
    ) -> IngestedOut:
        """Take an event of the account that the token belongs to. Its id makes a redelivery harmless."""
        sender = request.user.sender
        if data.account != sender.account_id:
            error = FieldError(field="account", code="not_allowed", detail="is not the account of the token")
            raise ProblemError(403, Code.FORBIDDEN, "This token sends for another account.", errors=(error,))
        arrived = _arrived(data)
        async with deps.database.transaction(ingest(sender.tenant_id)) as connection:
            created = await events.arrive(connection, sender.tenant_id, [arrived])
        return IngestedOut(id=arrived.id, created=created == 1)


def _arrived(envelope: Envelope) -> Arrived:
    detail = storable(envelope.detail)
    return Arrived(
        id=envelope.id.lower(),
        account=envelope.account,
        region=storable(envelope.region) or None,
        source=storable(envelope.source),
        detail_type=storable(envelope.detail_type),
        detail=detail,
        severity_level=severity_level(envelope.source, detail),
        resources=storable(envelope.resources),
        published_at=moment(envelope.time, "UTC"),
    )

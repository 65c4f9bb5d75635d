"""Erasing people: `POST /users/{id}/erase`, and the receipts at `/erasures`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.datastructures import ResponseHeader
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct
from uuid_utils.compat import uuid7

from api.deps import Deps, Principal, SignedIn, WithDeps
from api.guards import forbidden
from db import erasures, runs, sessions, users
from onboarding.payloads import Erase, ErasureCounts

SPEAKS_FOR_OTHERS = "delete:users"
"""The permission to have others erased, and to take out what there is of them."""


class ErasureOut(Struct, frozen=True, kw_only=True):
    """The receipt of an erasure. `counts` are those of the time of the deletion; before, they are empty."""

    id: str
    user_id: str
    status: Literal["running", "completed"]
    counts: ErasureCounts
    created_at: datetime
    completed_at: datetime | None


class PersonErasureController(Controller):
    """Erasing a person."""

    path = "/users"
    tags = ("users",)

    @post(
        "/{user_id:uuid}/erase",
        status_code=202,
        response_headers=[
            ResponseHeader(name="Location", documentation_only=True, description="Where the receipt is.")
        ],
    )
    async def erase(self, user_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> Response[ErasureOut]:
        """Erase oneself, or as an admin somebody of the tenant. Everything of theirs goes; a receipt stays.

        The same again answers with the same receipt.
        """
        tenant_id, person = principal.caller.tenant_id, str(user_id)
        erasure = await _accepted(deps, principal, person)
        if erasure.status == "running":
            await deps.gateway.erase(Erase(erasure_id=erasure.id, tenant_id=tenant_id, user_id=person))
        return Response(_shown(erasure), headers={"Location": f"/api/v1/erasures/{erasure.id}"})


class ErasureController(Controller):
    """Receipts of erasures."""

    path = "/erasures"
    tags = ("users",)

    @get("/{erasure_id:uuid}", opt={"entry": "or_erased"})
    async def read(self, erasure_id: FromPath[UUID], deps: WithDeps, principal: SignedIn) -> ErasureOut:
        """A receipt: for admins, for whoever asked for it, and with a token that still lasts for the erased."""
        async with deps.database.transaction(principal.caller) as connection:
            erasure = await erasures.get(connection, str(erasure_id))
        if erasure is None:
            raise NotFoundException
        return _shown(erasure)


async def receipt_of(deps: Deps, principal: Principal, person: str) -> erasures.Erasure | None:
    """The receipt of somebody who has been erased; None for who is there, and may be spoken for by the caller.

    Raises:
        NotFoundException: nobody of this tenant has this id.
        ProblemError: 403 for a colleague.
    """
    tenant_id = principal.caller.tenant_id
    async with deps.database.transaction(erasures.eraser(tenant_id, person)) as connection:
        receipt = await erasures.of_person(connection, person)
        user = await users.by_id(connection, person)
    erased = receipt is not None and receipt.status == "completed"
    if user is None and not erased:
        raise NotFoundException
    if person != principal.caller.user_id and SPEAKS_FOR_OTHERS not in principal.permissions:
        raise forbidden()
    return receipt if erased else None


async def _accepted(deps: Deps, principal: Principal, person: str) -> erasures.Erasure:
    """The receipt, before anything is done; somebody else is signed out with it."""
    if receipt := await receipt_of(deps, principal, person):
        return receipt
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        if await users.is_last_admin(connection, person):
            raise users.LastAdmin
        if person != caller.user_id:
            await sessions.end_all(connection, person, "ended")
            await runs.wake(connection, person)
        return await erasures.request(
            connection, id=str(uuid7()), tenant_id=caller.tenant_id, user_id=person, requested_by=caller.user_id
        )


def _shown(erasure: erasures.Erasure) -> ErasureOut:
    return ErasureOut(**{name: getattr(erasure, name) for name in ErasureOut.__struct_fields__})

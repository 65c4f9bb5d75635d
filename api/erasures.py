"""Erasing people: `POST /users/{id}/erase`, and the receipts at `/erasures`."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct
from uuid_utils.compat import uuid7

from api.deps import Deps, Principal, SignedIn, WithDeps
from api.problems import Code, ProblemError
from db import erasures, sessions, users
from onboarding.payloads import Erase, ErasureCounts

MAY_ERASE = "delete:users"


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

    @post("/{user_id:uuid}/erase", status_code=202)
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


async def check_subject(deps: Deps, principal: Principal, person: str) -> erasures.Subject | erasures.Erasure:
    """Whether the caller may do this to all that there is of a person: oneself, or an admin.

    Returns:
        The person, or the receipt of one who has been erased.

    Raises:
        NotFoundException: nobody of this tenant has this id.
        ProblemError: 403 for a colleague.
    """
    caller = principal.caller
    async with deps.database.transaction(erasures.eraser(caller.tenant_id, person)) as connection:
        receipt = await erasures.of_person(connection, person)
        subject = await erasures.subject(connection, person)
    found = receipt if receipt and receipt.status == "completed" else subject
    if found is None:
        raise NotFoundException
    if person != caller.user_id and MAY_ERASE not in principal.permissions:
        raise ProblemError(403, Code.FORBIDDEN, "This is not allowed.")
    return found


async def _accepted(deps: Deps, principal: Principal, person: str) -> erasures.Erasure:
    """The receipt, before anything is done; somebody else is signed out with it."""
    found = await check_subject(deps, principal, person)
    if isinstance(found, erasures.Erasure):
        return found
    if found.irreplaceable:
        raise users.LastAdmin
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        if person != caller.user_id:
            await sessions.end_all(connection, person, "ended")
        return await erasures.request(
            connection, id=str(uuid7()), tenant_id=caller.tenant_id, user_id=person, requested_by=caller.user_id
        )


def _shown(erasure: erasures.Erasure) -> ErasureOut:
    return ErasureOut(**{name: getattr(erasure, name) for name in ErasureOut.__struct_fields__})

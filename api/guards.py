"""Guards: what a person must be allowed, or must have done, before a handler runs."""

from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from api.commands import percentage_of
from api.deps import Deps, Principal
from api.problems import Code, ProblemError
from db import users
from db.tenant import operator
from onboarding.access import PERMISSIONS, Role


async def onboarding_completed(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The features behind the onboarding: closed to role `user` until it is complete.

    Raises:
        ProblemError: 403 `onboarding_required` with the progress so far.
    """
    principal: Principal = connection.scope["user"]
    if principal.unlocked:
        return
    deps: Deps = connection.app.state.deps
    async with deps.database.transaction(principal.caller) as database:
        percentage = await percentage_of(database, principal)
    detail = "Complete your onboarding to unlock this."
    raise ProblemError(403, Code.ONBOARDING_REQUIRED, detail, onboarding_progress=percentage)


def requires(permission: str) -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]:
    """A guard for those whose role has a permission.

    Raises:
        ValueError: no role has it, so it is misspelt.
    """
    if permission not in PERMISSIONS[Role.ADMIN]:
        raise ValueError(f"no role has the permission {permission}")

    def allowed(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        principal: Principal = connection.scope["user"]
        if permission not in principal.permissions:
            raise forbidden()

    return allowed


async def open_to(deps: Deps, principal: Principal, person: str, permission: str) -> None:
    """Let somebody at what is one person's: that person, and whoever has the permission.

    Raises:
        NotFoundException: nobody of this tenant has this id, whoever asks.
        ProblemError: 403 for a colleague without the permission.
    """
    if person == principal.caller.user_id or permission in principal.permissions:
        return
    async with deps.database.transaction(operator(principal.caller.tenant_id)) as connection:
        if await users.by_id(connection, person) is None:
            raise NotFoundException
    raise forbidden()


def forbidden(detail: str = "Your role does not allow this.") -> ProblemError:
    """403 for what a person may not do."""
    return ProblemError(403, Code.FORBIDDEN, detail)

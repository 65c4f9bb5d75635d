"""Guards: what a person must be allowed, or must have done, before a handler runs."""

from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from api.commands import percentage_of
from api.deps import Deps, Principal
from api.problems import Code, ProblemError


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

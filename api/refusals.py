"""Counts the saves that are refused: staff are told when there are many."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog

from api.deps import Deps, Principal
from api.gateway import RefusedByRun
from db import refusals
from db.pool import DatabaseUnavailable
from onboarding.errors import Refused

log = structlog.get_logger()


@asynccontextmanager
async def counted(deps: Deps, principal: Principal) -> AsyncGenerator[None]:
    """Let a save pass, and count it where the rules refuse it. The refusal stays what it is told."""
    try:
        yield
    except (Refused, RefusedByRun):
        await _count(deps, principal)
        raise


async def _count(deps: Deps, principal: Principal) -> None:
    """As good as it goes: the person learns of the refusal in any case."""
    caller = principal.owner
    try:
        async with deps.database.transaction(caller) as connection:
            await refusals.note(connection, caller.tenant_id)
    except DatabaseUnavailable as error:
        log.warning("a refused save was not counted", error=type(error.__cause__ or error).__name__)

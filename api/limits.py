"""How often somebody may ask for what costs money."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from activities.ai.protocol import Purpose
from api.deps import Deps, Principal
from api.problems import Code, ProblemError
from db import ai_rates
from onboarding.ai_limits import Rated, Rates, rates
from runtime.settings import Settings


def rates_of(settings: Settings) -> Rates:
    """What the settings allow."""
    return rates(
        chat_per_minute=settings.chat_limit_per_minute,
        chat_burst=settings.chat_limit_burst,
        suggestions_per_hour=settings.suggestion_limit_per_hour,
        scans_per_minute=settings.scan_limit_per_minute,
    )


@asynccontextmanager
async def spending(deps: Deps, principal: Principal, purpose: Purpose | Rated) -> AsyncGenerator[None]:
    """Count a request, unless what is done here comes to nothing.

    Raises:
        ProblemError: 429 when there were too many, of the person or of their tenant.
    """
    caller = principal.caller
    allowed = rates_of(deps.settings)
    taken = await ai_rates.take(deps.database, caller.tenant_id, caller.user_id, purpose, allowed)
    if not taken.ok:
        headers = {"Retry-After": str(max(taken.retry_after_seconds, 1))}
        raise ProblemError(429, Code.RATE_LIMITED, "Too many requests of this kind; slow down.", headers=headers)
    try:
        yield
    # Refused, failed or cancelled: none of it asked a model.
    except BaseException:
        await give_back(deps, principal, purpose)
        raise


async def give_back(deps: Deps, principal: Principal, purpose: Purpose | Rated) -> None:
    """A request that came to nothing does not count."""
    caller = principal.caller
    allowed = rates_of(deps.settings)
    await ai_rates.give_back(deps.database, caller.tenant_id, caller.user_id, purpose, allowed)

"""How often somebody may ask for what costs money."""

from activities.ai.protocol import Purpose
from api.deps import Deps, Principal
from api.problems import Code, ProblemError
from db import ai_rates


async def spend(deps: Deps, principal: Principal, purpose: Purpose) -> None:
    """Count a request.

    Raises:
        ProblemError: 429 when there were too many, of the person or of their tenant.
    """
    caller = principal.caller
    taken = await ai_rates.take(deps.database, caller.tenant_id, caller.user_id, purpose)
    if not taken.ok:
        headers = {"Retry-After": str(max(taken.retry_after_seconds, 1))}
        raise ProblemError(429, Code.RATE_LIMITED, "Too many requests of this kind; slow down.", headers=headers)

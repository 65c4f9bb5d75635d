"""How often somebody may ask for suggestions."""

from api.deps import Deps, Principal
from api.problems import Code, ProblemError
from db import entry

LIMIT, WINDOW_SECONDS = 20, 3600
PEOPLE_OF_A_TENANT = 5
"""Page 20: 20 an hour for a person, and for a tenant as many as five people's."""


async def admit(deps: Deps, principal: Principal) -> None:
    """Count a request for suggestions. One that is refused does not count.

    Raises:
        ProblemError: 429, of the person or of their tenant.
    """
    counts = [
        await entry.count(deps.database, bucket, limit, WINDOW_SECONDS)
        for bucket, limit in _buckets(principal).items()
    ]
    if exceeded := [count for count in counts if count.exceeded]:
        await give_back(deps, principal)
        headers = {"Retry-After": str(max(1, *(count.reset_seconds for count in exceeded)))}
        raise ProblemError(429, Code.RATE_LIMITED, "Too many suggestions were asked for.", headers=headers)


async def give_back(deps: Deps, principal: Principal) -> None:
    """Take back the count of a request that no model answered although it should have."""
    for bucket in _buckets(principal):
        await entry.uncount(deps.database, bucket)


def _buckets(principal: Principal) -> dict[str, int]:
    caller = principal.caller
    return {
        f"suggestions/user/{caller.user_id}": LIMIT,
        f"suggestions/tenant/{caller.tenant_id}": LIMIT * PEOPLE_OF_A_TENANT,
    }

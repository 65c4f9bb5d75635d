"""`python -m tests.db.reserving URL TENANT USER RUN COST LIMIT COUNT`: a process that puts money aside.

It says that it is ready, waits for a line, tries so often at once, then says how often it worked.
"""

import asyncio
import sys

from db import ai_usage
from db.pool import Database
from onboarding.access import Caller, Role
from onboarding.ai_money import Limits


def say(what: str) -> None:
    """To whoever started this."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def main(url: str, tenant_id: str, user_id: str, run_id: str, cost: int, limit: int, count: int) -> None:
    """All at once, on a pool of its own."""
    database = await Database.open(url, min_size=8, max_size=8, timeout=30)
    caller = Caller(tenant_id=tenant_id, user_id=user_id, role=Role.USER)
    limits = Limits(run=10 * limit, day=limit, month=10 * limit)
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    made = await asyncio.gather(
        *(
            ai_usage.reserve(
                database,
                caller,
                run_id=run_id,
                purpose="chat",
                model="m",
                input_tokens=1,
                cost=cost,
                limits=limits,
            )
            for _ in range(count)
        )
    )
    say(str(sum(each.call_id is not None for each in made)))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5], *map(int, sys.argv[5:])))  # type: ignore[arg-type]

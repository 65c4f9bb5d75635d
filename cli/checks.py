"""Everything that `gangway doctor` looks at; each check has its own time-out."""

import asyncio
from collections.abc import Awaitable, Callable

from cli import local_checks, server_checks
from cli.findings import Finding, Ill
from runtime.settings import Settings

_TIMEOUT_SECONDS = 5.0
_Check = Callable[[Settings], Awaitable[str]]
_CHECKS: dict[str, _Check] = {
    "home": local_checks.home,
    "wheels": local_checks.wheels,
    "ports": local_checks.ports,
    "secrets": local_checks.secrets,
    "issuers": local_checks.issuers,
    "postgres": server_checks.postgres,
    "temporal": server_checks.temporal,
    "s3": server_checks.s3,
}


async def check_all(settings: Settings) -> list[Finding]:
    """Every check, side by side."""
    return list(await asyncio.gather(*(_run(name, check, settings) for name, check in _CHECKS.items())))


async def _run(name: str, check: _Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return Finding(name, True, await check(settings))
    except Ill as ill:
        return Finding(name, False, str(ill), ill.mend)
    except TimeoutError:
        detail = f"no answer within {_TIMEOUT_SECONDS:g} s"
        return Finding(name, False, detail, "is its address right, and is it up?")
    except Exception as error:  # noqa: BLE001 - a doctor reports what it meets, whatever it is
        return Finding(name, False, f"{type(error).__name__}: {error}", "see docs/operations.md")

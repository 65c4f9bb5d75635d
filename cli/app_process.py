"""The API and the worker as children of the supervisor."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from cli.embedded import Service, local_client
from runtime.settings import Settings, environment_of

_CHECKOUT = Path(__file__).parent.parent


class AppProcess(Service):
    """`python -m api` or `python -m worker`, told its settings through the environment."""

    # Longer than the time the worker gives its running activities.
    stop_seconds = 15.0
    poll_seconds = 0.1  # each look is a line in its log

    def __init__(self, name: str, settings: Settings, *, port: int, module: str | None = None) -> None:
        """Nothing is started yet.

        Args:
            name: `api` or `worker`; also its module, unless that is given.
            settings: complete ones, as of `EmbeddedStack.settings`.
            port: where it serves `/readyz`.
            module: another module to run, in tests.
        """
        self.name = name
        super().__init__(settings.gangway_home)
        self.ready_url = f"http://{reachable(settings.host)}:{port}/readyz"
        self._module = module or name
        self._settings = settings
        self._last_answer = ""

    def command(self) -> list[str]:
        """Python on the module; -P, so that no folder named `api` where the user stands is taken for it."""
        return [sys.executable, "-P", "-m", self._module]

    def environment(self) -> Mapping[str, str]:
        """The terminal's own, with every setting written out."""
        path = os.pathsep.join(filter(None, [str(_CHECKOUT), os.environ.get("PYTHONPATH", "")]))
        return {**os.environ, **environment_of(self._settings), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}

    async def is_ready(self) -> bool:
        """Whether `/readyz` answers 200."""
        try:
            async with local_client(timeout=5.0) as client:
                answer = await client.get(self.ready_url)
        except httpx.HTTPError:
            return False
        self._last_answer = f"; {self.ready_url} answers {answer.status_code}: {answer.text}"
        return answer.status_code == 200

    def waiting_for(self) -> str:
        """What `/readyz` said last."""
        return self._last_answer


def reachable(host: str) -> str:
    """The address for a client on this machine of a server that listens on `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - compared, not bound

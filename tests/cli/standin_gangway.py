"""The gangway command with the API and the worker stood in for: what is tested is who starts whom."""

import sys

from cli import local_stack
from cli.__main__ import main
from cli.app_process import AppProcess


async def _nothing(*_: object) -> None: ...


_real = AppProcess.command


def _command(self: AppProcess) -> list[str]:
    if self.name not in ("api", "worker"):
        return _real(self)
    return [sys.executable, "-P", "-m", "tests.cli.standin", self.name]


local_stack._prepare = _nothing  # type: ignore[assignment]
local_stack.search_attributes = lambda: ["GangwayState=Int"]
AppProcess.command = _command  # type: ignore[method-assign]

if __name__ == "__main__":
    main()

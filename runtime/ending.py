"""How a process ends."""

import atexit
import os
import sys
from typing import NoReturn


def leave(status: int = 0) -> NoReturn:
    """End this process now, once what is registered for its end has run and what it wrote is out.

    An interpreter that tears itself down may be met by a thread of the Temporal SDK, which then aborts the process
    after its work is done (temporalio/sdk-python, issue 300); so there is no tearing down.

    Args:
        status: the exit status.
    """
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] - the only door to it
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)

"""How processes end."""

import subprocess
import sys

import pytest

PROGRAM = """
import atexit, sys, logging
from runtime.ending import leave

class Torn:
    def __del__(self):
        print("torn down")

kept = Torn()
atexit.register(print, "exit function")
print("written", end="")
leave({status})
"""


@pytest.mark.parametrize("status", [0, 3])
def test_leave(status: int) -> None:
    """What was written and registered comes out, the status is the given one, and nothing is torn down."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(status=status)], capture_output=True, text=True, timeout=30
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (status, "writtenexit function\n", "")


@pytest.mark.parametrize(
    ("arguments", "status"), [(["--help"], 0), (["run", "nonsense"], 2), (["replay", "check", "/nowhere"], 2)]
)
def test_the_command(arguments: list[str], status: int) -> None:
    """The command leaves with the status that its callers go by."""
    ended = subprocess.run([sys.executable, "-m", "cli", *arguments], capture_output=True, timeout=30)
    assert ended.returncode == status

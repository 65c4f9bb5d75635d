"""Worker processes of the benchmark's own: they end with the block that started them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.settings import Settings, environment_of
from tests.bench.stack import CHECKOUT, clean_environment


@contextmanager
def worker_process(
    module: str, *arguments: str, log: Path, settings: Settings | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m MODULE ARGUMENTS`, stopped at the end; Temporal keeps its first tasks until it polls."""
    given = environment_of(settings) if settings else {}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            cwd=CHECKOUT,
            env={**clean_environment(), **given},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

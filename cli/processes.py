"""`gangway api` and `gangway worker`: one process of a deployment."""

import os
import sys

import click


@click.command()
def api() -> None:
    """Serve the HTTP API."""
    _become("api")


@click.command()
def worker() -> None:
    """Run the Temporal worker."""
    _become("worker")


def _become(module: str) -> None:
    """Replace this process, so that signals and the process id are the server's own."""
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 - no shell is wanted

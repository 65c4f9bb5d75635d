"""`python -m cli.stub_ai`: the scripted model on a port of this machine, until SIGTERM."""

import os

import click
import uvicorn

from cli.stub_ai.app import StubApp
from cli.stub_ai.models import MODELS, decide

_LOOPBACK = "127.0.0.1"


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=lambda: os.environ.get("AI_STUB_PORT", "8083"))
def serve(port: int) -> None:
    """Serve `/v1/chat/completions` and `/v1/models`; AI_STUB_PORT is the default of the port."""
    uvicorn.Server(config(StubApp(decide, MODELS), port)).run()


def config(app: StubApp, port: int) -> uvicorn.Config:
    """How the stub is served: quietly, and to this machine only."""
    return uvicorn.Config(
        app,  # pyright: ignore[reportArgumentType]
        host=_LOOPBACK,
        port=port,
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    serve()

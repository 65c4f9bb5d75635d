"""`python -m cli.ai_standin`: the stand-in on a port of this machine, until SIGTERM."""

import os

import click
import uvicorn

from cli.ai_standin.app import StandinApp

_LOOPBACK = "127.0.0.1"


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), default=lambda: os.environ.get("AI_SERVICE_STANDIN_PORT", "8082")
)
def serve(port: int) -> None:
    """Serve `/scan`; AI_SERVICE_STANDIN_PORT is the default of the port."""
    uvicorn.Server(config(port)).run()


def config(port: int) -> uvicorn.Config:
    """How the stand-in is served: quietly, and to this machine only."""
    return uvicorn.Config(
        StandinApp(),  # pyright: ignore[reportArgumentType]
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

"""`gangway dev`: the whole stack, kept alive until Ctrl-C."""

import asyncio

import click

from cli.context import pass_settings
from runtime.settings import Settings


@click.command()
@click.option("--reload", is_flag=True, help="Restart the API and the worker when their code changes.")
@click.option("--stub-ai", is_flag=True, help="Serve a scripted model, and use it where no other server is set.")
@pass_settings
def dev(settings: Settings, reload: bool, stub_ai: bool) -> None:
    """Start everything that Gangway needs, without Docker, and keep it running until Ctrl-C."""
    # Late: the servers' clients take half a second to import, which `gangway --help` need not pay.
    from cli.embedded import EmbeddedError
    from cli.interrupt import run_until_interrupted

    try:
        run_until_interrupted(_dev(settings, reload, stub_ai))
    except EmbeddedError as error:
        raise click.ClickException(str(error)) from None


async def _dev(settings: Settings, reload: bool, stub_ai: bool) -> None:
    from cli.ai_standin.process import url_of
    from cli.local_stack import links, running

    async with running(settings, say=say, reload=reload, stub_ai=stub_ai) as ready:
        where = links(ready)
        if stub_ai:
            where["AI stub"] = f"http://127.0.0.1:{ready.ai_stub_port}/v1"
        if ready.ai_service_url == url_of(settings):
            where["AI stand-in"] = f"{ready.ai_service_url}/scan"
        for name, link in where.items():
            click.echo(f"  {name:<12} {link}")
        say("stop with Ctrl-C")
        await asyncio.Event().wait()


def say(line: str) -> None:
    """One line of what happens, for the person at the terminal."""
    click.echo(f"gangway: {line}", err=True)

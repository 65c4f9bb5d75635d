"""What every command is given."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

import click

from runtime.settings import InvalidSettings, Settings

LoadSettings = Callable[[], Settings]


def pass_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give the command the settings first; ones that do not hold are an error of the command line."""

    @click.pass_context
    def with_settings(context: click.Context, /, *args: Any, **kwargs: Any) -> None:
        load: LoadSettings = context.obj
        try:
            settings = load()
        except InvalidSettings as error:
            raise click.ClickException(f"{error} (see docs/settings.md)") from None
        context.invoke(command, settings, *args, **kwargs)

    return update_wrapper(with_settings, command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--json`: the answer as JSON on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON on standard output.")(command)

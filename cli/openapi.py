"""`gangway openapi`: the API's document."""

import click


@click.group()
def openapi() -> None:
    """The OpenAPI document."""


@openapi.command()
def export() -> None:
    """Print the document as docs/openapi.json holds it."""
    from api.export import export_openapi

    click.echo(export_openapi().decode(), nl=False)

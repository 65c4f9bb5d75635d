"""`gangway doctor`: looks at each dependency and setting, and says how to mend what is wrong."""

import asyncio

import click
import msgspec

from cli.context import json_option
from runtime.settings import InvalidSettings


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check every setting and dependency; exit 1 when something needs mending."""
    from cli.checks import Finding, check_all

    try:
        findings = asyncio.run(check_all(context.obj()))
    except InvalidSettings as error:
        findings = [Finding("settings", False, str(error), "correct it; docs/settings.md describes each one")]
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.name:<{width}}  {finding.detail}")
            if not finding.ok:
                click.echo(f"     {'':<{width}}  -> {finding.mend}")
    if not all(finding.ok for finding in findings):
        raise SystemExit(1)

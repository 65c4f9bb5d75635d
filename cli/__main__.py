"""The gangway command: noun, verb; `--json` on stdout, logs on stderr; exit 0, 1 failure, 2 usage."""

from runtime.garbage import keep_all

# isort: split
import click

from cli.database import db
from cli.demo import demo
from cli.dev import dev
from cli.doctor import doctor
from cli.flows import flow
from cli.keys import keys
from cli.openapi import openapi
from cli.processes import api, worker
from cli.replay import replay
from cli.runs import run
from cli.schedules import schedules
from cli.tenants import tenant
from cli.users import user
from runtime.ending import leave
from runtime.settings import load_settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def gangway(context: click.Context) -> None:
    """Durable onboarding: run it, look into it, mend it."""
    context.obj = load_settings


for command in (api, db, demo, dev, doctor, flow, keys, openapi, replay, run, schedules, tenant, user, worker):
    gangway.add_command(command)


def main() -> None:
    """The entry point of the `gangway` script."""
    keep_all()
    try:
        gangway()
    except SystemExit as ended:
        leave(ended.code if isinstance(ended.code, int) else int(ended.code is not None))


if __name__ == "__main__":
    main()

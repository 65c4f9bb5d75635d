"""`gangway user`: the first admin of a tenant. All others are made or invited over the API."""

import secrets
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.app_database import connected
from cli.context import json_option, pass_settings
from cli.tenants import named
from runtime.settings import Settings

if TYPE_CHECKING:
    from db.pool import Database
    from db.users import User

MADE_BYTES = 18
"""Of a password that is made: 24 characters."""

MOST_READ = 1000


def _address(_: click.Context, __: click.Parameter, text: str) -> str:
    from api.emails import email_of

    email = email_of(text)
    if email is None:
        raise click.BadParameter(f"{text!r} is not an e-mail address")
    return email


@click.group()
def user() -> None:
    """Make the first admin."""


@user.command("create-admin")
@click.option("--email", required=True, callback=_address)
@click.option("--tenant", callback=named, help="Its external id; DEFAULT_TENANT, unless given. Made when missing.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, one line.")
@json_option
@pass_settings
def create_admin(settings: Settings, email: str, tenant: str | None, password_stdin: bool, as_json: bool) -> None:
    """Make an account with the role admin. The password is asked for; without a terminal one is made."""
    given = _password(password_stdin)
    password = given or secrets.token_urlsafe(MADE_BYTES)
    _refuse_weak(settings, password, email)
    external_id = tenant or settings.default_tenant
    made = connected(settings, partial(_create, settings, external_id, email, password))
    told: dict[str, Any] = {"id": made.id, "email": email, "role": made.role, "tenant": external_id}
    told |= {"tenant_id": made.tenant_id} | ({} if given else {"password": password})
    if as_json:
        click.echo(msgspec.json.encode(told).decode())
        return
    click.echo(f"{email} is an admin of the tenant {external_id}")
    if not given:
        click.echo(f"password, shown this once: {password}")


def _password(from_stdin: bool) -> str | None:
    """The password that somebody chose; None when there is nobody to ask."""
    if from_stdin:
        line = sys.stdin.readline(MOST_READ).rstrip("\r\n")
        if not line:
            raise click.ClickException("there is no password on standard input")
        return line
    if sys.stdin.isatty():
        return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return None


def _refuse_weak(settings: Settings, password: str, email: str) -> None:
    """The same rules as over the API."""
    from api.people import LONGEST_SECRET
    from api.strength import weaknesses

    if len(password) > LONGEST_SECRET:
        raise click.ClickException(f"the password must have at most {LONGEST_SECRET} characters")
    for error in weaknesses(settings, "password", password, email):
        raise click.ClickException(f"the password {error.detail}")


async def _create(settings: Settings, external_id: str, email: str, password: str, database: "Database") -> "User":
    from api.passwords import Passwords
    from db import tenants, users
    from db.tenant import OPERATOR, operator
    from onboarding.access import Role

    async with database.transaction(OPERATOR) as connection:
        tenant = await tenants.ensure(connection, external_id, external_id, settings.default_flow)
    passwords = Passwords(settings)
    try:
        hashed = await passwords.hash(password)
    finally:
        passwords.close()
    async with database.transaction(operator(tenant.id)) as connection:
        for known in (await users.accounts(connection, tenant.id, [email])).values():
            raise click.ClickException(
                f"{email} has an account in the tenant {external_id} (role {known.user.role.value}); nobody is "
                f"promoted here, an admin does that over the API"
            )
        try:
            return await users.create(
                connection, tenant_id=tenant.id, email=email, password_hash=hashed, role=Role.ADMIN
            )
        except users.EmailTaken:
            raise click.ClickException(f"{email} signs in to another tenant") from None

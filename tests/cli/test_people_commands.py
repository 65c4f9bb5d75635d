"""`gangway user create-admin`, `gangway tenant create|list`."""

import asyncio
import os
import pty
import select
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from api.passwords import Passwords
from cli.__main__ import gangway
from cli.embedded import EmbeddedStack
from db import credentials, tenants, users
from db.migrate import migrate
from db.pool import Database
from db.tenant import OPERATOR, SIGN_IN, operator
from onboarding.access import Role
from runtime.settings import Settings

PASSWORD = "correct horse battery"
CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8, "argon2_parallelism": 1}

Command = Callable[..., Any]


@pytest.fixture(scope="session")
async def people_stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedStack]:
    """PostgreSQL alone, migrated."""
    home = tmp_path_factory.mktemp("people")
    async with EmbeddedStack(home=home, settings=Settings(), services={"postgres"}) as stack:
        await migrate(stack.postgres.url("gangway_owner"))
        yield stack


@pytest.fixture(scope="session")
async def database(people_stack: EmbeddedStack) -> AsyncIterator[Database]:
    database = await Database.open(people_stack.postgres.url(), min_size=0, max_size=4)
    yield database
    await database.close()


@pytest.fixture
def run(people_stack: EmbeddedStack) -> Command:
    """The command on the database; gives its result."""
    settings = Settings(database_url=people_stack.postgres.url(), default_tenant=uuid.uuid4().hex, **CHEAP)

    async def run(*arguments: str, typed: str | None = None, **changes: Any) -> Result:
        changed = msgspec.structs.replace(settings, **changes)
        # In a thread: the command runs a loop of its own.
        return await asyncio.to_thread(_invoke, changed, arguments, typed)

    return run


def _invoke(settings: Settings, arguments: tuple[str, ...], typed: str | None) -> Result:
    name, *rest = arguments
    return CliRunner().invoke(gangway.commands[name], rest, input=typed, obj=lambda: settings)


def an_email() -> str:
    return f"{uuid.uuid4().hex}@example.org"


async def test_a_password_is_made(run: Command, database: Database) -> None:
    """Without a terminal a password is made, told once, and is the one that signs in to an admin's account."""
    email = an_email()
    result = await run("user", "create-admin", "--email", f" {email.upper()} ", "--json")
    assert result.exit_code == 0, result.output
    told = msgspec.json.decode(result.stdout)
    assert (told["email"], told["role"], len(told["password"])) == (email, "admin", 24)
    async with database.transaction(SIGN_IN) as conn:
        known = await credentials.by_email(conn, email)
    assert known is not None
    assert (known.user.id, known.user.tenant_id) == (told["id"], told["tenant_id"])
    assert known.user.role is Role.ADMIN
    passwords = Passwords(Settings(**CHEAP))
    assert await passwords.verify(told["password"], known.password_hash)
    passwords.close()


async def test_in_words(run: Command) -> None:
    """In words it says the tenant, and the password on a line of its own."""
    email = an_email()
    result = await run("user", "create-admin", "--email", email, "--tenant", " acme-in-words ")
    first, second = result.stdout.splitlines()
    assert first == f"{email} is an admin of the tenant acme-in-words"
    assert second.startswith("password, shown this once: ")


async def test_a_password_from_standard_input(run: Command) -> None:
    """One line of standard input is the password, which is then never shown."""
    arguments = ("user", "create-admin", "--email", an_email(), "--password-stdin", "--json")
    result = await run(*arguments, typed=f"{PASSWORD}\nmore\n")
    assert result.exit_code == 0, result.output
    assert "password" not in msgspec.json.decode(result.stdout)
    assert PASSWORD not in result.output


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "no password on standard input"),
        ("\n", "no password on standard input"),
        ("short\n", "at least 8 characters"),
        ("x" * 129, "at most 128 characters"),
        ("x" * 5000, "at most 128 characters"),
    ],
)
async def test_passwords_that_are_refused(run: Command, database: Database, typed: str, says: str) -> None:
    """The same rules as over the API; exit 1 with one line, and nothing is made, not even the tenant."""
    external_id = uuid.uuid4().hex
    arguments = ("user", "create-admin", "--email", an_email(), "--tenant", external_id, "--password-stdin")
    result = await run(*arguments, typed=typed)
    assert result.exit_code == 1
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert typed.strip() == "" or typed.strip() not in result.output
    async with database.transaction(OPERATOR) as conn:
        assert external_id not in {tenant.external_id for tenant in await tenants.listed(conn, 1000)}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--email", "nobody"),
        ("--email", "аnn@example.org"),
        ("--email", "a@example.org", "--tenant", " "),
        ("--email", "a@example.org", "--tenant", "x" * 201),
        ("--email", "a@example.org", "--tenant", "a\nb"),
        (),
    ],
)
async def test_arguments_that_cannot_be(run: Command, arguments: tuple[str, ...]) -> None:
    """What is no address, or no name of a tenant, is an error of usage."""
    assert (await run("user", "create-admin", *arguments)).exit_code == 2


async def test_nobody_is_promoted(run: Command, database: Database) -> None:
    """Somebody of that tenant stays who they are: exit 1, saying so; twice the same admin too."""
    external_id, email = uuid.uuid4().hex, an_email()
    async with database.transaction(OPERATOR) as conn:
        tenant = await tenants.create(conn, external_id, "Acme", "fitness")
    async with database.transaction(operator(tenant.id)) as conn:
        user = await users.create(conn, tenant_id=tenant.id, email=email, password_hash="h")
    result = await run("user", "create-admin", "--email", email, "--tenant", external_id)
    assert result.exit_code == 1
    assert "(role user); nobody is promoted here" in result.stderr
    assert result.stdout == ""
    async with database.transaction(operator(tenant.id)) as conn:
        assert await users.by_id(conn, user.id) == user


async def test_an_email_of_another_tenant(run: Command, people_stack: EmbeddedStack, tmp_path: Path) -> None:
    """An e-mail that signs in elsewhere is exit 1; of several processes at once, one makes the admin."""
    email, named = an_email(), [uuid.uuid4().hex for _ in range(2)] * 2
    environment = _environment(people_stack)
    codes = await asyncio.gather(
        *(asyncio.to_thread(_process, email, tenant, environment, tmp_path) for tenant in named)
    )
    assert sorted(codes) == [0, 1, 1, 1]
    result = await run("user", "create-admin", "--email", email, "--tenant", uuid.uuid4().hex)
    assert (result.exit_code, "signs in to another tenant" in result.stderr) == (1, True)


def _process(email: str, tenant: str, environment: dict[str, str], folder: Path) -> int:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "cli", "user", "create-admin", "--email", email, "--tenant", tenant]
    ended = subprocess.run(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert b"Traceback" not in ended.stderr
    return ended.returncode


def _environment(stack: EmbeddedStack) -> dict[str, str]:
    """Only the data folder is named: the embedded server that runs on it is found."""
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    around = {name: value for name, value in os.environ.items() if name not in known}
    cheap = {name.upper(): str(value) for name, value in CHEAP.items()}
    return {**around, **cheap, "GANGWAY_HOME": str(stack.settings.gangway_home)}


async def test_a_terminal_is_asked(people_stack: EmbeddedStack, database: Database, tmp_path: Path) -> None:
    """On a terminal the password is asked for twice, and not shown; the embedded server of the folder is used."""
    email = an_email()
    code, said = await asyncio.to_thread(_typed, people_stack, email, tmp_path)
    assert code == 0, said
    assert "Password:" in said
    assert PASSWORD not in said
    async with database.transaction(SIGN_IN) as conn:
        assert await credentials.by_email(conn, email) is not None


def _typed(stack: EmbeddedStack, email: str, folder: Path) -> tuple[int, str]:
    """Run the command on a terminal of its own and answer what it asks."""
    ours, theirs = pty.openpty()
    said = b""
    with subprocess.Popen(
        [sys.executable, "-m", "cli", "user", "create-admin", "--email", email],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        env=_environment(stack),
        start_new_session=True,
    ) as process:
        os.close(theirs)
        for asked in (b"Password:", b"Repeat for confirmation:"):
            said += _until(ours, asked)
            os.write(ours, PASSWORD.encode() + b"\n")
        said += _until(ours, None)
        code = process.wait(120)
    os.close(ours)
    return code, said.decode()


def _until(terminal: int, text: bytes | None) -> bytes:
    """What is said up to a text, or to the end."""
    said = b""
    while text is None or text not in said:
        if not select.select([terminal], [], [], 120)[0]:
            break
        try:
            part = os.read(terminal, 1024)
        except OSError:  # the other end has closed
            break
        if not part:
            break
        said += part
    return said


async def test_tenants(run: Command) -> None:
    """Made with a name, an external id and a flow of their own, and listed newest first."""
    external_id, name = uuid.uuid4().hex, f"Söhne {uuid.uuid4().hex}"
    made = msgspec.json.decode(
        (await run("tenant", "create", "Acme", "--external-id", external_id, "--json")).stdout
    )
    assert (made["external_id"], made["name"], made["default_flow"]) == (external_id, "Acme", "fitness")
    assert (await run("tenant", "create", name, "--default-flow", "fitness")).exit_code == 0
    listed = msgspec.json.decode((await run("tenant", "list", "--json")).stdout)
    assert [one["external_id"] for one in listed[:2]] == [name, external_id]
    assert listed[1] == made
    words = (await run("tenant", "list", "--limit", "1")).stdout
    assert words == f"{listed[0]['id']}  {name}  {name}\n"


async def test_tenants_that_cannot_be(run: Command) -> None:
    """A flow that there is not, and a name that is none, are errors of usage; an id that is taken is exit 1."""
    assert (await run("tenant", "create", "Acme", "--default-flow", "nothing")).exit_code == 2
    assert (await run("tenant", "create", " ")).exit_code == 2
    assert (await run("tenant", "create", "a\x1bb")).exit_code == 2
    name = uuid.uuid4().hex
    assert (await run("tenant", "create", name)).exit_code == 0
    again = await run("tenant", "create", "Other", "--external-id", name)
    assert (again.exit_code, again.stderr) == (1, "Error: There is a tenant with this external id already.\n")


@pytest.mark.parametrize("arguments", [("tenant", "list"), ("user", "create-admin", "--email", "a@example.org")])
async def test_without_a_database(run: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """No database, or one that is away, is one line and exit 1."""
    missing = await run(*arguments, database_url=None, gangway_home=tmp_path)
    assert (missing.exit_code, "set DATABASE_URL" in missing.stderr) == (1, True)
    away = await run(*arguments, database_url="postgresql://app:canary@127.0.0.1:9/gangway")
    assert (away.exit_code, "canary" in away.output, len(away.stderr.splitlines())) == (1, False, 1)

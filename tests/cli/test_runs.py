"""`gangway run fork`."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from cli.__main__ import gangway
from cli.embedded.ports import free_ports
from runtime.settings import Settings
from tests.cli.test_refusals import gangway as started
from tests.stack import RUNS, Person, ok, sign_up

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(settings: Settings) -> Command:
    """`gangway run` on the stack; gives its result."""

    async def run(*arguments: str, **changes: Any) -> Result:
        changed = replace(settings, **changes)
        # In a thread: the command runs a loop of its own.
        return await asyncio.to_thread(_invoke, changed, arguments)

    return run


def _invoke(settings: Settings, arguments: tuple[str, ...]) -> Result:
    return CliRunner().invoke(gangway.commands["run"], arguments, obj=lambda: settings)


@pytest.fixture
async def person(api: httpx.AsyncClient) -> Person:
    """Somebody who has answered four states."""
    person = await sign_up(api)
    await person.saved_until(4)
    return person


async def _id(person: Person) -> str:
    return ok(await person.get(f"{RUNS}/state"))["id"]


def _workflow(person: Person) -> str:
    return f"onboarding/{person.tenant_id}/{person.id}/fitness"


async def test_by_the_workflow(run: Command, person: Person) -> None:
    """A person's latest run is forked by the id of its workflow, and the person goes on in the new one."""
    source = await _id(person)
    result = await run("fork", _workflow(person), "--state", "3", "--json")
    assert result.exit_code == 0, result.output
    told = msgspec.json.decode(result.stdout)
    assert told == {"run_id": await _id(person), "state": 3, "forked_from": source, "created": True}
    assert (await person.progress())["current_state"] == 3
    (begun,) = ok(await person.get(f"{RUNS}/history"))["items"]
    assert (begun["actor"], begun["forked_from"]) == ({"kind": "staff", "id": None, "agent": None}, source)


async def test_by_the_run(run: Command, person: Person) -> None:
    """A run is found by its own id in whichever tenant it is, and the state by its key."""
    source = await _id(person)
    result = await run("fork", source.upper(), "--state", "fitness_goals")
    assert result.exit_code == 0, result.output
    assert result.stdout == f"run {await _id(person)} stands at state 2, forked from {source}\n"
    assert (await person.progress())["completed_states"] == [1]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("7", "It can be forked up to state 5."),
        ("nowhere", "from_state is no state of this flow."),
        ("0", "from_state is no state of this flow."),
    ],
)
async def test_what_the_rules_refuse(run: Command, person: Person, state: str, says: str) -> None:
    """A state that was not reached, or is none, is told in one line with status 1, and nothing has changed."""
    source = await _id(person)
    for which in (source, _workflow(person)):
        result = await run("fork", which, "--state", state)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.output
        assert result.stderr.strip().endswith(says)
    assert await _id(person) == source


async def test_a_run_that_is_not_there(run: Command) -> None:
    """An id of nobody's is told so."""
    nobody = uuid.UUID(int=7)
    for which in (str(nobody), f"onboarding/{nobody}/{nobody}/fitness"):
        result = await run("fork", which, "--state", "1")
        assert (result.exit_code, result.stderr) == (1, "Error: there is no such run\n")


async def test_while_temporal_is_away(run: Command, person: Person) -> None:
    """Without Temporal nothing is forked, and one line says so."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    result = await run("fork", _workflow(person), "--state", "1", temporal_address=address)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1), result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense", "--state", "1"),
        ("", "--state", "1"),
        ("onboarding/a/b/fitness", "--state", "1"),
        ("00000000-0000-7000-8000-000000000001",),
        ("00000000-0000-7000-8000-000000000001", "--state", ""),
        ("00000000-0000-7000-8000-000000000001", "--state", "x" * 65),
    ],
)
def test_arguments_that_cannot_be(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """What is no id of a run, or no state, is an error of usage before anything is asked."""
    status, said = started("run", "fork", *arguments, home=tmp_path)
    assert status == 2
    assert "Traceback" not in said

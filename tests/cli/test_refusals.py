"""What a person is told who gets a setting or an argument wrong: what is wrong, and no traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cli.embedded import EmbeddedStack, PortsTaken, check_ports, free_ports, with_free_ports
from runtime.settings import Settings, environment_of
from tests.runtime.key_files import write_key_file

NOBODY = "postgresql://gangway_app:canary@127.0.0.1:9/gangway"
ELSEWHERE = {"TEMPORAL_ADDRESS": "127.0.0.1:9", "S3_ENDPOINT_URL": "http://127.0.0.1:9"}


def gangway(*arguments: str, home: Path, **environment: str) -> tuple[int, str]:
    """The command in a folder without `.env`; its exit status, and what it says on standard error."""
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    around = {name: value for name, value in os.environ.items() if name not in known}
    home.mkdir(exist_ok=True)
    ended = subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        env={**around, "GANGWAY_HOME": str(home), **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    ("command", "environment", "says"),
    [
        ("db status", {"DATABASE_URL": "not a url"}, "DATABASE_URL"),
        ("db migrate", {"DATABASE_URL": NOBODY.replace(":9/", ":99999/")}, "DATABASE_URL"),
        ("db migrate", {"DATABASE_URL": f"{NOBODY}?sslmode=odd"}, "sslmode"),
        ("db migrate", {"DATABASE_URL": NOBODY.replace("127.0.0.1", "a..b")}, "UnicodeError"),
        ("db rollback", {"DATABASE_URL": NOBODY}, "ConnectionRefusedError"),
        ("dev", {"GANGWAY_HOME": "/dev/null/x"}, "GANGWAY_HOME"),
        ("dev", {"PORT": "99999"}, "PORT"),
        ("dev", {"WORKER_HEALTH_PORT": "-1"}, "WORKER_HEALTH_PORT"),
        ("api", {}, "DATABASE_URL is not set"),
        ("api", {"DATABASE_URL": NOBODY}, "ENCRYPTION_KEY_FILE is not set"),
        ("api", {"LOG_LEVEL": "nonsense"}, "LOG_LEVEL"),
        ("api", {"PORT": "0"}, "PORT"),
        ("worker", {}, "DATABASE_URL is not set"),
        ("worker", {"DATABASE_URL": NOBODY}, "ENCRYPTION_KEY_FILE is not set"),
        ("worker", {"LOG_LEVEL": "nonsense"}, "LOG_LEVEL"),
    ],
)
def test_a_wrong_setting(command: str, environment: dict[str, str], says: str, tmp_path: Path) -> None:
    """One line names the setting, or what its value leads to, and never a password; the status is 1."""
    status, said = gangway(*command.split(), home=tmp_path, **environment)
    assert (status, len(said.splitlines())) == (1, 1), said
    assert said.startswith("Error: ")
    assert says in said
    assert "canary" not in said


@pytest.mark.parametrize("workflow_id", ["", "nonsense", "onboarding/a/b"])
def test_a_run_that_cannot_be(workflow_id: str, tmp_path: Path) -> None:
    """What is no id of a run is an error of usage, before anything is asked."""
    status, said = gangway("run", "show", workflow_id, home=tmp_path)
    assert status == 2
    assert said.splitlines()[-1].endswith("is not the id of a run")


def test_a_status_that_no_run_has(tmp_path: Path) -> None:
    """Runs of a status that is none are an error of usage, which names those there are, and no empty list."""
    status, said = gangway("run", "list", "--status", "bogus", home=tmp_path)
    assert status == 2
    assert "'in_progress', 'completed', 'abandoned'" in said


def test_a_temporal_address_that_is_none(tmp_path: Path) -> None:
    """A malformed address of Temporal is named."""
    keys = str(write_key_file(tmp_path / "keys.json"))
    environment = {"DATABASE_URL": NOBODY, "ENCRYPTION_KEY_FILE": keys, "TEMPORAL_ADDRESS": "a b:7233"}
    status, said = gangway("run", "list", home=tmp_path, **environment)
    assert (status, len(said.splitlines())) == (1, 1), said
    assert "TEMPORAL_ADDRESS" in said


def test_an_issuer_that_cannot_be(tmp_path: Path) -> None:
    """An API whose OIDC_ISSUERS are wrong does not start, and its one line does not show the secret in them."""
    environment = {
        "DATABASE_URL": NOBODY,
        "ENCRYPTION_KEY_FILE": str(write_key_file(tmp_path / "keys.json")),
        "JWT_SECRET": "a canary, and long enough for this",
        "OIDC_ISSUERS": '[{"issuer": "https://id.example.org", "audience": "us", "secret": "canary"}]',
    }
    status, said = gangway("api", home=tmp_path, **environment)
    assert (status, len(said.splitlines())) == (1, 1), said
    assert "OIDC_ISSUERS[0].secret must have at least 32 characters" in said
    assert "canary" not in said


def test_dev_on_a_database_that_is_away(tmp_path: Path) -> None:
    """`gangway dev` that cannot migrate says so in its last line."""
    ports = dict(zip(("PORT", "WORKER_HEALTH_PORT"), map(str, free_ports(2)), strict=True))
    status, said = gangway("dev", home=tmp_path, DATABASE_URL=NOBODY, **ELSEWHERE, **ports)
    assert status == 1
    assert "ConnectionRefusedError" in said.splitlines()[-1]
    assert "Traceback" not in said
    assert "canary" not in said


async def test_dev_on_a_temporal_that_is_away(cli_stack: EmbeddedStack, tmp_path: Path) -> None:
    """`gangway dev` that cannot reach the Temporal of its settings says so in its last line."""
    await cli_stack.postgres.create_database("temporal_away")
    settings = msgspec.structs.replace(
        with_free_ports(Settings()),
        database_url=cli_stack.postgres.url(database="temporal_away"),
        database_owner_url=cli_stack.postgres.url("gangway_owner", "temporal_away"),
    )
    environment = environment_of(settings) | ELSEWHERE | {"GANGWAY_HOME": str(tmp_path)}
    status, said = gangway("dev", home=tmp_path, **environment)
    assert status == 1
    assert "Error: Temporal at 127.0.0.1:9" in said.splitlines()[-1]
    assert "Traceback" not in said


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", "203.0.113.1"])
def test_a_host_that_is_not_here(host: str) -> None:
    """A HOST that does not resolve, or belongs to another machine, is named once; no port is called taken."""
    settings = msgspec.structs.replace(with_free_ports(Settings()), host=host)
    with pytest.raises(PortsTaken) as refused:
        check_ports(settings)
    (line,) = str(refused.value).splitlines()
    assert f"HOST {host}" in line
    assert "taken" not in line


def test_a_taken_port_is_not_the_hosts_fault() -> None:
    """With a port that somebody listens on, the port is named and HOST is not."""
    settings = with_free_ports(Settings())
    with socket.create_server(("127.0.0.1", settings.port)), pytest.raises(PortsTaken) as refused:
        check_ports(settings)
    (line,) = str(refused.value).splitlines()
    assert f"port {settings.port} for the API is taken" in line
    assert "HOST" not in line


def test_the_doctor_on_a_data_folder_that_cannot_be(tmp_path: Path) -> None:
    """A data folder below a file is the one thing that the doctor finds wrong with it, and how to mend it."""
    settings = environment_of(with_free_ports(Settings())) | {"GANGWAY_HOME": "/dev/null/x"}
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "doctor", "--json"],
        env={**os.environ, **settings},
        cwd=tmp_path,
        capture_output=True,
        timeout=180,
        check=False,
    )
    wrong = [finding for finding in msgspec.json.decode(ended.stdout) if not finding["ok"]]
    assert (ended.returncode, [finding["name"] for finding in wrong]) == (1, ["home"])
    assert "GANGWAY_HOME" in wrong[0]["mend"]

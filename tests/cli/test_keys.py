"""`gangway keys`."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
from msgspec.structs import replace

from cli import local_checks
from cli.data_keys import data_keys
from cli.embedded import EmbeddedStack, until
from cli.findings import Ill
from cli.rotation import PAGE
from db import tenants, users
from db.data_keys import DataKeyStore
from db.migrate import migrate
from db.pool import Database
from db.tenant import KEEPER, SIGN_IN
from runtime.addresses import Owner
from runtime.key_file import KeyFile
from runtime.settings import Settings, environment_of
from tests.bench.stack import clean_environment
from tests.runtime.key_files import write_key_file
from tests.runtime.kms_server import kms_server, make_key

PLACE = b"here"
MANY = 12 * PAGE


@pytest.fixture(scope="module")
async def migrated(cli_stack: EmbeddedStack) -> str:
    """A database to copy."""
    await cli_stack.postgres.create_database("keys_template")
    await migrate(cli_stack.postgres.url("gangway_owner", "keys_template"))
    return "keys_template"


@pytest.fixture
async def settings(cli_stack: EmbeddedStack, migrated: str, tmp_path: Path) -> Settings:
    """A database and a key file of one's own."""
    await cli_stack.postgres.create_database("keys", template=migrated)
    return Settings(
        gangway_home=tmp_path,
        database_url=cli_stack.postgres.url(database="keys"),
        encryption_key_file=write_key_file(tmp_path / "keys.json"),
    )


@pytest.fixture
def kms() -> Iterator[str]:
    """A key of a KMS; its ARN."""
    with pytest.MonkeyPatch.context() as monkeypatch, kms_server(monkeypatch):
        yield make_key()


class Sealed:
    """Something that some people, and nobody, had sealed before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._boxes: dict[Owner | None, tuple[str, object]] = {}

    async def seal(self, people: int) -> None:
        """Seal something for new people."""
        assert self._settings.database_url
        database = await Database.open(self._settings.database_url, min_size=0, max_size=1)
        async with database.transaction(SIGN_IN) as conn:
            tenant = await tenants.ensure(conn, "a tenant", "A tenant")
            made = [
                await users.create(
                    conn, tenant_id=tenant.id, email=f"{uuid.uuid4()}@example.org", password_hash="h"
                )
                for _ in range(people)
            ]
        await database.close()
        async with data_keys(self._settings) as keys:
            for owner in (*(Owner(tenant.id, user.id) for user in made), None):
                key = await keys.sealing(owner)
                self._boxes[owner] = (key.id, key.seal(str(owner).encode(), PLACE))

    async def opens(self, settings: Settings | None = None) -> bool:
        """Whether all of it opens still, in a process that begins now."""
        async with data_keys(settings or self._settings) as keys:
            for owner, (key_id, box) in self._boxes.items():
                key = await keys.opening(key_id)
                assert key.open(box, PLACE) == str(owner).encode()  # type: ignore[arg-type]
                assert (await keys.sealing(owner)).id == key_id
        return True


def command(settings: Settings, *arguments: str) -> subprocess.Popen[str]:
    """Begin `gangway keys`."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", "keys", *arguments],
        env={**clean_environment(), **environment_of(settings)},
        cwd=settings.gangway_home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def gangway(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    """Run `gangway keys`: its status and what it says."""
    with command(settings, *arguments) as process:
        said, complained = process.communicate(timeout=180)
    return process.returncode, said, complained


def rotated(settings: Settings, *arguments: str) -> dict[str, object]:
    """What a rotation that must work answers."""
    status, said, complained = gangway(settings, "rotate", "--json", *arguments)
    assert (status, complained) == (0, "")
    return msgspec.json.decode(said)


def listed(settings: Settings) -> dict[str, tuple[bool, int]]:
    """What `gangway keys list` answers."""
    status, said, complained = gangway(settings, "list", "--json")
    assert (status, complained) == (0, "")
    return {row["key_id"]: (row["current"], row["data_keys"]) for row in msgspec.json.decode(said)}


async def test_rotate(settings: Settings) -> None:
    """Each rotation makes a key and wraps everything with it; the old ones stay, and all that was sealed opens."""
    sealed = Sealed(settings)
    await sealed.seal(3)
    assert listed(settings) == {"local:first": (True, 4)}
    seen = {"local:first"}
    for number in range(2, 4):
        done = rotated(settings)
        current = done["current"]
        assert done == {"current": current, "new_key": True, "rewrapped": 4, "left": {}, "damaged": []}
        assert current not in seen
        seen.add(str(current))
        assert listed(settings) == {current: (True, 4)}
        assert settings.encryption_key_file
        assert len(msgspec.json.decode(settings.encryption_key_file.read_bytes())["keys"]) == number
        assert await sealed.opens()


async def test_in_words(settings: Settings) -> None:
    """Without --json the same is said in lines for people."""
    await Sealed(settings).seal(1)
    status, said, _ = gangway(settings, "rotate")
    assert status == 0
    assert said.endswith(" (new): 2 data keys wrapped anew\n")
    _, said, _ = gangway(settings, "list")
    assert said.split()[:2] == ["current", "2"]


async def test_an_old_key_can_be_removed(settings: Settings) -> None:
    """After a rotation nothing needs the key before; when something does, the rotation names it."""
    sealed = Sealed(settings)
    await sealed.seal(2)
    rotated(settings)
    assert settings.encryption_key_file
    content = msgspec.json.decode(settings.encryption_key_file.read_bytes())
    del content["keys"]["first"]
    settings.encryption_key_file.write_bytes(msgspec.json.encode(content))
    assert await sealed.opens()
    write_key_file(settings.encryption_key_file, ("other",))
    status, said, complained = gangway(settings, "rotate")
    assert (status, said) == (1, "")
    assert complained == f"Error: KeysUnavailable: the key file lacks the key {content['current']!r}\n"


async def test_finish(settings: Settings) -> None:
    """With --finish no key is made; a file that was given another current key by hand is followed."""
    sealed = Sealed(settings)
    await sealed.seal(2)
    assert rotated(settings, "--finish")["rewrapped"] == 0
    assert listed(settings) == {"local:first": (True, 3)}
    assert settings.encryption_key_file
    content = msgspec.json.decode(settings.encryption_key_file.read_bytes())
    write_key_file(settings.encryption_key_file, ("by-hand",))
    other = msgspec.json.decode(settings.encryption_key_file.read_bytes())
    merged = {"current": "by-hand", "keys": content["keys"] | other["keys"]}
    settings.encryption_key_file.write_bytes(msgspec.json.encode(merged))
    # Without --finish too: what was begun is ended first.
    assert rotated(settings) == {
        "current": "local:by-hand",
        "new_key": False,
        "rewrapped": 3,
        "left": {},
        "damaged": [],
    }
    assert await sealed.opens()


async def test_two_at_once(settings: Settings) -> None:
    """Two rotations at the same moment lose no key: what each made is in the file, and everything opens."""
    sealed = Sealed(settings)
    await sealed.seal(5)
    processes = [command(settings, "rotate", "--json") for _ in range(3)]
    for process in processes:
        with process:
            _, complained = process.communicate(timeout=180)
        assert complained == ""
    assert await sealed.opens()
    rotated(settings, "--finish")
    assert len(listed(settings)) == 1
    assert await sealed.opens()


async def test_killed_in_the_middle(settings: Settings, cli_stack: EmbeddedStack) -> None:
    """kill -9 while many rows are wrapped anew loses nothing, and another run finishes what was begun."""
    sealed = Sealed(settings)
    await sealed.seal(20)
    await _many(settings)
    connection = await asyncpg.connect(cli_stack.postgres.url("gangway_admin", "keys"))

    async def held() -> bool:
        return await connection.fetchval(
            "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )

    async with connection.transaction():
        # It comes so far and waits for this row, until it is killed.
        await connection.execute(
            "SELECT FROM data_keys WHERE id = (SELECT id FROM data_keys ORDER BY id OFFSET $1 LIMIT 1) FOR UPDATE",
            5 * PAGE,
        )
        process = command(settings, "rotate", "--json")
        assert await until(held, 60), process.poll()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    keys = listed(settings)
    assert sorted(keys.values()) == [(False, 21 + MANY - 5 * PAGE), (True, 5 * PAGE)]
    assert not keys["local:first"][0]
    assert await sealed.opens()
    done = rotated(settings)
    assert (done["new_key"], done["rewrapped"]) == (False, keys["local:first"][1])
    assert listed(settings) == {done["current"]: (True, 21 + MANY)}
    assert await sealed.opens()
    await connection.close()


async def test_a_damaged_row(settings: Settings, cli_stack: EmbeddedStack) -> None:
    """A row that does not open is named and left; everything else is wrapped anew, and the status is 1."""
    await Sealed(settings).seal(2)
    connection = await asyncpg.connect(cli_stack.postgres.url("gangway_admin", "keys"))
    damaged = await connection.fetchval(
        "UPDATE data_keys SET wrapped = sha256(wrapped) WHERE user_id IS NULL RETURNING id::text"
    )
    status, said, complained = gangway(settings, "rotate")
    assert status == 1
    assert "2 data keys" in said
    assert complained == f"1 still wrapped with local:first\ndamaged: {damaged}\n"
    await connection.close()


async def test_from_file_to_kms_and_back(settings: Settings, kms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """KMS takes over what a file wrapped, and the other way round; neither needs the other afterwards."""
    sealed = Sealed(settings)
    await sealed.seal(3)
    with_kms = replace(settings, kms_key_id=kms)
    assert await sealed.opens(with_kms)
    done = rotated(with_kms)
    assert done == {"current": f"kms:{kms}", "new_key": False, "rewrapped": 4, "left": {}, "damaged": []}
    assert await sealed.opens(replace(with_kms, encryption_key_file=None))
    assert rotated(with_kms)["rewrapped"] == 0
    another = replace(settings, kms_key_id=make_key())
    assert rotated(another)["rewrapped"] == 4
    assert await sealed.opens(settings)
    done = rotated(settings)
    assert done == {"current": "local:first", "new_key": False, "rewrapped": 4, "left": {}, "damaged": []}
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    assert await sealed.opens(settings)


async def test_kms_is_away(settings: Settings, kms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command says so in one line, without anything secret."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    status, said, complained = gangway(replace(settings, kms_key_id=kms), "rotate")
    assert (status, said) == (1, "")
    assert complained == "Error: KeysUnavailable: AWS KMS: EndpointConnectionError\n"


@pytest.mark.parametrize("content", [None, "{", '{"current": "a", "keys": {"a": "c2hvcnQ="}}'])
def test_a_file_that_is_refused(settings: Settings, content: str | None) -> None:
    """A key file that is not there, malformed or weak is named in one line, and stays as it is."""
    file = settings.encryption_key_file
    assert file
    file.unlink()
    if content is not None:
        file.write_text(content)
    status, said, complained = gangway(settings, "rotate")
    assert (status, said, len(complained.splitlines())) == (1, "", 1)
    assert complained.startswith("Error: WeakKey: ")
    assert (file.read_text() if content else None) == content


def test_no_key_at_all(settings: Settings) -> None:
    """Neither a file nor KMS, and no embedded stack here."""
    status, _, complained = gangway(replace(settings, encryption_key_file=None), "list")
    assert (status, complained) == (1, "Error: WeakKey: ENCRYPTION_KEY_FILE is not set, nor KMS_KEY_ID\n")


def test_no_database(settings: Settings) -> None:
    """Without one there is nothing to list; and one that is away is said to be."""
    status, _, complained = gangway(replace(settings, database_url=None), "list")
    assert (status, complained.startswith("Error: no database: set DATABASE_URL")) == (1, True)
    away = replace(settings, database_url="postgresql://gangway_app:canary@127.0.0.1:9/gangway")
    status, _, complained = gangway(away, "list")
    assert (status, len(complained.splitlines())) == (1, 1)
    assert complained.startswith("Error: DatabaseUnavailable: ")
    assert "canary" not in complained


async def test_the_embedded_stack(cli_stack: EmbeddedStack) -> None:
    """Without settings, the keys and the database are those of the stack that runs on the data folder."""
    await migrate(cli_stack.postgres.url("gangway_owner"))
    nothing = Settings(gangway_home=cli_stack.home)
    async with data_keys(nothing) as keys:
        before = (await keys.sealing(None)).id
    file = cli_stack.settings.encryption_key_file
    assert file
    done = rotated(nothing)
    assert (done["new_key"], done["rewrapped"]) == (True, 1)
    assert str(done["current"]).removeprefix("local:") in file.read_text()
    async with data_keys(nothing) as keys:
        assert (await keys.sealing(None)).id == before


async def test_the_doctor(settings: Settings, kms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor names the current key, a file that others may read, one that is weak, and a KMS that is away."""
    assert await local_checks.secrets(settings) == "local:first"
    with_kms = replace(settings, kms_key_id=kms)
    assert await local_checks.secrets(with_kms) == f"kms:{kms}"
    file = settings.encryption_key_file
    assert file
    os.chmod(file, 0o644)
    with pytest.raises(Ill, match="read by others"):
        await local_checks.secrets(settings)
    os.truncate(file, 20)
    with pytest.raises(Ill, match="DecodeError"):
        await local_checks.secrets(settings)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    with pytest.raises(Ill, match=r"KMS_KEY_ID.*EndpointConnectionError"):
        await local_checks.secrets(replace(with_kms, encryption_key_file=None))


async def _many(settings: Settings) -> None:
    """So many people with keys that wrapping them anew takes a while."""
    assert settings.database_url
    assert settings.encryption_key_file
    file = KeyFile(settings.encryption_key_file)
    database = await Database.open(settings.database_url, min_size=0, max_size=2)
    async with database.transaction(SIGN_IN) as conn:
        tenant = await tenants.ensure(conn, "a tenant", "A tenant")
        people = [str(uuid.uuid4()) for _ in range(MANY)]
        await conn.executemany(
            "INSERT INTO users (id, tenant_id, email, password_hash) VALUES ($1, $2, $3, 'h')",
            [(id, tenant.id, f"{id}@example.org") for id in people],
        )
    async with database.transaction(KEEPER) as conn:
        rows = [(id, await file.wrap(os.urandom(32), id)) for id in (str(uuid.uuid4()) for _ in people)]
        await conn.executemany(
            "INSERT INTO data_keys (id, tenant_id, user_id, key_id, wrapped) VALUES ($1, $2, $3, $4, $5)",
            [
                (id, tenant.id, user, wrapped.key_id, wrapped.data)
                for (id, wrapped), user in zip(rows, people, strict=True)
            ],
        )
    assert (await DataKeyStore(database).counts())["local:first"] > MANY
    await database.close()

"""Data keys, made and found in PostgreSQL."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from db.data_keys import DataKeyStore, Rewrapped, WrappedKey
from db.pool import Database, DatabaseUnavailable
from db.runs import PersonGone
from db.tenant import KEEPER, POSTMAN, SIGN_IN, Context, Internal, sweeper
from onboarding.access import Role
from runtime.addresses import Owner
from runtime.data_keys import DataKeys
from runtime.encryption import CannotOpen
from runtime.key_encryption import KeyEncryption
from runtime.key_file import KeyFile
from runtime.settings import Settings
from tests.db.counting import Counting
from tests.db.given import Person
from tests.runtime.key_files import write_key_file

PLACE = b"here"

NOBODYS = "0c8f9a52-6d0b-4c53-9d5e-5f0c1d2e3a4b"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_key_file(tmp_path / "keys.json", ("old", "first"), current="first")


@pytest.fixture
async def wrapper(path: Path) -> AsyncIterator[KeyEncryption]:
    wrapper = KeyEncryption(Settings(encryption_key_file=path))
    yield wrapper
    wrapper.close()


@pytest.fixture
async def store(database: Database, admin: asyncpg.Connection) -> Counting:
    """With no row in it: other tests' keys are wrapped with other files."""
    await admin.execute("DELETE FROM data_keys")
    return Counting(database)


def owner_of(person: Person) -> Owner:
    return Owner(person.tenant_id, person.user_id)


async def test_each_person_has_one_key(
    store: Counting, wrapper: KeyEncryption, person: Person, colleague: Person
) -> None:
    """Two people and nobody have three keys; what one seals no other opens; another process has the same keys."""
    one, other = DataKeys(store, wrapper), DataKeys(store, wrapper)
    owners = [owner_of(person), owner_of(colleague), None]
    keys = [await one.sealing(owner) for owner in owners]
    assert len({key.id for key in keys}) == 3
    sealed = [key.seal(b"answer", PLACE) for key in keys]
    for key, box in zip(keys, sealed, strict=True):
        assert (await other.opening(key.id)).open(box, PLACE) == b"answer"
    with pytest.raises(CannotOpen):
        keys[0].open(sealed[1], PLACE)
    assert [(await other.sealing(owner)).id for owner in owners] == [key.id for key in keys]


async def test_nothing_is_readable(
    store: Counting, wrapper: KeyEncryption, person: Person, admin: asyncpg.Connection
) -> None:
    """The row holds the key wrapped, for this row only: moved to another row it does not open."""
    keys = DataKeys(store, wrapper)
    await keys.sealing(owner_of(person))
    nobodys = await keys.sealing(None)
    row = await admin.fetchrow("SELECT * FROM data_keys WHERE user_id = $1", uuid.UUID(person.user_id))
    assert (row["key_id"], len(row["wrapped"])) == ("local:first", 12 + 32 + 16)
    await admin.execute("UPDATE data_keys SET wrapped = $1 WHERE id = $2", row["wrapped"], uuid.UUID(nobodys.id))
    with pytest.raises(CannotOpen):
        await DataKeys(store, wrapper).opening(nobodys.id)


async def test_many_makers_of_one_key(
    store: Counting, wrapper: KeyEncryption, person: Person, stranger: Person
) -> None:
    """Twenty processes that want the same new keys at the same moment end with one key for each owner."""
    owners = [owner_of(person), owner_of(stranger), None]
    processes = [DataKeys(store, wrapper) for _ in range(20)]
    for owner in owners:
        made = await asyncio.gather(*(keys.sealing(owner) for keys in processes))
        box = made[0].seal(b"answer", PLACE)
        assert {key.id for key in made} == {made[0].id}
        assert {key.open(box, PLACE) for key in made} == {b"answer"}
    assert await store.counts() == {"local:first": 3}


async def test_asked_once(store: Counting, wrapper: KeyEncryption, person: Person) -> None:
    """A hundred who want a key at once ask the database once; who opened a person's key has it for sealing too."""
    key = await DataKeys(store, wrapper).sealing(owner_of(person))
    store.asked = 0
    keys = DataKeys(store, wrapper)
    await asyncio.gather(*(keys.opening(key.id) for _ in range(100)))
    await keys.sealing(owner_of(person))
    await keys.opening(key.id)
    assert store.asked == 1
    keys = DataKeys(store, wrapper)
    await keys.sealing(owner_of(person))
    await keys.opening(key.id)
    assert store.asked == 2


async def test_bounded(store: Counting, wrapper: KeyEncryption, person: Person, stranger: Person) -> None:
    """A process keeps so many keys at most, and looks the others up again."""
    keys = DataKeys(store, wrapper, at_most=2)
    for _ in range(2):
        for owner in (owner_of(person), owner_of(stranger), None):
            await keys.sealing(owner)
    assert store.asked == 6


async def test_a_destroyed_key(
    store: Counting, wrapper: KeyEncryption, person: Person, stranger: Person, admin: asyncpg.Connection
) -> None:
    """Once its row is gone a key opens nothing: at once in a new process, after five minutes in each other one."""
    now = 0.0
    keys = DataKeys(store, wrapper, clock=lambda: now)
    mine, theirs = await keys.sealing(owner_of(person)), await keys.sealing(owner_of(stranger))
    await admin.execute("DELETE FROM data_keys WHERE id = $1", uuid.UUID(mine.id))
    assert (await keys.opening(mine.id)).id == mine.id
    with pytest.raises(CannotOpen, match=mine.id):
        await DataKeys(store, wrapper).opening(mine.id)
    now = 300.0
    with pytest.raises(CannotOpen, match=mine.id):
        await keys.opening(mine.id)
    assert (await keys.opening(theirs.id)).open(theirs.seal(b"answer", PLACE), PLACE) == b"answer"


async def test_a_person_who_is_gone(
    store: Counting, wrapper: KeyEncryption, person: Person, admin: asyncpg.Connection
) -> None:
    """Their key goes with them, and they get no new one."""
    keys = DataKeys(store, wrapper)
    key = await keys.sealing(owner_of(person))
    await admin.execute("DELETE FROM users WHERE id = $1", uuid.UUID(person.user_id))
    with pytest.raises(CannotOpen):
        await DataKeys(store, wrapper).opening(key.id)
    with pytest.raises(PersonGone):
        await DataKeys(store, wrapper).sealing(owner_of(person))
    assert await store.counts() == {}


async def test_somebody_of_another_tenant(
    store: Counting, wrapper: KeyEncryption, person: Person, stranger: Person
) -> None:
    """A user id under another tenant's is nobody, whether or not they have a key."""
    await DataKeys(store, wrapper).sealing(owner_of(person))
    with pytest.raises(PersonGone):
        await DataKeys(store, wrapper).sealing(Owner(stranger.tenant_id, person.user_id))


@pytest.mark.parametrize("key_id", ["", "gone", "{}", f"{{{NOBODYS}}}", NOBODYS, "A" * 10_000])
async def test_no_such_key(store: Counting, wrapper: KeyEncryption, key_id: str) -> None:
    """What names no row and no key of the file opens nothing, and is no error of the database."""
    with pytest.raises(CannotOpen):
        await DataKeys(store, wrapper).opening(key_id)


async def test_what_the_key_file_sealed_itself(store: Counting, wrapper: KeyEncryption, path: Path) -> None:
    """What version 0.1 sealed, with the keys of the file and no data key between, still opens."""
    before = KeyFile(path).ring.key("old")
    assert (await DataKeys(store, wrapper).opening("old")).open(before.seal(b"answer", PLACE), PLACE) == b"answer"


async def test_a_key_file_that_changes_meanwhile(
    store: Counting, wrapper: KeyEncryption, path: Path, person: Person
) -> None:
    """A key that was wrapped just before the file was replaced is wrapped anew before it is stored."""
    late = Late(store._database, lambda: KeyFile(path).mint())
    key = await DataKeys(late, wrapper).sealing(owner_of(person))
    assert await store.counts() == {await wrapper.current(): 1}
    assert await wrapper.current() != "local:first"
    assert (await DataKeys(store, wrapper).opening(key.id)).id == key.id


class Late(DataKeyStore):
    """Something happens before the first row is added."""

    def __init__(self, database: Database, before: Callable[[], None]) -> None:
        super().__init__(database)
        self._before: Callable[[], None] | None = before

    async def add(self, *arguments: object) -> WrappedKey | None:
        before, self._before = self._before, None
        if before:
            before()
        return await super().add(*arguments)  # type: ignore[arg-type]


async def test_nobody_adds_while_the_key_changes(
    store: Counting, wrapper: KeyEncryption, path: Path, person: Person
) -> None:
    """Who wants a new key while the file is replaced waits, and gets it under the new one."""
    async with store.alone() as counts:
        assert counts == {}
        asking = asyncio.create_task(DataKeys(store, wrapper).sealing(owner_of(person)))
        done, _ = await asyncio.wait([asking], timeout=0.3)
        assert not done
        KeyFile(path).mint()
    await asking
    assert await store.counts() == {await wrapper.current(): 1}


async def test_wrapped_anew(store: Counting, wrapper: KeyEncryption, person: Person, stranger: Person) -> None:
    """Rows are paged by id; a row that somebody else wrapped anew, or that is gone, stays as it is."""
    keys = DataKeys(store, wrapper)
    for owner in (owner_of(person), owner_of(stranger), None):
        await keys.sealing(owner)
    first = await store.page("local:first", None, 2)
    rest = await store.page("local:first", first[-1].id, 2)
    assert [len(first), len(rest)] == [2, 1]
    assert [key.id for key in first + rest] == sorted(key.id for key in first + rest)
    changes = [
        Rewrapped(id=first[0].id, old_key_id="local:first", key_id="local:x", wrapped=b"w"),
        Rewrapped(id=first[1].id, old_key_id="local:other", key_id="local:x", wrapped=b"w"),
        Rewrapped(id=str(uuid.uuid4()), old_key_id="local:first", key_id="local:x", wrapped=b"w"),
    ]
    assert await store.rewrap(changes) == 1
    assert await store.counts() == {"local:first": 2, "local:x": 1}


async def test_only_the_keeper(
    store: Counting, wrapper: KeyEncryption, database: Database, person: Person, colleague: Person
) -> None:
    """People read their own row, whatever their role; only the keeper reads all, adds, changes; nobody deletes."""
    keys = DataKeys(store, wrapper)
    for owner in (owner_of(person), owner_of(colleague), None):
        await keys.sealing(owner)
    of_person = {"tenant_id": person.tenant_id, "user_id": person.user_id}
    contexts: dict[Context | None, int] = {
        None: 0,
        SIGN_IN: 0,
        POSTMAN: 0,
        sweeper(person.tenant_id): 0,
        Internal(role="issuer", tenant_id=person.tenant_id): 0,
        Internal(role="operator"): 0,
        **{person.caller(role): 1 for role in Role},
        Internal(role="eraser", **of_person): 1,
        KEEPER: 3,
    }
    for context, rows in contexts.items():
        async with database.transaction(context) as conn:
            assert await conn.fetchval("SELECT count(*) FROM data_keys") == rows, context
            changed = await conn.execute("UPDATE data_keys SET wrapped = wrapped")
            assert changed == ("UPDATE 3" if context == KEEPER else "UPDATE 0"), context
        if context != KEEPER:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with database.transaction(context) as conn:
                    await conn.execute(
                        "INSERT INTO data_keys (id, tenant_id, user_id, key_id, wrapped)"
                        " VALUES ($1, $2, $3, 'k', 'w')",
                        str(uuid.uuid4()),
                        *of_person.values(),
                    )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(context) as conn:
                await conn.execute("DELETE FROM data_keys")


async def test_the_database_is_away(wrapper: KeyEncryption, store: Counting, app_url: str, person: Person) -> None:
    """What is in memory is used; what is not is said to be away."""
    database = await Database.open(app_url, min_size=0, max_size=2, timeout=3.0)
    keys = DataKeys(DataKeyStore(database), wrapper)
    key = await keys.sealing(owner_of(person))
    held = [await database._pool.acquire() for _ in range(2)]
    assert (await keys.opening(key.id)).id == (await keys.sealing(owner_of(person))).id
    with pytest.raises(DatabaseUnavailable):
        await keys.sealing(None)
    for connection in held:
        await database._pool.release(connection)
    assert (await keys.sealing(None)).id
    await database.close()

"""Users and tenants."""

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest

from db import arrivals, credentials, tenants, users
from db.pool import Database
from db.tenant import KEEPER, OPERATOR, POSTMAN, SIGN_IN, Context, Internal, operator, sweeper
from onboarding.access import Role
from tests.db.given import Person


async def test_ensure_makes_one_tenant(database: Database) -> None:
    """Twenty that need the same new tenant at once get the same one."""
    name = str(uuid.uuid4())

    async def ensure() -> tenants.Tenant:
        async with database.transaction(SIGN_IN) as conn:
            return await tenants.ensure(conn, name, "Acme")

    made = await asyncio.gather(*(ensure() for _ in range(20)))
    assert len({tenant.id for tenant in made}) == 1
    assert (made[0].external_id, made[0].name, made[0].default_flow) == (name, "Acme", "fitness")
    async with database.transaction(SIGN_IN) as conn:
        assert await tenants.get(conn, made[0].id) == made[0]
        assert await tenants.get(conn, str(uuid.uuid4())) is None


async def test_create_and_read(database: Database, person: Person) -> None:
    """What is said at registration is what is read, e-mail lower-cased, the hash only as credentials."""
    email = f"Ana.{uuid.uuid4()}@Example.org"
    async with database.transaction(SIGN_IN) as conn:
        user = await users.create(
            conn,
            tenant_id=person.tenant_id,
            email=f" {email} ",
            password_hash="secret-hash",
            full_name="Ana",
            timezone="Europe/Madrid",
            locale="es",
            age=31,
            sex="female",
            height_cm=170.5,
            weight_kg=61,
        )
        known = await credentials.by_email(conn, email.upper())
    assert known is not None
    assert known.user == user
    assert known.password_hash == "secret-hash"
    assert "secret-hash" not in repr(known)
    assert (user.email, user.role, user.is_active) == (email.lower(), Role.USER, True)
    assert (user.height_cm, user.weight_kg, user.age, user.sex) == (170.5, 61.0, 31, "female")
    assert (user.onboarding_completed, user.reminders_enabled) == (False, True)


async def test_email_is_taken_once(database: Database, person: Person, stranger: Person) -> None:
    """An e-mail with a password is unique over all tenants, also when twenty register it at once."""
    email = f"{uuid.uuid4()}@example.org"

    async def register(tenant_id: str) -> users.User:
        async with database.transaction(SIGN_IN) as conn:
            return await users.create(conn, tenant_id=tenant_id, email=email, password_hash="h")

    tenants_ = [person.tenant_id, stranger.tenant_id] * 10
    done = await asyncio.gather(*(register(each) for each in tenants_), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["EmailTaken"] * 19 + ["User"]


async def test_without_password_unique_in_the_tenant(database: Database, person: Person, stranger: Person) -> None:
    """Without a password an e-mail may be in two tenants, not twice in one, and does not sign in."""
    email = f"{uuid.uuid4()}@example.org"
    for somebody in (person, stranger):
        async with database.transaction(somebody.caller(Role.ADMIN)) as conn:
            await users.create(conn, tenant_id=somebody.tenant_id, email=email, password_hash=None)
            with pytest.raises(users.EmailTaken):
                await users.create(conn, tenant_id=somebody.tenant_id, email=email, password_hash=None)
    async with database.transaction(SIGN_IN) as conn:
        assert await credentials.by_email(conn, email) is None


async def test_update(database: Database, person: Person) -> None:
    """A change touches what is given, null included, and nothing else."""
    async with database.transaction(person.caller()) as conn:
        before = await users.update(conn, person.user_id, full_name="Ana", age=40)
    async with database.transaction(person.caller()) as conn:
        after = await users.update(conn, person.user_id, age=None, timezone="Asia/Tokyo", reminders_enabled=False)
        assert await users.by_id(conn, person.user_id) == after
    assert (after.full_name, after.age, after.timezone) == ("Ana", None, "Asia/Tokyo")
    assert not after.reminders_enabled
    assert after.updated_at > before.updated_at


async def test_only_personal_data(database: Database, person: Person) -> None:
    """No other column can be named, so nobody raises their own role."""
    fields: dict[str, Any] = {"role": "admin"}
    async with database.transaction(person.caller()) as conn:
        with pytest.raises(TypeError, match="role"):
            await users.update(conn, person.user_id, **fields)


@pytest.mark.parametrize(
    "data",
    [
        {"age": 12},
        {"age": 101},
        {"sex": "x"},
        {"height_cm": 99.9},
        {"height_cm": 250.1},
        {"weight_kg": 29.9},
        {"weight_kg": 300.1},
        {"locale": "de"},
    ],
)
async def test_bounds(database: Database, person: Person, data: dict[str, Any]) -> None:
    """The table itself refuses body data past the bounds of page 10."""
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction(person.caller()) as conn:
            await users.update(conn, person.user_id, **data)


async def an_admin(database: Database, person: Person, **fields: Any) -> Person:
    """Another person of the tenant, with the role admin."""
    email = f"{uuid.uuid4()}@example.org"
    async with database.transaction(operator(person.tenant_id)) as conn:
        values = {"password_hash": "hash", "role": Role.ADMIN, **fields}
        user = await users.create(conn, tenant_id=person.tenant_id, email=email, **values)
    return Person(tenant_id=person.tenant_id, user_id=user.id, email=email)


PROMOTES = "UPDATE users SET role = 'admin' WHERE id = $1"
DEACTIVATES = "UPDATE users SET is_active = false WHERE id = $1"


@pytest.mark.parametrize("query", [PROMOTES, DEACTIVATES])
async def test_nobody_changes_who_they_are(database: Database, person: Person, query: str) -> None:
    """Against raw SQL: not in one's own context, whatever role one claims."""
    for role in (Role.USER, Role.MANAGER, Role.ADMIN):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(person.caller(role)) as conn:
                await conn.execute(query, person.user_id)
    with pytest.raises(users.OwnRole):
        async with database.transaction(person.caller(Role.ADMIN)) as conn:
            await users.change(conn, person.user_id, role=Role.ADMIN)


@pytest.mark.parametrize("query", [PROMOTES, DEACTIVATES, "UPDATE users SET email = 'x@x' WHERE id = $1"])
async def test_who_changes_others(database: Database, person: Person, stranger: Person, query: str) -> None:
    """Against raw SQL: nobody but an admin of the same tenant, or the operator in it, reaches the row."""
    boss = await an_admin(database, person)
    contexts: list[Context | None] = [
        None,
        boss.caller(Role.USER),
        boss.caller(Role.MANAGER),
        stranger.caller(Role.ADMIN),
        operator(stranger.tenant_id),
        OPERATOR,
        SIGN_IN,
        sweeper(person.tenant_id),
        POSTMAN,
        KEEPER,
        Internal(role="issuer", tenant_id=person.tenant_id),
        Internal(role="eraser", tenant_id=person.tenant_id),
    ]
    for context in contexts:
        async with database.transaction(context) as conn:
            assert await conn.execute(query, person.user_id) == "UPDATE 0", context
    async with database.transaction(boss.caller(Role.ADMIN)) as conn:
        assert await conn.execute(query, person.user_id) == "UPDATE 1"


async def test_nobody_moves_to_another_tenant(database: Database, person: Person, stranger: Person) -> None:
    """The tenant, and who somebody is to an issuer, are columns that the app cannot write."""
    for column, value in (("tenant_id", stranger.tenant_id), ("issuer", "i"), ("subject", "s")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(person.caller(Role.ADMIN)) as conn:
                await conn.execute(f"UPDATE users SET {column} = $1", value)


async def test_the_last_admin_stays(database: Database, person: Person) -> None:
    """Neither demoted nor made inactive, by whomever; a waiting admin and an inactive one are no other admin."""
    boss = await an_admin(database, person)
    waiting = await an_admin(database, person, password_hash=None)
    for changes in ({"role": Role.USER}, {"is_active": False}):
        with pytest.raises(users.LastAdmin):
            async with database.transaction(operator(person.tenant_id)) as conn:
                await users.change(conn, boss.user_id, **changes)
    async with database.transaction(operator(person.tenant_id)) as conn:
        assert await users.is_last_admin(conn, boss.user_id)
        # Who waits keeps nothing running, so they may go.
        await users.change(conn, waiting.user_id, role=Role.USER)
    second = await an_admin(database, person)
    async with database.transaction(second.caller(Role.ADMIN)) as conn:
        assert not await users.is_last_admin(conn, second.user_id)
        await users.change(conn, boss.user_id, is_active=False)
        assert await users.is_last_admin(conn, second.user_id)
    with pytest.raises(users.LastAdmin):
        async with database.transaction(boss.caller(Role.ADMIN)) as conn:
            await users.change(conn, second.user_id, is_active=False)


async def test_all_admins_remove_each_other(database: Database, person: Person) -> None:
    """Eight in a ring deactivate each other at once, each change committed late: one admin is left."""
    ring = [await an_admin(database, person) for _ in range(8)]
    ready = asyncio.Barrier(len(ring))

    async def remove(doer: Person, victim: Person) -> None:
        async with database.transaction(doer.caller(Role.ADMIN)) as conn:
            await ready.wait()
            await users.change(conn, victim.user_id, is_active=False)

    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    done = await asyncio.gather(*(remove(*pair) for pair in pairs), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["LastAdmin"] + ["NoneType"] * 7
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        left = users.Filter(role=Role.ADMIN, is_active=True)
        assert await users.count(conn, person.tenant_id, left) == 1


async def test_an_email_that_another_has(database: Database, person: Person, stranger: Person) -> None:
    """Changing to it is EmailTaken, in the tenant and across."""
    colleague = await an_admin(database, person)
    for email in (colleague.email, stranger.email):
        with pytest.raises(users.EmailTaken):
            async with database.transaction(person.caller()) as conn:
                await users.change(conn, person.user_id, email=email)


async def test_only_columns_of_an_account(database: Database, person: Person) -> None:
    """No other column can be named."""
    for name in ("tenant_id", "issuer", "id = $1; --"):
        fields: dict[str, Any] = {name: "x"}
        async with database.transaction(person.caller()) as conn:
            with pytest.raises(TypeError, match="no personal data"):
                await users.change(conn, person.user_id, **fields)


async def test_lists_are_of_one_tenant(database: Database, person: Person, stranger: Person) -> None:
    """A list of another tenant is empty, even when it is asked for by its id; so is its count."""
    caller = stranger.caller(Role.ADMIN)
    async with database.transaction(caller) as conn:
        assert await users.listed(conn, person.tenant_id, users.Filter()) == []
        assert await users.count(conn, person.tenant_id, users.Filter()) == 0
        assert await users.accounts(conn, person.tenant_id, [person.email]) == {}
        assert await users.account(conn, person.user_id) is None
        assert await tenants.update(conn, person.tenant_id, name="Ours now") is None
    for role in (Role.USER, Role.MANAGER):
        async with database.transaction(person.caller(role)) as conn:
            assert await tenants.update(conn, person.tenant_id, name="Mine now") is None


async def test_people_of_other_issuers(database: Database, person: Person, stranger: Person) -> None:
    """They are added to the tenant that the context names and no other, once, and found over all tenants."""
    subject = uuid.uuid4().hex
    said: dict[str, Any] = {"issuer": "https://id.example.org", "subject": subject, "email": None}
    issuer = Internal(role="issuer", tenant_id=person.tenant_id)
    async with database.transaction(issuer) as conn:
        user = await arrivals.arrive(conn, tenant_id=person.tenant_id, role=Role.MANAGER, full_name="Ada", **said)
        with pytest.raises(users.EmailTaken):
            await arrivals.arrive(conn, tenant_id=person.tenant_id, role=Role.USER, **said)
    assert (user.email, user.role, user.full_name) == (None, Role.MANAGER, "Ada")
    another = {**said, "subject": uuid.uuid4().hex}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(issuer) as conn:
            await arrivals.arrive(conn, tenant_id=stranger.tenant_id, role=Role.USER, **another)
    async with database.transaction(SIGN_IN) as conn:
        assert await arrivals.by_subject(conn, said["issuer"], subject) == user
        assert await arrivals.by_subject(conn, "https://other.example.org", subject) is None
    async with database.transaction(stranger.caller(Role.ADMIN)) as conn:
        assert await arrivals.by_subject(conn, said["issuer"], subject) is None


async def test_only_an_issuer_names_a_subject(database: Database, person: Person) -> None:
    """Neither whoever registers nor an ordinary person adds people of another issuer."""
    for context in (SIGN_IN, person.caller()):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(context) as conn:
                await arrivals.arrive(
                    conn,
                    tenant_id=person.tenant_id,
                    issuer="https://id.example.org",
                    subject=uuid.uuid4().hex,
                    email=None,
                    role=Role.ADMIN,
                )


async def test_an_email_is_filled_in(database: Database, person: Person, colleague: Person) -> None:
    """Somebody without an e-mail gets one, by themselves, unless it is taken; one that is there stays."""
    async with database.transaction(Internal(role="issuer", tenant_id=person.tenant_id)) as conn:
        user = await arrivals.arrive(
            conn,
            tenant_id=person.tenant_id,
            issuer="https://id.example.org",
            subject=uuid.uuid4().hex,
            email=None,
            role=Role.USER,
        )
    newcomer = Person(tenant_id=user.tenant_id, user_id=user.id, email="")
    with pytest.raises(users.EmailTaken):
        async with database.transaction(newcomer.caller()) as conn:
            await arrivals.fill_in_email(conn, user.id, colleague.email)
    async with database.transaction(colleague.caller()) as conn:
        await arrivals.fill_in_email(conn, user.id, "theirs@example.org")
    mine = f"{uuid.uuid4()}@example.org"
    for email in (mine, "later@example.org"):
        async with database.transaction(newcomer.caller()) as conn:
            await arrivals.fill_in_email(conn, user.id, email)
    async with database.transaction(newcomer.caller()) as conn:
        now = await users.by_id(conn, user.id)
    assert now is not None
    assert now.email == mine

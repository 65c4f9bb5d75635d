"""Invitations, and what the database itself refuses of them."""

import asyncio
import uuid

import asyncpg
import pytest

from db import invitations, users
from db.pool import Connection, Database
from db.tenant import SIGN_IN, Context, Internal, operator
from onboarding.access import Role
from onboarding.errors import GangwayError
from tests.db.given import Person

ADDS = """
INSERT INTO invitations (tenant_id, email, role, token_hash, expires_at)
VALUES ($1, $2, $3, uuid_send(uuidv7()), now() + interval '1 day')
"""


def an_email() -> str:
    return f"{uuid.uuid4()}@example.org"


def a_hash() -> bytes:
    return uuid.uuid4().bytes


async def made(
    database: Database, person: Person, token: bytes, role: Role = Role.USER, *, waits: bool = False
) -> invitations.Invitation:
    """An invitation in the person's tenant, as an admin makes it."""
    email = an_email()
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        user_id = None
        if waits:
            user = await users.create(conn, tenant_id=person.tenant_id, email=email, password_hash=None, role=role)
            user_id = user.id
        return await invitations.make(
            conn,
            token,
            tenant_id=person.tenant_id,
            email=email,
            role=role,
            invited_by=person.user_id,
            user_id=user_id,
        )


async def test_its_life(database: Database, person: Person, admin: asyncpg.Connection) -> None:
    """Open for seven days, then expired; renewed it is open again; taken up it is accepted for good."""
    token, other = a_hash(), a_hash()
    first = await made(database, person, token)
    assert (first.status, (first.expires_at - first.created_at).days) == ("open", invitations.VALID_DAYS)
    await admin.execute("UPDATE invitations SET expires_at = now() WHERE id = $1", first.id)
    async with database.transaction(SIGN_IN) as conn:
        with pytest.raises(invitations.InvitationExpired):
            await invitations.by_token(conn, token)
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        renewed = await invitations.renew(conn, other, invitation_id=first.id)
        assert (renewed.id, renewed.status) == (first.id, "open")
    async with database.transaction(SIGN_IN) as conn:
        with pytest.raises(invitations.InvitationNotFound):
            await invitations.by_token(conn, token)
        found = await invitations.by_token(conn, other)
        await invitations.accept(conn, found.id, person.user_id)
        with pytest.raises(invitations.InvitationUsed):
            await invitations.by_token(conn, other)
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        for refused in (
            invitations.renew(conn, a_hash(), invitation_id=first.id),
            invitations.revoke(conn, first.id),
        ):
            with pytest.raises(invitations.InvitationUsed):
                await refused
        assert [one.status for one in await invitations.listed(conn, person.tenant_id)] == ["accepted"]
        assert await invitations.count(conn, person.tenant_id) == 1


async def test_one_waits_for_the_other(database: Database, person: Person) -> None:
    """Twenty that take up one invitation at once: one does, and the others find it used."""
    token = a_hash()
    await made(database, person, token)

    async def take_up() -> None:
        async with database.transaction(SIGN_IN) as conn:
            found = await invitations.by_token(conn, token)
            await asyncio.sleep(0)
            await invitations.accept(conn, found.id, person.user_id)

    done = await asyncio.gather(*(take_up() for _ in range(20)), return_exceptions=True)
    names = sorted(type(each).__name__ for each in done)
    assert names == ["InvitationUsed"] * 19 + ["NoneType"]


async def test_one_open_invitation_of_an_email(database: Database, person: Person) -> None:
    """Twenty that invite one e-mail at once leave one invitation, whose token is the last one's."""
    email, tokens = an_email(), [a_hash() for _ in range(20)]

    async def invite(token: bytes) -> invitations.Invitation:
        async with database.transaction(person.caller(Role.MANAGER)) as conn:
            return await invitations.make(
                conn, token, tenant_id=person.tenant_id, email=email, role=Role.USER, invited_by=person.user_id
            )

    done = await asyncio.gather(*(invite(token) for token in tokens))
    assert len({one.id for one in done}) == 1

    async def works(token: bytes) -> bool:
        async with database.transaction(SIGN_IN) as conn:
            try:
                return bool(await invitations.by_token(conn, token))
            except GangwayError:
                return False

    assert sum([await works(token) for token in tokens]) == 1


async def refused(database: Database, context: Context | None, query: str, *args: object) -> bool:
    """Whether raw SQL does nothing in a context: it fails, or finds no row."""
    try:
        async with database.transaction(context) as conn:
            return (await conn.execute(query, *args)).endswith(" 0")
    except asyncpg.InsufficientPrivilegeError:
        return True


async def test_who_writes_invitations(database: Database, person: Person, stranger: Person) -> None:
    """Against raw SQL too: nobody but staff of the tenant, and a manager none that gives more than they have."""
    token = a_hash()
    theirs = await made(database, person, token, Role.ADMIN)
    changes = "UPDATE invitations SET token_hash = uuid_send(uuidv7()) WHERE id = $1"
    raises = "UPDATE invitations SET role = 'admin' WHERE role <> 'admin'"
    nobodies: list[Context | None] = [
        None,
        person.caller(),
        stranger.caller(Role.ADMIN),
        stranger.caller(Role.MANAGER),
        operator(person.tenant_id),
        Internal(role="issuer", tenant_id=person.tenant_id),
        Internal(role="postman"),
        Internal(role="keeper"),
    ]
    for context in nobodies:
        assert await refused(database, context, changes, theirs.id), context
        assert await refused(database, context, ADDS, person.tenant_id, an_email(), "user"), context
    # Signing in takes invitations up, and makes none.
    assert await refused(database, SIGN_IN, ADDS, person.tenant_id, an_email(), "user")
    manager = person.caller(Role.MANAGER)
    assert await refused(database, manager, changes, theirs.id)
    assert await refused(database, manager, ADDS, person.tenant_id, an_email(), "admin")
    assert not await refused(database, manager, ADDS, person.tenant_id, an_email(), "manager")
    assert await refused(database, manager, raises)
    async with database.transaction(manager) as conn:
        with pytest.raises(invitations.RoleAbove):
            await invitations.renew(conn, a_hash(), invitation_id=theirs.id)
        with pytest.raises(invitations.RoleAbove):
            await invitations.revoke(conn, theirs.id)
    for query in ("SELECT count(*) FROM invitations", "SELECT count(*) FROM invitations WHERE token_hash = $1"):
        args = [token] if "$1" in query else []
        async with database.transaction(stranger.caller(Role.ADMIN)) as conn:
            assert await conn.fetchval(query, *args) == 0


async def adds(conn: Connection, person: Person, email: str, role: str) -> None:
    query = "INSERT INTO users (tenant_id, email, role, password_hash) VALUES ($1, $2, $3, 'h')"
    await conn.execute(query, person.tenant_id, email, role)


@pytest.mark.parametrize(
    "spoilt", ["accepted_at = now()", "revoked_at = now()", "expires_at = now()", "role = 'user'"]
)
async def test_signing_in_makes_no_staff_without_an_invitation(
    database: Database, person: Person, admin: asyncpg.Connection, spoilt: str
) -> None:
    """Another role than `user` needs an open invitation to that e-mail, with that role, in that tenant."""
    invitation = await made(database, person, a_hash(), Role.ADMIN)
    for email, role in ((an_email(), "admin"), (an_email(), "manager"), (invitation.email, "manager")):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(SIGN_IN) as conn:
                await adds(conn, person, email, role)
    await admin.execute(f"UPDATE invitations SET {spoilt} WHERE id = $1", invitation.id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.transaction(SIGN_IN) as conn:
            await adds(conn, person, invitation.email, "admin")
    await admin.execute(
        "UPDATE invitations SET accepted_at = NULL, revoked_at = NULL, role = 'admin', "
        "expires_at = now() + interval '1 day' WHERE id = $1",
        invitation.id,
    )
    async with database.transaction(SIGN_IN) as conn:
        await adds(conn, person, invitation.email, "admin")


async def test_signing_in_takes_up_what_waits_for_it(
    database: Database, person: Person, admin: asyncpg.Connection
) -> None:
    """A waiting account is given a password for its open invitation only, and keeps its role in any case."""
    takes = "UPDATE users SET password_hash = 'h' WHERE id = $1"
    invitation = await made(database, person, a_hash(), Role.MANAGER, waits=True)
    assert invitation.user_id is not None
    assert await refused(database, SIGN_IN, takes, person.user_id)
    promotes = "UPDATE users SET password_hash = 'h', role = 'admin' WHERE id = $1"
    assert await refused(database, SIGN_IN, promotes, invitation.user_id)
    await admin.execute("UPDATE invitations SET revoked_at = now() WHERE id = $1", invitation.id)
    assert await refused(database, SIGN_IN, takes, invitation.user_id)
    async with database.transaction(SIGN_IN) as conn:
        assert await users.take_up(conn, invitation.user_id, "h") is None
    await admin.execute("UPDATE invitations SET revoked_at = NULL WHERE id = $1", invitation.id)
    async with database.transaction(SIGN_IN) as conn:
        taken = await users.take_up(conn, invitation.user_id, "h", full_name="Ann")
    assert taken is not None
    assert (taken.role, taken.full_name) == (Role.MANAGER, "Ann")
    assert await refused(database, SIGN_IN, takes, invitation.user_id)

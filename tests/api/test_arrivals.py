"""People of other issuers: which account they get, in which tenant, with which role."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.api.foreign import AUDIENCE, OTHER, TENANT, World, knowing_issuers, oidc_claims, signed
from tests.issuers import Claims, claims_of, rs256
from tests.stack import RUNS, application, ok, problem, until


@pytest.fixture(scope="module")
async def world(settings: Settings, worker: None) -> AsyncIterator[World]:
    """One application for the tests here."""
    async with knowing_issuers(settings) as world:
        yield world


@pytest.fixture
async def admin(stack: EmbeddedStack) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection, which no policy binds."""
    connection = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    yield connection
    await connection.close()


def an_address() -> str:
    """An e-mail of somebody new."""
    return f"{uuid.uuid4().hex}@example.org"


def sign(claims: Claims) -> str:
    """A token of the plain OIDC issuer."""
    return rs256("o1").sign(claims)


async def test_they_onboard_like_anybody(world: World) -> None:
    """A person of another issuer starts a run and reads it, as one who registered does."""
    headers = {"Authorization": f"Bearer {signed()}"}
    ok(await world.client.post(f"{RUNS}/start", json={}, headers=headers))
    progress = ok(await world.client.get(f"{RUNS}/progress", headers=headers))
    assert progress["status"] == "in_progress"


async def test_twenty_first_requests_make_one_account(world: World, admin: asyncpg.Connection) -> None:
    """Twenty first requests at once, in a tenant that is new too, make one tenant and one account."""
    tenant = uuid.uuid4().hex
    claims = oidc_claims(tenant=tenant, email=an_address())
    answers = await asyncio.gather(*(world.me(sign({**claims, "jti": str(n)})) for n in range(20)))
    assert len({ok(answer)["id"] for answer in answers}) == 1
    query = "SELECT count(*) FROM users JOIN tenants t ON t.id = tenant_id WHERE t.external_id = $1"
    assert await admin.fetchval(query, tenant) == 1


async def test_one_person_in_two_tenants_at_once(world: World) -> None:
    """First requests at once that name two tenants: one tenant gets the person, the other's are 403."""
    claims = oidc_claims(email=an_address())
    tenants = [uuid.uuid4().hex, uuid.uuid4().hex]
    answers = await asyncio.gather(*(world.me(sign({**claims, "tenant": tenants[n % 2]})) for n in range(20)))
    assert len({ok(answer)["id"] for answer in answers if answer.is_success}) == 1
    refused = [problem(answer, 403, "tenant_mismatch") for answer in answers if not answer.is_success]
    assert len(refused) == 10


async def test_subjects_belong_to_their_issuer(world: World) -> None:
    """The same subject of two issuers is two people."""
    claims = oidc_claims()
    first = ok(await world.me(sign(claims)))
    other = claims_of(OTHER, aud=AUDIENCE, tenant=TENANT, sub=claims["sub"])
    second = ok(await world.me(rs256("x1").sign(other)))
    assert first["id"] != second["id"]
    assert first["tenant_id"] == second["tenant_id"]


@pytest.mark.parametrize("tenant", [None, "", " ", "\t\n", 5, True, ["acme"], {"acme": 1}, 1.5])
async def test_no_tenant(world: World, tenant: Any) -> None:
    """Without a tenant claim that is a text with something in it: 403 `tenant_required`."""
    problem(await world.me(signed(tenant=tenant)), 403, "tenant_required")


@pytest.mark.parametrize("tenant", ["x" * 201, "a\0b", "a\nb", "\ud800", "x" * 3000, "acme\u200b"])
async def test_impossible_tenants(world: World, tenant: str, admin: asyncpg.Connection) -> None:
    """A name that no tenant may have is 403 `tenant_unknown`, and makes none."""
    before = await admin.fetchval("SELECT count(*) FROM tenants")
    problem(await world.me(signed(tenant=tenant)), 403, "tenant_unknown")
    assert await admin.fetchval("SELECT count(*) FROM tenants") == before


@pytest.mark.parametrize("tenant", ["x" * 200, "Ačme & Söhne", "'; DROP TABLE tenants; --", "acme/eu"])
async def test_possible_tenants(world: World, tenant: str) -> None:
    """Any printable name of up to 200 characters is one."""
    ok(await world.me(signed(tenant=f"{uuid.uuid4().hex[:8]}{tenant}"[-200:])))


async def test_unknown_tenants_are_refused_where_none_are_made(
    world: World, settings: Settings, admin: asyncpg.Connection
) -> None:
    """Without TENANT_AUTO_CREATE an unknown tenant is 403 `tenant_unknown`, until somebody makes it."""
    tenant = uuid.uuid4().hex
    token = signed(tenant=tenant)
    async with application(replace(world.settings, tenant_auto_create=False)) as client:
        strict = replace(world, client=client)
        problem(await strict.me(token), 403, "tenant_unknown")
        assert await admin.fetchval("SELECT count(*) FROM tenants WHERE external_id = $1", tenant) == 0
        await admin.execute("INSERT INTO tenants (external_id, name) VALUES ($1, $1)", tenant)
        ok(await strict.me(token))


async def test_another_tenant_than_before(world: World, admin: asyncpg.Connection) -> None:
    """A known person whose token names another tenant is 403 `tenant_mismatch`, and that tenant is not made."""
    claims = oidc_claims()
    me = ok(await world.me(sign(claims)))
    elsewhere = uuid.uuid4().hex
    for _ in range(2):
        problem(await world.me(sign({**claims, "tenant": elsewhere})), 403, "tenant_mismatch")
    assert await admin.fetchval("SELECT count(*) FROM tenants WHERE external_id = $1", elsewhere) == 0
    await admin.execute("INSERT INTO tenants (external_id, name) VALUES ($1, $1)", elsewhere)
    problem(await world.me(sign({**claims, "tenant": elsewhere})), 403, "tenant_mismatch")
    assert ok(await world.me(sign(claims)))["tenant_id"] == me["tenant_id"]


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("user", "user"),
        ("manager", "manager"),
        ("admin", "admin"),
        (None, "user"),
        ("Admin", "user"),
        ("root", "user"),
        ("", "user"),
        (["admin"], "user"),
        (1, "user"),
    ],
)
async def test_roles(world: World, said: Any, role: str) -> None:
    """The role claim gives the role; what is none of ours is `user`."""
    assert ok(await world.me(signed(role=said)))["role"] == role


async def test_a_later_role_changes_nothing(world: World) -> None:
    """The role claim counts for the first sign-in; afterwards roles are given here."""
    claims = oidc_claims(role="user")
    ok(await world.me(sign(claims)))
    assert ok(await world.me(sign({**claims, "role": "admin"})))["role"] == "user"


async def test_an_email_that_another_account_has(world: World, admin: asyncpg.Connection) -> None:
    """An e-mail of another account of the tenant is 403 `account_exists`; of another tenant it is free."""
    email = an_address()
    ok(await world.me(signed(email=email)))
    second = oidc_claims(email=email.upper())
    for _ in range(2):
        problem(await world.me(sign(second)), 403, "account_exists")
    count = "SELECT count(*) FROM users WHERE subject = $1"
    assert await admin.fetchval(count, second["sub"]) == 0
    ok(await world.me(sign({**second, "tenant": uuid.uuid4().hex})))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"email": "nobody"},
        {"email": 5},
        {"email": ""},
        {"email": "x" * 300 + "@example.org"},
        {"email": "a@example.org\0"},
        {"email": "\ud800@example.org"},
        {"email": "a@\ud800.org"},
        {"email": "a@" + "x." * 200 + "org"},
        {"email": an_address(), "email_verified": False},
        {"email": an_address(), "email_verified": "false"},
    ],
)
async def test_without_an_email(world: World, said: Claims) -> None:
    """An e-mail that is missing, none, or not proved is none: the account has no address."""
    assert ok(await world.me(signed(**said)))["email"] == ""


async def test_an_address_is_proved_by_either_token(world: World) -> None:
    """An address that the ID token calls unproved is none, though the access token has it too."""
    access = oidc_claims(email=an_address())
    identity = oidc_claims(sub=access["sub"], email=access["email"], email_verified=False)
    assert ok(await world.me(sign(access), sign(identity)))["email"] == ""


async def test_a_later_email_is_filled_in(world: World) -> None:
    """A later token's e-mail fills in a missing one, and does not change one that is there."""
    claims = oidc_claims()
    assert ok(await world.me(sign(claims)))["email"] == ""
    email = an_address()
    unproved = {**claims, "email": email, "email_verified": False}
    assert ok(await world.me(sign(unproved)))["email"] == ""
    assert ok(await world.me(sign({**claims, "email": email, "email_verified": True})))["email"] == email
    assert ok(await world.me(sign({**claims, "email": an_address()})))["email"] == email


async def test_a_later_email_that_is_taken(world: World) -> None:
    """A later e-mail that somebody else has is left out: who has an account keeps it."""
    email = an_address()
    ok(await world.me(signed(email=email)))
    claims = oidc_claims()
    ok(await world.me(sign(claims)))
    for _ in range(2):
        assert ok(await world.me(sign({**claims, "email": email})))["email"] == ""


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"name": " Ada ", "zoneinfo": "Asia/Tokyo", "locale": "es"}, ("Ada", "Asia/Tokyo", "es")),
        ({"name": "<b>Ada</b>", "zoneinfo": "Mars/Olympus", "locale": "xx"}, (None, "UTC", "en")),
        ({"name": "x" * 201, "zoneinfo": "../etc/passwd", "locale": "es_MX"}, (None, "UTC", "es")),
        ({"name": ["Ada"], "zoneinfo": 5, "locale": {}}, (None, "UTC", "en")),
        ({"name": "a\0b", "zoneinfo": "UTC\0", "locale": "\0"}, (None, "UTC", "en")),
        ({"name": "\ud800", "zoneinfo": "\ud800", "locale": "\ud800", "role": "\ud800"}, (None, "UTC", "en")),
        ({"name": "Ada", "zoneinfo": "x" * 5000}, ("Ada", "UTC", "en")),
    ],
)
async def test_what_is_known_of_a_newcomer(world: World, said: Claims, shown: tuple[Any, ...]) -> None:
    """Name, time zone and language come from the token as far as they are valid; otherwise the defaults count."""
    me = ok(await world.me(signed(**said)))
    assert (me["full_name"], me["timezone"], me["locale"]) == shown


async def test_an_inactive_account(world: World, admin: asyncpg.Connection) -> None:
    """An account that is made inactive is out with the next request: 403 `account_inactive`."""
    token = signed()
    me = ok(await world.me(token))
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", me["id"])
    problem(await world.me(token), 403, "account_inactive")


async def test_who_is_remembered_and_gone(world: World, admin: asyncpg.Connection) -> None:
    """Who is remembered and no longer there, with no receipt, is looked up again: a new account."""
    token = signed(name="Ada")
    me = ok(await world.me(token))
    await admin.execute("DELETE FROM users WHERE id = $1", me["id"])
    again = ok(await world.me(token))
    assert again["id"] != me["id"]


async def test_a_known_person_costs_one_round_trip(world: World, admin: asyncpg.Connection) -> None:
    """Once somebody is known nothing is looked up: even a tenant that has another name by now is not noticed."""
    tenant = uuid.uuid4().hex
    token = signed(tenant=tenant)
    me = ok(await world.me(token))
    await admin.execute("UPDATE tenants SET external_id = $2 WHERE external_id = $1", tenant, uuid.uuid4().hex)
    assert ok(await world.me(token))["id"] == me["id"]


async def test_refused_people_are_limited_too(world: World) -> None:
    """Who is refused again and again is 429 in the end: looking them up is not free."""
    async with application(replace(world.settings, rate_limit_per_minute=3)) as client:
        strict = replace(world, client=client)
        token = signed(tenant=None)
        statuses = [(await strict.me(token)).status_code for _ in range(7)]
        assert statuses[:3] == [403] * 3
        assert 429 in statuses


async def test_logout(world: World) -> None:
    """The token that somebody signed out with is refused by every process, another one of theirs is not."""
    subject = uuid.uuid4().hex
    first, second = (signed(sub=subject, jti=uuid.uuid4().hex) for _ in range(2))
    async with application(world.settings) as other:
        elsewhere = replace(world, client=other)
        for each in (world, elsewhere):
            ok(await each.me(first))
        headers = {"Authorization": f"Bearer {first}"}
        assert (await world.client.post("/api/v1/auth/logout", headers=headers)).status_code == 204
        for each in (world, elsewhere):
            problem(await each.me(first), 401, "auth_invalid_token")
            ok(await each.me(second))


async def test_an_account_without_a_password(world: World) -> None:
    """There is nothing to change or to forget, and no session of ours to see."""
    email = an_address()
    headers = {"Authorization": f"Bearer {signed(email=email)}"}
    assert ok(await world.client.get("/api/v1/auth/sessions", headers=headers))["items"] == []
    body = {"current_password": "anything", "new_password": "a stapler for the battery"}
    answer = await world.client.post("/api/v1/auth/password", json=body, headers=headers)
    problem(answer, 400, "no_password")
    login = {"email": email, "password": "anything"}
    problem(await world.client.post("/api/v1/auth/login", json=login), 401, "invalid_credentials")


async def test_who_was_erased_stays_erased(world: World, admin: asyncpg.Connection) -> None:
    """A token from before the erasure opens the receipt and makes nobody anew, anywhere; a later one does."""
    subject = uuid.uuid4().hex
    before = datetime.now(UTC) - timedelta(seconds=60)
    token, signed_out = (signed(sub=subject, jti=uuid.uuid4().hex, iat=before, name="Ada") for _ in range(2))
    me = ok(await world.me(token))
    bearer = {"Authorization": f"Bearer {token}"}
    gone = {"Authorization": f"Bearer {signed_out}"}
    assert (await world.client.post("/api/v1/auth/logout", headers=gone)).status_code == 204
    asked = await world.client.post(f"/api/v1/users/{me['id']}/erase", headers=bearer)
    assert asked.status_code == 202

    async def completed() -> bool:
        return ok(await world.client.get(asked.headers["location"], headers=bearer))["status"] == "completed"

    await until(completed)
    async with application(world.settings) as other:
        for client in (world.client, other):
            each = replace(world, client=client)
            await each.refused(token)
            await each.refused(signed_out)
            found = ok(await client.get(asked.headers["location"], headers=bearer))
            assert (found["user_id"], found["status"]) == (me["id"], "completed")
    assert await admin.fetchval("SELECT count(*) FROM users WHERE subject = $1", subject) == 0
    later = signed(sub=subject, iat=datetime.now(UTC) + timedelta(seconds=5), name="Ada")
    assert ok(await world.me(later))["id"] != me["id"]

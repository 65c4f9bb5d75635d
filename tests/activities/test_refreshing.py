"""Access tokens: one exchange however many ask, and no connection that is lost to an answer nobody heard."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec.structs import replace
from uuid_utils.compat import uuid7

from activities.refreshing import NeedsConsent, Patience, Refresher, caller_of
from db import connection_runs
from db.pool import Connection, Database, DatabaseUnavailable
from db.tenant import Context
from onboarding.payloads import ConnectionRef
from runtime.encryption import Keys
from runtime.providers.asking import Away
from runtime.settings import Settings
from tests.activities.connected import Row, connected
from tests.db.given import Person
from tests.providers import Providers, Reply, providers
from tests.stack import until

PATIENCE = Patience(asking=0.4, pause=0.01, pause_at_most=0.05, waiting=5, keeping=5)
DAY = 24 * 3600


class Cut(Database):
    """A pool on whose way something may lie; the transactions before and after go through."""

    in_the_way: Callable[[int], Awaitable[None]]
    begun = 0

    @asynccontextmanager
    async def transaction(self, context: Context | None) -> AsyncGenerator[Connection]:
        """The next one."""
        self.begun += 1
        await self.in_the_way(self.begun)
        async with super().transaction(context) as connection:
            yield connection


KEEPING = 3
"""Of the transactions of one exchange, the one that keeps what came: before it are a look and the intent."""


@pytest.fixture
async def fake() -> AsyncIterator[Providers]:
    """The providers."""
    async with providers() as fake:
        yield fake


@pytest.fixture
def leading(settings: Settings, fake: Providers) -> Settings:
    """Settings that lead to them."""
    return fake.set(settings)


@pytest.fixture
async def ref(database: Database, keys: Keys, fake: Providers, leading: Settings, person: Person) -> ConnectionRef:
    """A connection to Xero, which rotates refresh tokens."""
    return await connected(database, keys, fake, leading, person, "xero")


@pytest.fixture
def row(admin: asyncpg.Connection, ref: ConnectionRef) -> Row:
    """Its row."""
    return Row(admin, ref)


@pytest.fixture
def refresher(database: Database, keys: Keys, leading: Settings) -> Refresher:
    """As a worker has it, but for its patience."""
    return Refresher(database, keys, leading, PATIENCE)


@pytest.fixture
async def cut(settings: Settings) -> AsyncIterator[Cut]:
    """A pool of another process."""
    assert settings.database_url
    cut = await Cut.open(settings.database_url, min_size=0, max_size=2)
    yield cut
    await cut.close()


async def test_many_at_once(
    settings: Settings, keys: Keys, leading: Settings, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """Fifty who ask two hundred times, in four processes, with answers that are slow or never come: each expiry is
    one exchange, asked for once, or once more where the answer never came; everybody has the same token, and the
    connection lives.
    """
    assert settings.database_url
    pools = [await Database.open(settings.database_url, min_size=1, max_size=2) for _ in range(4)]
    refreshers = [Refresher(pool, keys, leading, replace(PATIENCE, asking=30, waiting=30)) for pool in pools]
    xero, rounds = fake.xero, 200
    xero.faults.grace_seconds = 30
    stale = await refreshers[0].token(ref)
    for number in range(rounds):
        xero.faults.drop_tokens = 1 if number % 10 == 3 else 0
        xero.faults.slow_seconds = 0.01 if number % 25 == 7 else 0.0
        told = await asyncio.gather(*(refreshers[n % 4].token(ref, stale) for n in range(50)))
        assert len(set(told)) == 1
        assert told[0] != stale
        stale = told[0]
    for pool in pools:
        await pool.close()
    now = await row.now()
    assert xero.exchanges == rounds
    assert len(xero.asked_for("/token")) == 1 + rounds + rounds // 10
    assert (now["status"], now["token_version"], now["refresh_id"]) == ("connected", rounds + 1, None)
    assert await row.events() == []


async def test_fresh_enough(refresher: Refresher, fake: Providers, ref: ConnectionRef, row: Row) -> None:
    """A token that lasts is given without asking; one that is about to expire is exchanged before it does."""
    first = await refresher.token(ref)
    assert (await refresher.token(ref), fake.xero.exchanges) == (first, 0)
    await row.expires_in(290)
    second = await refresher.token(ref)
    assert (second != first, await refresher.token(ref), fake.xero.exchanges) == (True, second, 1)


async def test_no_new_refresh_token(
    database: Database, keys: Keys, fake: Providers, leading: Settings, person: Person, refresher: Refresher
) -> None:
    """Where an answer brings no refresh token, the one that there is stays."""
    ref = await connected(database, keys, fake, leading, person, "gmail")
    token = await refresher.token(ref)
    for _ in range(3):
        token = await refresher.token(ref, token)
    assert fake.gmail.exchanges == 3


async def test_an_outage_of_a_day(refresher: Refresher, fake: Providers, ref: ConnectionRef, row: Row) -> None:
    """However long a provider is away, the connection stays connected, and works when it is back."""
    stale = await refresher.token(ref)
    fake.xero.faults.down = True
    for _ in range(5):
        with pytest.raises(Away):
            await refresher.token(ref, stale)
        await row.may_be_asked()
    await row.expires_in(-DAY)
    assert ((await row.now())["status"], (await row.now())["refresh_tries"]) == ("connected", 15)
    fake.xero.faults.down = False
    assert await refresher.token(ref) != stale
    assert (await row.now())["refresh_tries"] == 0
    assert await row.events() == []


async def test_a_token_that_still_lasts(
    refresher: Refresher, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """While the provider is away a token is used to its end, but for the last seconds."""
    token = await refresher.token(ref)
    await row.expires_in(100)
    fake.xero.faults.failing_tokens = 100
    assert await refresher.token(ref) == token
    await row.expires_in(20)
    await row.may_be_asked()
    with pytest.raises(Away):
        await refresher.token(ref)


async def test_asked_to_rest(refresher: Refresher, fake: Providers, ref: ConnectionRef, row: Row) -> None:
    """As long as a provider says that it wants to be asked no more, nobody asks it."""
    stale = await refresher.token(ref)
    fake.xero.faults.tokens = [Reply(status=429, headers={"Retry-After": "7200"})]
    for _ in range(3):
        with pytest.raises(Away) as caught:
            await refresher.token(ref, stale)
        assert 7100 < caught.value.rest_seconds <= 7200
    assert len(fake.xero.asked_for("/token")) == 2  # the code, and once more
    await row.may_be_asked()
    assert await refresher.token(ref, stale) != stale


async def test_revoked(
    database: Database, keys: Keys, leading: Settings, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """A consent that was taken back is told to all who ask, and to staff once; nobody asks the provider again."""
    fake.xero.revoke_all()
    refreshers = [Refresher(database, keys, leading, PATIENCE) for _ in range(3)]
    await row.expires_in(10)
    asking = (refreshers[n % 3].token(ref) for n in range(9))
    for found in await asyncio.gather(*asking, return_exceptions=True):
        assert isinstance(found, NeedsConsent)
        assert found.code == "consent_revoked"
    now, asked = await row.now(), len(fake.xero.asked)
    assert (now["status"], now["reason"], now["refresh_id"]) == ("reauth_required", "consent_revoked", None)
    with pytest.raises(NeedsConsent):
        await refreshers[0].token(ref, "any")
    assert len(fake.xero.asked) == asked
    assert await row.events() == ["Connection needs consent: consent_revoked"]


async def test_revoked_before_a_run(
    refresher: Refresher, database: Database, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """A run that somebody asked for does not wait for a consent that may never come: it has failed."""
    async with database.transaction(caller_of(ref)) as conn:
        queued = await connection_runs.queue(
            conn,
            new_id=str(uuid7()),
            tenant_id=ref.tenant_id,
            user_id=ref.user_id,
            connection_id=ref.connection_id,
            kind="manual",
        )
    assert queued is not None
    fake.xero.revoke_all()
    await row.expires_in(10)
    with pytest.raises(NeedsConsent):
        await refresher.token(ref)
    async with database.transaction(caller_of(ref)) as conn:
        run = await connection_runs.get(conn, queued.id, ref.user_id, ref.connection_id)
    assert run is not None
    assert (run.status, run.code, run.ended_at is None) == ("failed", "needs_consent", False)


async def test_the_answer_is_lost_for_good(
    refresher: Refresher, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """Where a provider refuses a refresh token at once after an answer that nobody heard, that is doubted some
    times, and then believed.
    """
    stale = await refresher.token(ref)
    fake.xero.faults.refuses_old, fake.xero.faults.drop_tokens = True, 1
    with pytest.raises(NeedsConsent):
        await refresher.token(ref, stale)
    assert len(fake.xero.asked_for("/token")) == 1 + 1 + PATIENCE.doubts + 1
    assert await row.events() == ["Connection needs consent: consent_revoked"]


async def test_our_client_is_refused(
    database: Database, keys: Keys, leading: Settings, refresher: Refresher, ref: ConnectionRef, row: Row
) -> None:
    """A client secret that is wrong is nobody's consent: the connection says so, and heals when it is mended."""
    stale = await refresher.token(ref)
    wrong = Refresher(database, keys, replace(leading, xero_client_secret="wrong"), PATIENCE)
    with pytest.raises(Away, match="client_refused"):
        await wrong.token(ref, stale)
    assert ((await row.now())["status"], (await row.now())["reason"]) == ("error", "client_refused")
    await row.may_be_asked()
    await refresher.token(ref)
    assert ((await row.now())["status"], (await row.now())["reason"]) == ("connected", None)
    assert await row.events() == []


async def test_a_killed_process(
    cut: Cut, keys: Keys, leading: Settings, refresher: Refresher, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """Who dies between the answer and keeping it is followed by another, who gets the same tokens. If it was only
    held up, it changes nothing any more: the newer ones stay, and it has these.
    """
    stale, stopped, go_on = await refresher.token(ref), asyncio.Event(), asyncio.Event()

    async def stop(transaction: int) -> None:
        if transaction == KEEPING:
            stopped.set()
            await go_on.wait()

    cut.in_the_way = stop
    dying = asyncio.create_task(Refresher(cut, keys, leading, PATIENCE).token(ref, stale))
    await stopped.wait()
    second = await refresher.token(ref, stale)
    assert (fake.xero.exchanges, (await row.now())["token_version"]) == (1, 2)
    third = await refresher.token(ref, second)
    go_on.set()
    assert await dying == third
    assert (await refresher.token(ref), (await row.now())["token_version"]) == (third, 3)
    assert len({stale, second, third}) == 3


async def test_a_refusal_while_somebody_has_the_answer(
    database: Database, cut: Cut, keys: Keys, leading: Settings, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """A refusal is not believed as long as the one who got the new tokens may still keep them."""
    patient = Refresher(database, keys, leading, replace(PATIENCE, pause=0.3, pause_at_most=1.0))
    stale, stopped, go_on = await patient.token(ref), asyncio.Event(), asyncio.Event()
    fake.xero.faults.refuses_old = True

    async def stop(transaction: int) -> None:
        if transaction == KEEPING:
            stopped.set()
            await go_on.wait()

    cut.in_the_way = stop
    slow = asyncio.create_task(Refresher(cut, keys, leading, PATIENCE).token(ref, stale))
    await stopped.wait()
    other = asyncio.create_task(patient.token(ref, stale))
    await until(lambda: len(fake.xero.asked_for("/token")) >= 3)
    go_on.set()
    assert await slow == await other != stale
    assert ((await row.now())["status"], await row.events()) == ("connected", [])


async def test_the_database_goes_away(
    cut: Cut, keys: Keys, leading: Settings, fake: Providers, ref: ConnectionRef, row: Row
) -> None:
    """Tokens that came while the database was away are kept when it is back: they exist nowhere else."""

    async def fail(transaction: int) -> None:
        if KEEPING <= transaction < KEEPING + 4:
            raise DatabaseUnavailable("away")

    cut.in_the_way = fail
    await row.expires_in(10)
    await Refresher(cut, keys, leading, PATIENCE).token(ref)
    assert (fake.xero.exchanges, (await row.now())["token_version"], cut.begun) == (1, 2, KEEPING + 4)


async def test_a_caller_who_leaves(refresher: Refresher, fake: Providers, ref: ConnectionRef) -> None:
    """Whoever is cancelled does not end the exchange: another who asked for the same still gets it."""
    stale = await refresher.token(ref)
    fake.xero.faults.slow_seconds = 0.1
    leaving, staying = (asyncio.create_task(refresher.token(ref, stale)) for _ in range(2))
    await asyncio.sleep(0.02)
    leaving.cancel()
    assert await staying != stale
    assert (leaving.cancelled(), fake.xero.exchanges) == (True, 1)


@pytest.mark.parametrize("gone", ["disconnected", "deleted"])
async def test_nobody_is_there(
    admin: asyncpg.Connection, refresher: Refresher, ref: ConnectionRef, gone: str
) -> None:
    """A connection that is disconnected, or whose owner was erased, gives no tokens."""
    change = {
        "deleted": "DELETE FROM connections WHERE id = $1",
        "disconnected": """
            UPDATE connections SET status = 'disconnected', disconnected_at = now(), sealed_tokens = NULL
            WHERE id = $1
        """,
    }[gone]
    await admin.execute(change, ref.connection_id)
    with pytest.raises(NeedsConsent, match="disconnected"):
        await refresher.token(ref)


async def test_tokens_that_do_not_open(
    admin: asyncpg.Connection, refresher: Refresher, ref: ConnectionRef, row: Row
) -> None:
    """Tokens that do not open, as those of another row, are none: somebody must consent anew."""
    other = """UPDATE connections SET sealed_tokens = jsonb_set(sealed_tokens, '{1}', '"AAAA"') WHERE id = $1"""
    await admin.execute(other, ref.connection_id)
    with pytest.raises(NeedsConsent, match="tokens_unreadable"):
        await refresher.token(ref)
    assert await row.events() == ["Connection needs consent: tokens_unreadable"]

"""Looks through mailboxes in the worker: each message read once, whatever happens meanwhile."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec import Struct
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import mail_reading, mail_syncs
from activities.ai.models import Models
from activities.mail_jobs import Mailbox
from activities.mail_syncs import MailSyncs
from activities.refreshing import Refresher
from db import connection_runs, mail_jobs, orders
from db.pool import Database
from onboarding import mail_orders
from onboarding.payloads import ConnectionSync, ConnectionSynced, MailJob, MailJobEnd, MailJobReport, MailPage
from runtime.encryption import Keys
from runtime.providers import mailbox as gmail
from runtime.settings import Settings
from tests.activities.ai.books import Books
from tests.db.given import Person
from tests.mailboxes import Connected, connected, mail, order
from tests.providers import Providers, Reply, providers
from tests.providers.faults import Gate
from tests.stack import until

SOME = 1 + 12
"""Requests for the list, and for heads and wholes of messages: where four are read at once, of four to six."""

COFFEE, TOTAL = "2 x Coffee beans 7.50 EUR", "Total: 15.00 EUR"


@pytest.fixture(scope="module")
async def fake() -> AsyncIterator[Providers]:
    """The providers, for this file."""
    async with providers() as fake:
        yield fake


class Post(Struct, frozen=True, kw_only=True):
    """Somebody's mailbox, and who reads it."""

    fake: Providers
    box: Connected
    person: Person
    database: Database
    admin: asyncpg.Connection
    mailbox: Mailbox
    syncs: MailSyncs

    def deliver(self, raw: bytes, days_ago: float = 1, **more: Any) -> str:
        """A message that came so many days ago."""
        at = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
        return self.fake.gmail.deliver(raw, at=at, to=self.box.address, **more)

    async def job(self, *domains: str) -> MailJob:
        """An import of these domains' orders, or a discovery."""
        id = str(uuid.uuid4())
        async with self.database.transaction(self.person.caller()) as conn:
            refused = await mail_jobs.begin(
                conn,
                mail_job_id=id,
                tenant_id=self.person.tenant_id,
                user_id=self.person.user_id,
                connection_id=self.box.id,
                kind="orders" if domains else "discovery",
                domains=domains,
            )
        assert refused is None
        return MailJob(
            job_id=id,
            tenant_id=self.person.tenant_id,
            user_id=self.person.user_id,
            connection_id=self.box.id,
        )

    async def read(self, job: MailJob) -> mail_jobs.Job:
        """A job as it stands."""
        async with self.database.transaction(self.person.caller()) as conn:
            found = await mail_jobs.get(conn, job.job_id, job.user_id)
        assert found
        return found

    async def orders(self) -> list[orders.Stored]:
        """What came of it, by number."""
        async with self.database.transaction(self.person.caller()) as conn:
            found = await orders.listed(conn, self.person.user_id, self.box.id, limit=100)
        return sorted(found, key=lambda each: (each.number or "", each.external_id))

    def wholes(self) -> list[str]:
        """The messages that were asked for as a whole, in this mailbox."""
        ids = self.fake.gmail.mailboxes.get(self.box.address, {})
        asked = [each for each in self.fake.gmail.asked if each.query.get("format") == "raw"]
        return [id for each in asked if (id := each.path.rpartition("/")[2]) in ids]

    @property
    def sync(self) -> ConnectionSync:
        """The order to fetch what is new."""
        return ConnectionSync(
            tenant_id=self.person.tenant_id, user_id=self.person.user_id, connection_id=self.box.id
        )

    async def imported(self, *domains: str) -> None:
        """An import of these domains, from beginning to end."""
        job = await self.job(*domains)
        await all_of(self.mailbox.import_page, job)
        await self.finished(job)

    async def runs(self) -> list[tuple[str, int, int, int]]:
        """The runs of syncs: how each ended, and what it brought."""
        rows = await self.admin.fetch(
            "SELECT status, fetched, added, failed FROM connection_runs WHERE connection_id = $1 ORDER BY id",
            self.box.id,
        )
        return [tuple(row) for row in rows]

    async def finished(self, job: MailJob) -> MailJobReport:
        """Write down that a job is completed."""
        return await done(self.mailbox.end_mail_job, MailJobEnd(job=job, status="completed"))


@pytest.fixture
async def post(
    fake: Providers,
    settings: Settings,
    keys: Keys,
    database: Database,
    admin: asyncpg.Connection,
    person: Person,
) -> AsyncIterator[Post]:
    """A mailbox of its own."""
    fake.gmail.asked.clear()
    own = fake.set(settings)
    box = await connected(admin, keys, fake, own, tenant_id=person.tenant_id, user_id=person.user_id)
    async with Models(Settings(), Books()) as models:
        refresher = Refresher(database, keys, own)
        mailbox = Mailbox(database, refresher, models, own)
        syncs = MailSyncs(database, refresher, own, mailbox)
        yield Post(fake=fake, box=box, person=person, database=database, admin=admin, mailbox=mailbox, syncs=syncs)
    fake.gmail.faults.api.clear()
    fake.gmail.faults.gate = None


async def done(activity: Any, message: Any) -> Any:
    """What an activity answers."""
    return await ActivityEnvironment().run(activity, message)


async def all_of(activity: Any, job: MailJob) -> MailPage:
    """Page after page; how the last one ended."""
    while (page := await done(activity, job)).more:
        pass
    return page


async def test_suppliers_are_found_page_by_page(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers of half a year are counted by registered domain; people, spam, own and old mails are not."""
    monkeypatch.setattr(gmail, "PAGE", 3)
    for n in range(4):
        post.deliver(order(n), days_ago=n + 1)
    post.deliver(mail("=?utf-8?B?QsO8Y2hlcg==?= <a@xn--bcher-kva.example>", "Ihre Rechnung"))
    post.deliver(mail("News <n@news.example.co.uk>", "Sale!", List_Unsubscribe="<mailto:x@y>"))
    post.deliver(mail("Ann <ann@gmail.com>", "Your order"))
    post.deliver(mail("me <me@mail.example>", "Your order"), labels=("SENT",))
    post.deliver(mail("x <x@spam.example>", "Your order"), labels=("SPAM",))
    post.deliver(mail("x <x@old.example>", "Your order"), days_ago=200)
    post.deliver(mail("nobody", "Your order"))
    job = await post.job()
    page = await all_of(post.mailbox.discover_page, job)
    assert page == MailPage(messages=8)
    assert (await post.finished(job)).status == "completed"
    found = await post.read(job)
    said = [(each.domain, each.name, each.category, each.order_messages) for each in found.found]
    assert said == [
        ("beans.example", "Beans", "supplier", 4),
        ("xn--bcher-kva.example", "Bücher", "supplier", 1),
        ("example.co.uk", "News", "newsletter", 0),
    ]
    assert (found.status, found.messages, found.found[0].recommended) == ("completed", 8, True)
    kept = await post.admin.fetchval("SELECT place FROM mail_jobs WHERE id = $1", job.job_id)
    assert (kept, post.wholes()) == (None, [])


async def test_a_page_counts_once(post: Post) -> None:
    """Two attempts at the same page, of which one was thought dead, count its messages once."""
    post.deliver(order(1))
    job = await post.job()
    await done(post.mailbox.discover_page, job)
    todo_before = await post.read(job)
    assert todo_before.messages == 1
    async with post.database.transaction(post.person.caller()) as conn:
        assert not await mail_jobs.move(conn, job.job_id, job.user_id, {}, version=1, messages=1)
    assert (await post.read(job)).messages == 1


@pytest.mark.parametrize("domains", [(), ("beans.example",)])
async def test_the_last_page_again(post: Post, domains: tuple[str, ...]) -> None:
    """A worker that dies behind the last page, before it could say so, leaves nothing to be counted twice."""
    post.deliver(order(1, COFFEE))
    job = await post.job(*domains)
    look = post.mailbox.import_page if domains else post.mailbox.discover_page
    assert await done(look, job) == MailPage(messages=1)
    assert await done(look, job) == MailPage(messages=1)
    await post.finished(job)
    found = await post.read(job)
    assert (found.status, found.messages, [each.messages for each in found.found]) == (
        *("completed", 1),
        [] if domains else [1],
    )


async def test_orders_are_read_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each order mail of the domains becomes an order, whatever else is found; a second import reads none."""
    monkeypatch.setattr(gmail, "PAGE", 2)
    ids = [post.deliver(order(100 + n, f"{n} x Coffee {n}.50 EUR"), days_ago=n) for n in range(1, 6)]
    post.deliver(mail(lines=("We have moved.",)))
    post.deliver(mail("beans.example <x@other.example>"))
    post.deliver(order(9), days_ago=400)
    job = await post.job("beans.example")
    assert (await all_of(post.mailbox.import_page, job)).failure is None
    report = await post.finished(job)
    assert report == MailJobReport(status="completed", orders=5)
    assert {each.external_id for each in await post.orders()} == set(ids)
    found = await post.read(job)
    assert (found.messages, found.orders, found.failed) == (6, 5, 0)
    assert sorted(post.wholes()) == sorted({*post.wholes()})
    again = await post.job("beans.example", "shop.example")
    await all_of(post.mailbox.import_page, again)
    await post.finished(again)
    assert (await post.read(again)).messages == 0
    assert len(post.wholes()) == 6
    row = await post.admin.fetchrow(
        "SELECT domains, cursor IS NULL AS none FROM connections WHERE id = $1", post.box.id
    )
    assert row
    assert (row["domains"], row["none"]) == (["beans.example", "shop.example"], False)


async def test_each_group_has_its_share(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suppliers are searched for some at a time; where one writes too much, the others are read all the same."""
    monkeypatch.setattr(gmail, "PAGE", 2)
    monkeypatch.setattr(mail_orders, "MESSAGES_AT_MOST", 4)
    monkeypatch.setattr(mail_orders, "DOMAINS_AT_ONCE", 1)
    for n in range(6):
        post.deliver(order(100 + n, COFFEE), days_ago=n + 1)
    post.deliver(order(200, COFFEE, sender="Tea <a@tea.example>"), days_ago=50)
    job = await post.job("beans.example", "tea.example")
    assert await all_of(post.mailbox.import_page, job) == MailPage(messages=3)
    assert [each.number for each in await post.orders()] == ["B-100", "B-101", "B-200"]


async def test_cut_in_the_middle(post: Post) -> None:
    """What was read before a worker died stays read: the next attempt reads the rest, and no message twice."""
    for n in range(12):
        post.deliver(order(100 + n, COFFEE), days_ago=n + 1)
    job = await post.job("beans.example")
    post.fake.gmail.faults.gate = Gate(SOME)
    running = asyncio.create_task(done(post.mailbox.import_page, job))

    async def some() -> bool:
        return len(await post.orders()) >= 4

    await until(some)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    post.fake.gmail.faults.gate = None
    before = len(await post.orders())
    assert 4 <= before < 12
    asked = len(post.wholes())
    assert not (await all_of(post.mailbox.import_page, job)).failure
    assert len(await post.orders()) == 12
    # Those that were on their way when it died are read again, and kept once.
    assert len(post.wholes()) - asked == 12 - before
    assert asked - before <= mail_reading.READ_AT_ONCE


async def test_two_mails_of_an_order(post: Post) -> None:
    """A confirmation and its shipping notice are one order that says the most; the same goods again are two."""
    first = post.deliver(order(101, COFFEE, TOTAL), days_ago=3)
    post.deliver(order(101), days_ago=2)
    post.deliver(order(102, COFFEE), days_ago=1)
    for _ in range(2):
        post.deliver(order(None, COFFEE, TOTAL), days_ago=5)
    job = await post.job("beans.example")
    await all_of(post.mailbox.import_page, job)
    found = await post.orders()
    assert [(each.number, len(each.lines)) for each in found] == [(None, 1), (None, 1), ("B-101", 1), ("B-102", 1)]
    assert first in post.wholes()
    assert (await post.read(job)).orders == 4
    items = await post.admin.fetchval("SELECT count(*) FROM item_sources WHERE user_id = $1", post.person.user_id)
    assert items == 4


@pytest.mark.parametrize("later_first", [False, True])
async def test_a_corrected_order(post: Post, later_first: bool) -> None:
    """Of two mails of one order that say as much the later one counts, whichever is read first."""
    post.deliver(order(101, "2 x Coffee beans 7.50 EUR"), days_ago=2 if later_first else 4)
    await post.imported("beans.example")
    post.deliver(order(101, "3 x Coffee beans 7.50 EUR"), days_ago=3)
    await post.imported("beans.example")
    (kept,) = await post.orders()
    assert [line.quantity for line in kept.lines] == [2 if later_first else 3]


HOSTILE = {
    "broken": b"From: a@beans.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--y\r\n\0\xff",
    "empty": b"From: a@beans.example\r\n\r\n",
    "no_date": order(107, COFFEE),
    "odd": b"From: =?nonsense?Q?=ff?= <a@beans.example>\r\nSubject: =?utf-8?B?!!!?=\r\nDate: yesterday\r\n\r\nx",
}


async def test_hostile_messages(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a message is, it is the only one that fails for it; a long one is not even fetched."""
    monkeypatch.setattr(mail_reading, "MESSAGE_BYTES", 5000)
    monkeypatch.setattr(mail_reading, "LARGE_BYTES", 100)
    ids = {post.deliver(raw): name for name, raw in HOSTILE.items()}
    long = post.deliver(mail(lines=["x" * 70] * 100))
    job = await post.job("beans.example")
    assert (await all_of(post.mailbox.import_page, job)).failure is None
    found = await post.read(job)
    assert (found.messages, found.orders) == (5, 1)
    rows = await post.admin.fetch(
        "SELECT message_id, outcome FROM mail_messages WHERE connection_id = $1", post.box.id
    )
    assert {ids.get(row["message_id"], "long"): row["outcome"] for row in rows} == {
        "broken": "no_order",
        "empty": "no_order",
        "odd": "no_order",
        "no_date": "order",
        "long": "unreadable",
    }
    assert found.failed == 1
    assert long not in post.wholes()
    (only,) = await post.orders()
    assert (only.number, only.ordered_on) == ("B-107", None)


async def test_a_header_without_a_value(post: Post) -> None:
    """JSON that leaves out what is empty says no subject, and holds up no import."""
    id = post.deliver(order(101, COFFEE))
    said = {
        "internalDate": "1",
        "payload": {"headers": [{"name": "From", "value": "x@beans.example"}, {"name": "Subject"}]},
    }
    post.fake.gmail.faults.api += [Reply(body={"messages": [{"id": id}]}), Reply(body=said)]
    page = await done(post.mailbox.import_page, await post.job("beans.example"))
    assert page == MailPage(messages=1)
    assert [each.external_id for each in await post.orders()] == [id]


@pytest.mark.parametrize(
    ("reply", "rest"),
    [
        (Reply(status=429, headers={"Retry-After": "77"}), 77),
        (Reply(status=403, body={"error": {"errors": [{"reason": "userRateLimitExceeded"}]}}), 60),
        (Reply(status=503), None),
        (Reply(body=b"<html>"), None),
    ],
)
async def test_away(post: Post, reply: Reply, rest: int | None) -> None:
    """A mailbox that wants a rest, or is away, is asked again later; nothing is lost, nothing is twice."""
    post.deliver(order(101, COFFEE))
    job = await post.job("beans.example")
    post.fake.gmail.faults.api.append(reply)
    with pytest.raises(ApplicationError) as caught:
        await done(post.mailbox.import_page, job)
    delay = caught.value.next_retry_delay
    assert (delay.total_seconds() if delay else None) == rest
    assert not caught.value.non_retryable
    await all_of(post.mailbox.import_page, job)
    assert (await post.read(job)).orders == 1


async def test_refused(post: Post) -> None:
    """A token of a page that is too old begins the group anew; what refuses again and again ends the job."""
    post.deliver(order(1))
    job, other = await post.job("beans.example"), await post.job()
    for each, activity in ((job, post.mailbox.import_page), (other, post.mailbox.discover_page)):
        await post.admin.execute("""UPDATE mail_jobs SET place = '{"token": "0"}' WHERE id = $1""", each.job_id)
        post.fake.gmail.faults.api.append(Reply(status=400, body={}))
        assert (await done(activity, each)).more
        assert (await all_of(activity, each)).failure is None
        assert (await post.read(each)).messages == 1
    await post.admin.execute("UPDATE mail_jobs SET place = NULL WHERE id = $1", other.job_id)
    post.fake.gmail.faults.api.append(Reply(status=403, body={}))
    assert (await done(post.mailbox.discover_page, other)).failure == "refused"


async def test_cancelled_in_the_middle(post: Post) -> None:
    """Once a job was cancelled no message of it is kept, nor is another one read."""
    for n in range(12):
        post.deliver(order(n), days_ago=n + 1)
    job = await post.job("beans.example")
    gate = post.fake.gmail.faults.gate = Gate(SOME)
    running = asyncio.create_task(done(post.mailbox.import_page, job))
    await until(gate.reached.is_set)
    async with post.database.transaction(post.person.caller()) as conn:
        assert await mail_jobs.end(conn, job.job_id, job.user_id, "cancelled")
        assert not await mail_jobs.end(conn, job.job_id, job.user_id, "failed")
    before = len(await post.orders())
    gate.open()
    assert await running == MailPage(ended=True)
    post.fake.gmail.faults.gate = None
    assert len(await post.orders()) == before
    assert await done(post.mailbox.import_page, job) == MailPage(ended=True)
    assert (await post.finished(job)).status == "cancelled"
    assert await post.admin.fetchval("SELECT domains FROM connections WHERE id = $1", post.box.id) == []


async def test_removed_in_the_middle(post: Post) -> None:
    """A connection that is removed while it is read ends the job; nothing is kept of it any more."""
    for n in range(12):
        post.deliver(order(n), days_ago=n + 1)
    job = await post.job("beans.example")
    gate = post.fake.gmail.faults.gate = Gate(SOME)
    running = asyncio.create_task(done(post.mailbox.import_page, job))
    await until(gate.reached.is_set)
    await post.admin.execute(
        "UPDATE connections SET status = 'disconnected', sealed_tokens = NULL, disconnected_at = now()"
        " WHERE id = $1",
        post.box.id,
    )
    before = len(await post.orders())
    gate.open()
    assert (await running).failure == "disconnected"
    post.fake.gmail.faults.gate = None
    assert (await done(post.mailbox.import_page, job)).failure == "disconnected"
    assert len(await post.orders()) == before < 12
    await done(post.mailbox.end_mail_job, MailJobEnd(job=job, status="failed", code="disconnected"))
    found = await post.read(job)
    assert (found.status, found.code) == ("failed", "disconnected")


async def test_consent_is_gone(post: Post) -> None:
    """A consent that was taken back at the provider ends the job with a code."""
    job = await post.job("beans.example")
    post.fake.gmail.revoke_all()
    assert await done(post.mailbox.import_page, job) == MailPage(failure="needs_consent")


async def test_the_person_is_gone(post: Post) -> None:
    """A job of somebody who is erased while it is under way comes to nothing."""
    post.deliver(order(1))
    job = await post.job("beans.example")
    await post.admin.execute("DELETE FROM users WHERE id = $1", post.person.user_id)
    assert await done(post.mailbox.import_page, job) == MailPage(ended=True)
    assert await post.finished(job) == MailJobReport(status="cancelled")


@pytest.mark.parametrize("domains", [(), ("beans.example",)])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET is_active = false WHERE id = $1",
        "UPDATE tenants AS t SET allowed_connections = '{xero}'"
        " FROM users AS u WHERE u.id = $1 AND t.id = u.tenant_id",
    ],
)
async def test_not_wanted_any_more(post: Post, change: str, domains: tuple[str, ...]) -> None:
    """Nothing is read for who was made inactive, or whose tenant does not allow mailboxes now; the job says so."""
    post.deliver(order(101, COFFEE))
    job = await post.job(*domains)
    await post.admin.execute(change, post.person.user_id)
    asked = len(post.fake.gmail.asked)
    page = await done(post.mailbox.import_page if domains else post.mailbox.discover_page, job)
    assert page == MailPage(failure="not_allowed")
    assert (await post.orders(), len(post.fake.gmail.asked)) == ([], asked)


async def test_a_sync_of_nothing(post: Post) -> None:
    """A run that somebody asked for ends where no domain was imported yet, and nothing is asked for it."""
    async with post.database.transaction(post.person.caller()) as conn:
        await connection_runs.queue(
            conn,
            new_id=str(uuid.uuid4()),
            tenant_id=post.person.tenant_id,
            user_id=post.person.user_id,
            connection_id=post.box.id,
            kind="manual",
        )
    asked = len(post.fake.gmail.asked)
    assert await done(post.syncs.sync_mailbox, post.sync) == ConnectionSynced(status="completed")
    assert (await post.runs(), len(post.fake.gmail.asked)) == ([("completed", 0, 0, 0)], asked)
    assert await post.admin.fetchval("SELECT cursor FROM connections WHERE id = $1", post.box.id) is None


async def test_syncs_go_on(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sync reads what the domains of imports sent since, once; without any domain there is nothing to run."""
    assert await done(post.syncs.sync_mailbox, post.sync) == ConnectionSynced(status="skipped")
    post.deliver(order(101, COFFEE), days_ago=1)
    await post.imported("beans.example")
    post.deliver(order(102, COFFEE), days_ago=0)
    post.deliver(order(103, COFFEE, sender="x <x@other.example>"), days_ago=0)
    for expected in (2, 2):
        answer = await done(post.syncs.sync_mailbox, post.sync)
        assert answer == ConnectionSynced(status="completed", orders=expected)
    assert await post.runs() == [("completed", 1, 1, 0), ("completed", 0, 0, 0)]
    assert len(post.wholes()) == 2
    job = await post.job("beans.example")
    assert (await done(post.syncs.sync_mailbox, post.sync)).status == "skipped"
    await post.finished(job)
    monkeypatch.setattr(mail_syncs, "MESSAGES_AT_MOST", 1)
    before = await post.admin.fetchval("SELECT cursor FROM connections WHERE id = $1", post.box.id)
    post.deliver(order(104, COFFEE), days_ago=0)
    assert (await done(post.syncs.sync_mailbox, post.sync)).orders == 3
    # One more might be left, so the next sync looks from the same place on.
    assert await post.admin.fetchval("SELECT cursor FROM connections WHERE id = $1", post.box.id) == before


async def test_a_sync_of_a_mailbox_that_is_away(post: Post) -> None:
    """It fails with a code and the rest that the provider wants; the cursor stays, and the next one finds all."""
    await post.imported("beans.example")
    post.deliver(order(101, COFFEE), days_ago=0)
    post.fake.gmail.faults.api.append(Reply(status=429, headers={"Retry-After": "77"}))
    answer = await done(post.syncs.sync_mailbox, post.sync)
    assert answer == ConnectionSynced(status="failed", code="rate_limited", rest_seconds=77)
    assert (await done(post.syncs.sync_mailbox, post.sync)).orders == 1
    post.fake.gmail.revoke_all()
    assert (await done(post.syncs.sync_mailbox, post.sync)).code == "needs_consent"
    assert [run[0] for run in await post.runs()] == ["failed", "completed", "failed"]

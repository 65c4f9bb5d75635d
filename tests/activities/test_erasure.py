"""What is done to erase a person: every table, every file, every run."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.erasure import Eraser
from cli.embedded.ports import free_ports
from db import erasures, runs, sweeps, takeout
from db.erasures import ROWS_OF_A_PERSON, eraser
from db.pool import Database
from db.tenant import sweeper
from onboarding.access import Role
from onboarding.payloads import EndRuns, Erase, EraseRows, ErasureCounts, ErasureSweep
from runtime.addresses import RunAddress, erasure_workflow_id, workflow_id
from runtime.settings import Settings
from runtime.storage import Objects, StorageUnavailable, prefix_of
from tests.db.given import Person, abandoned, started
from tests.db.test_isolation import filled
from tests.erasing import Bucket
from tests.stack import until
from workflows.erasure import ResumeErasures

OF_A_PERSON = """
SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attname IN ('user_id', 'about_user') AND NOT a.attisdropped
"""


@pytest.fixture
def acting(database: Database, temporal: Client, settings: Settings) -> Eraser:
    """The activities, with small pages."""
    return Eraser(database, temporal, Objects(settings, page=2))


async def requested(database: Database, person: Person) -> Erase:
    """The erasure of a person, written down."""
    async with database.transaction(person.caller()) as conn:
        receipt = await erasures.request(
            conn,
            id=str(uuid.uuid4()),
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            requested_by=person.user_id,
        )
    return Erase(erasure_id=receipt.id, tenant_id=person.tenant_id, user_id=person.user_id)


async def done(activity: Any, message: Any) -> Any:
    """What an activity answers."""
    return await ActivityEnvironment().run(activity, message)


async def full(database: Database, admin: asyncpg.Connection, people: list[Person]) -> None:
    """Rows of each of them, of one tenant, in every table."""
    long_ago = datetime.now(UTC) - timedelta(days=60)
    for person in people:
        await runs.project(database, person.caller(), *abandoned(person, now=long_ago))
    async with database.transaction(sweeper(people[0].tenant_id)) as conn:
        assert await sweeps.archive(conn, long_ago + timedelta(days=1)) == len(people)
    for person in people:
        await filled(database, person)
        await admin.execute("DELETE FROM erasures WHERE user_id = $1", person.user_id)
        await admin.execute(
            "INSERT INTO invitations (tenant_id, email, role, token_hash, expires_at)"
            " VALUES ($1, $2, 'user', uuid_send(uuidv7()), now())",
            person.tenant_id,
            person.email,
        )


async def counted(admin: asyncpg.Connection, person: Person) -> dict[str, int]:
    """Their rows, as somebody sees them whom no policy binds."""
    counts: dict[str, int] = {}
    for table in ROWS_OF_A_PERSON:
        own = {"users": "id = $1", "invitations": "email = $2 OR user_id = $1"}.get(table, "user_id = $1")
        query = f"SELECT count(*) FROM {table} WHERE ({own}) AND $2 <> ''"
        counts[table] = await admin.fetchval(query, person.user_id, person.email)
    return counts


async def test_every_table_of_a_person_is_known(admin: asyncpg.Connection) -> None:
    """A table with a `user_id` is one that erasure counts, or the one of the receipts."""
    found = {row["relname"] for row in await admin.fetch(OF_A_PERSON)}
    assert found | {"users"} == ROWS_OF_A_PERSON.keys() | {"erasures"}


async def test_every_table_of_a_person_is_exported(admin: asyncpg.Connection) -> None:
    """It is in a file of the export too, or there is a reason why not."""
    queries = " ".join(takeout.FILES.values())
    exported = {table for table in {*ROWS_OF_A_PERSON, "erasures"} if f" {table} " in f"{queries} "}
    assert exported.isdisjoint(takeout.LEFT_OUT)
    assert exported | takeout.LEFT_OUT.keys() == {*ROWS_OF_A_PERSON, "erasures"}


async def test_no_reference_to_a_person_keeps_them(admin: asyncpg.Connection) -> None:
    """Every foreign key to a person goes with them; what they did for the tenant stays, and is by nobody then."""
    keys = await admin.fetch(
        """
        SELECT conrelid::regclass::text AS of, a.attname, confdeltype FROM pg_constraint
        JOIN pg_attribute AS a ON a.attrelid = conrelid AND a.attnum = ANY(conkey) AND a.attname <> 'tenant_id'
        WHERE contype = 'f' AND confrelid = 'users'::regclass
        """
    )
    kept = {(key["of"], key["attname"]): key["confdeltype"] for key in keys if key["confdeltype"] != b"c"}
    assert set(kept.values()) == {b"n"}
    assert kept.keys() == {
        ("invitations", "invited_by"),
        ("organizations", "created_by"),
        ("events", "acknowledged_by"),
        ("events", "deleted_by"),
        ("monitoring_configs", "updated_by"),
        ("config_changes", "changed_by"),
        ("tasks", "assigned_user_id"),
        ("tasks", "created_by"),
        ("tasks", "deleted_by"),
        ("task_status_changes", "changed_by"),
    }


async def test_every_row_goes(
    acting: Eraser, database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """Of one person no row is left in any table, each is counted, and a colleague keeps theirs."""
    person, colleague = people[:2]
    await full(database, admin, [person, colleague])
    before = await counted(admin, person)
    assert all(before.values())
    erasure = await requested(database, person)
    counts = await done(acting.erase_rows, EraseRows(erasure=erasure, objects=7))
    assert counts == ErasureCounts(database=before, objects=7, data_keys=1)
    assert set((await counted(admin, person)).values()) == {0}
    assert await counted(admin, colleague) == before
    async with database.transaction(eraser(person.tenant_id, person.user_id)) as conn:
        receipt = await erasures.get(conn, erasure.erasure_id)
    assert receipt is not None
    assert (receipt.status, receipt.counts) == ("completed", counts)
    assert await done(acting.erase_rows, EraseRows(erasure=erasure, objects=0)) == counts


async def test_the_last_admin_stays(
    acting: Eraser, database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """Of two admins who are erased at once one is refused, for good, and keeps every row."""
    ids = [person.user_id for person in people[:2]]
    await admin.execute("UPDATE users SET role = 'admin' WHERE id = ANY($1::uuid[])", ids)
    messages = [EraseRows(erasure=await requested(database, person)) for person in people[:2]]
    answers = await asyncio.gather(
        *(done(acting.erase_rows, message) for message in messages), return_exceptions=True
    )
    (refused,) = [answer for answer in answers if isinstance(answer, ApplicationError)]
    assert (refused.type, refused.non_retryable) == ("last_admin", True)
    assert await admin.fetchval("SELECT count(*) FROM users WHERE id = ANY($1::uuid[])", ids) == 1


async def test_the_eraser_reaches_one_person(database: Database, people: list[Person]) -> None:
    """In the context of one person's erasure no other person can be deleted, nor their archive."""
    person, colleague = people[:2]
    async with database.transaction(eraser(person.tenant_id, person.user_id)) as conn:
        assert await conn.execute("DELETE FROM users WHERE id = $1", colleague.user_id) == "DELETE 0"
        assert await conn.execute("UPDATE erasures SET status = status") == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await conn.execute("DELETE FROM erasures")
        await conn.execute("ROLLBACK; BEGIN")


async def test_no_receipt_no_erasure(acting: Eraser, database: Database, person: Person) -> None:
    """Without a receipt nothing is deleted: a forged message erases nobody."""
    erasure = Erase(erasure_id=str(uuid.uuid4()), tenant_id=person.tenant_id, user_id=person.user_id)
    with pytest.raises(ApplicationError, match="no such receipt"):
        await done(acting.erase_rows, EraseRows(erasure=erasure))
    async with database.transaction(person.caller()) as conn:
        assert await erasures.of_person(conn, person.user_id) is None
        assert await conn.fetchval("SELECT count(*) FROM users") == 1


async def test_every_file_goes(acting: Eraser, settings: Settings, people: list[Person]) -> None:
    """Files go over several pages, whatever they are called, and those of others stay."""
    person, colleague = people[:2]
    bucket = Bucket(settings)
    mine, theirs = (prefix_of(each.tenant_id, each.user_id) for each in (person, colleague))
    names = ["a", "b/c d.jpg", "b/ü€.txt", "b/&<>'\".xml", "z" * 200]
    for name in names:
        await bucket.put(mine + name, b"x")
    beside = f"{mine.removesuffix('/')}0/a"
    for key in (theirs + "a", beside):
        await bucket.put(key, b"x")
    message = Erase(erasure_id="", tenant_id=person.tenant_id, user_id=person.user_id)
    assert await done(acting.count_objects, message) == len(names)
    assert await done(acting.delete_objects, message) == len(names)
    assert await bucket.keys(mine) == []
    assert await done(acting.delete_objects, message) == 0
    assert await bucket.keys(theirs) == [theirs + "a"]
    assert await bucket.keys(beside) == [beside]


@pytest.mark.parametrize(
    ("tenant", "user"),
    [("", ""), ("x", "0c8f9a52-6d0b-4c53-9d5e-5f0c1d2e3a4b"), ("0c8f9a52-6d0b-4c53-9d5e-5f0c1d2e3a4b", "../..")],
)
def test_a_prefix_is_of_one_person(tenant: str, user: str) -> None:
    """There is no prefix for what is no person: it could be that of many."""
    with pytest.raises(ValueError, match="UUID"):
        prefix_of(tenant, user)


async def test_without_s3(database: Database, temporal: Client, settings: Settings, person: Person) -> None:
    """While S3 is away, the activity fails in a way that is tried again."""
    away = replace(settings, s3_endpoint_url=f"http://127.0.0.1:{free_ports(1)[0]}")
    acting = Eraser(database, temporal, Objects(away))
    message = Erase(erasure_id="", tenant_id=person.tenant_id, user_id=person.user_id)
    with pytest.raises(StorageUnavailable):
        await done(acting.delete_objects, message)


@pytest.mark.parametrize("patience", [0, 1])
async def test_a_run_that_does_not_close(
    acting: Eraser, temporal: Client, database: Database, person: Person, patience: int
) -> None:
    """A run that nobody works on is terminated when the patience ends; a second attempt finds it closed."""
    change = started(person, datetime.now(UTC))
    await runs.project(database, person.caller(), change)
    id = workflow_id(RunAddress(person.tenant_id, person.user_id, "fitness"))
    handle = await temporal.start_workflow("OnboardingRun", id=id, task_queue=f"nobody-{uuid.uuid4()}")
    message = EndRuns(tenant_id=person.tenant_id, user_id=person.user_id, patience_seconds=patience)
    assert await done(acting.end_runs, message) == 1
    assert (await handle.describe()).status is WorkflowExecutionStatus.TERMINATED
    assert await done(acting.end_runs, message) == 0


async def test_staff_do_not_see_all_receipts(database: Database, people: list[Person]) -> None:
    """A receipt is seen by the person, by whoever asked and by admins, not by managers and colleagues."""
    person, colleague = people[:2]
    erasure = await requested(database, person)
    seen: dict[object, bool] = {}
    for who in (person.caller(), colleague.caller(), colleague.caller(Role.MANAGER), colleague.caller(Role.ADMIN)):
        async with database.transaction(who) as conn:
            seen[who.user_id, who.role] = await erasures.get(conn, erasure.erasure_id) is not None
    assert list(seen.values()) == [True, False, False, True]


async def test_what_was_accepted_and_not_started(
    temporal: Client,
    worker: None,
    database: Database,
    admin: asyncpg.Connection,
    people: list[Person],
    settings: Settings,
) -> None:
    """An erasure that nobody started is started by the sweep, once it is a few minutes old."""
    old, new = [await requested(database, person) for person in people[:2]]
    await admin.execute(
        "UPDATE erasures SET created_at = now() - interval '3 minutes' WHERE id = $1", old.erasure_id
    )
    await temporal.execute_workflow(
        ResumeErasures.run, ErasureSweep(), id=f"resume-{uuid.uuid4()}", task_queue=settings.task_queue
    )
    status = "SELECT status FROM erasures WHERE id = $1"

    async def completed() -> bool:
        return await admin.fetchval(status, old.erasure_id) == "completed"

    await until(completed)
    assert await admin.fetchval(status, new.erasure_id) == "running"
    await temporal.get_workflow_handle(erasure_workflow_id(old.tenant_id, old.user_id)).terminate("seen")


async def test_the_last_admin_loses_nothing(
    acting: Eraser, database: Database, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """Whoever has become the last admin since keeps their runs and files, however often it is tried."""
    person = people[0]
    erasure = await requested(database, person)
    run = started(person, datetime.now(UTC))
    await runs.project(database, person.caller(), run)
    await admin.execute("UPDATE users SET role = 'admin', password_hash = 'x' WHERE id = $1", person.user_id)
    with pytest.raises(ApplicationError, match="last active admin"):
        await done(acting.end_runs, EndRuns(tenant_id=erasure.tenant_id, user_id=erasure.user_id))
    async with database.transaction(person.caller(Role.ADMIN)) as conn:
        assert await runs.active_flows(conn, person.user_id) == ["fitness"]

"""Suggestions on their way through the workflow: by models that do well, fail or hang, and by rules after them."""

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec
import pytest
from msgspec import Struct
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client
from temporalio.service import RPCError

from activities.ai.cache import INDUSTRY_SECONDS, SUGGESTIONS_SECONDS
from activities.ai.ledger import Books
from activities.ai.models import Models
from api.gateway import Gateway
from cli.stub_ai.reaction import Reaction, Request, problem
from db import runs, suggestions
from db.pool import Database
from db.suggestions import Suggestion
from onboarding.payloads import Suggested, SuggestionOrder
from onboarding.suggesting.facts import Inputs
from onboarding.suggesting.shapes import KINDS, items_of, kinds_of
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.activities.company import ANSWERS, company_run
from tests.activities.models import HANGS, but_for, good, kind_of, lines, says
from tests.ai_server import AiServer, Script, ai_server
from tests.db.given import Person
from tests.domain.test_offers import INDUSTRY, OKR
from tests.stack import until
from worker.app import build_worker

MODEL_SECONDS = 60.0
"""Enough for everybody; who is to be given up gets fewer."""
AWAY = problem(500, "The server had an error.")


class Asking(Struct, frozen=True, kw_only=True):
    """Somebody who asks for suggestions, and the server of the models that a worker asks."""

    database: Database
    gateway: Gateway
    server: AiServer
    person: Person
    run_id: str | None
    seconds: float

    @property
    def asked(self) -> list[Request]:
        """What the models were asked."""
        return self.server.requests

    async def written(self, kind: Any = "okrs", by: Person | None = None, **inputs: Any) -> SuggestionOrder:
        """What is asked for, written down."""
        person = by or self.person
        order = SuggestionOrder(
            suggestion_id=str(uuid.uuid4()),
            tenant_id=person.tenant_id,
            user_id=person.user_id,
            kinds=kinds_of(kind),
            timeout_seconds=self.seconds,
        )
        async with self.database.transaction(person.caller()) as conn:
            await suggestions.ask(
                conn,
                suggestion_id=order.suggestion_id,
                tenant_id=order.tenant_id,
                user_id=order.user_id,
                run_id=self.run_id,
                kind=kind,
                locale="en",
                inputs=Inputs(**inputs),
            )
        return order

    async def answered(
        self, kind: Any = "okrs", by: Person | None = None, **inputs: Any
    ) -> tuple[Suggestion, Suggested]:
        """Ask, and wait."""
        order = await self.written(kind, by, **inputs)
        outcome = await self.gateway.suggest(order, 120)
        found = await self.found(order, by)
        assert found is not None
        return found, outcome

    async def found(self, order: SuggestionOrder, by: Person | None = None) -> Suggestion | None:
        """As it stands in the database."""
        async with self.database.transaction((by or self.person).caller()) as conn:
            return await suggestions.get(conn, order.suggestion_id, order.user_id)

    async def recommended(self) -> Any:
        """What the run recommends."""
        assert self.run_id is not None
        async with self.database.transaction(self.person.caller()) as conn:
            stored = await runs.stored(conn, self.run_id, self.person.user_id)
        assert stored is not None
        return stored.ai_recommendations


Open = Callable[..., Any]


@pytest.fixture
def asking(
    temporal: Client,
    database: Database,
    keys: Keys,
    settings: Settings,
    admin: asyncpg.Connection,
    person: Person,
) -> Open:
    """A worker on a queue of its own whose models a test decides about, for somebody with a run of the wizard."""

    @asynccontextmanager
    async def opened(
        script: Script, *, with_run: bool = True, seconds: float = MODEL_SECONDS, **changes: Any
    ) -> AsyncGenerator[Asking]:
        run_id = await company_run(admin, person) if with_run else None
        async with ai_server(script) as server:
            own = server.settings(
                "stub",
                settings,
                task_queue=f"suggestions-{uuid.uuid4()}",
                ai_prices='{"stub": {"input": 1, "output": 2}}',
            )
            own = msgspec.structs.replace(own, **changes)
            books = Books(database, own)
            async with (
                Models(own, books) as models,
                build_worker(temporal, database, keys, books, models, own),
            ):
                yield Asking(
                    database=database,
                    gateway=Gateway(temporal, own),
                    server=server,
                    person=person,
                    run_id=run_id,
                    seconds=seconds,
                )

    return opened


async def test_by_a_model(asking: Open) -> None:
    """What a model says is settled as the model's, each item with an id, and is what the run recommends."""
    async with asking(good) as someone:
        found, outcome = await someone.answered()
    assert (found.source, found.sources, outcome.failed) == ("model", {"okrs": "model"}, ())
    assert [okr.objective for okr in found.items.suggested_okrs or ()] == ["Sell more"] * 3
    ids = [okr.id for okr in found.items.suggested_okrs or ()]
    assert len({uuid.UUID(each) for each in ids}) == 3
    recommended = await someone.recommended()
    assert [okr["id"] for okr in recommended["suggested_okrs"]] == ids
    assert recommended["suggestion_ids"] == {"okrs": found.id}


async def test_what_a_model_is_told(asking: Open, admin: asyncpg.Connection) -> None:
    """The answers of the run go to the model as data in the user's message; the person's tenant and run pay."""
    async with asking(good) as someone:
        await someone.answered()
    ((system, user),) = (request.messages for request in someone.asked)
    assert (system.role, user.role) == ("system", "user")
    assert "canary" not in str(system.content)
    assert ANSWERS["company"]["description"] in str(user.content)
    (row,) = await admin.fetch("SELECT * FROM ai_usage WHERE tenant_id = $1", someone.person.tenant_id)
    assert (str(row["user_id"]), str(row["run_id"])) == (someone.person.user_id, someone.run_id)
    assert (row["purpose"], row["model"], row["outcome"], row["cached"]) == ("suggestions", "stub", "ok", False)
    assert row["cost_micros"] > 0


async def test_a_model_that_hangs(asking: Open) -> None:
    """A model that says nothing is not waited for beyond its time: the rules answer, and say so."""
    async with asking(lines(HANGS), seconds=2.0) as someone:
        began = time.monotonic()
        found, outcome = await someone.answered()
        took = time.monotonic() - began
    assert 1.8 < took < 15
    assert (found.source, outcome.failed) == ("rules", ("okrs",))
    assert 3 <= len(found.items.suggested_okrs or ()) <= 5


@pytest.mark.parametrize(
    ("kind", "said", "calls"),
    [
        ("okrs", Reaction(text="I would rather talk about the weather."), 2),
        ("okrs", says({"okrs": []}), 2),
        ("okrs", says({"okrs": [{**OKR, "objective": "<img src=x onerror=alert(1)>"}] * 3}), 2),
        ("okrs", says({"okrs": [{**OKR, "rationale": "a" * 5000}] * 3}), 2),
        ("okrs", says({"okrs": [{**OKR, "rationale": "see https://evil.example"}] * 3}), 1),
        ("industry", says({"best": {**INDUSTRY, "key": "moon_mining"}}), 1),
        ("industry", says({"best": {**INDUSTRY, "key": "../../etc"}}), 1),
    ],
)
async def test_an_answer_that_cannot_be_shown(
    asking: Open, admin: asyncpg.Connection, kind: Any, said: Reaction, calls: int
) -> None:
    """After nonsense, markup and floods the model is asked once more, after links and unknown industries not.

    Then the rules answer, and nothing is remembered.
    """
    async with asking(lines(said)) as someone:
        found, outcome = await someone.answered(kind)
    assert (found.source, outcome.failed, len(someone.asked)) == ("rules", (kind,), calls)
    assert items_of(found.items)
    assert not any(word in str(found.items) for word in ("<img", "evil", "moon", "etc", "aaaaa"))
    kept = "SELECT count(*) FROM ai_cache WHERE tenant_id = $1"
    assert await admin.fetchval(kept, someone.person.tenant_id) == 0


async def test_an_answer_that_is_repaired(asking: Open) -> None:
    """A model that is shown what was wrong, and does better, has answered."""
    async with asking(lines(says({"okrs": "three"}), good)) as someone:
        found, outcome = await someone.answered()
    assert (found.source, outcome.failed, len(someone.asked)) == ("model", (), 2)
    assert "not valid" in str(someone.asked[1].last.content)


async def test_a_model_that_was_away(asking: Open) -> None:
    """A model that is away is asked again while there is time."""
    async with asking(lines(AWAY, good)) as someone:
        found, outcome = await someone.answered()
    assert (found.source, outcome.failed, len(someone.asked)) == ("model", (), 2)


async def test_a_model_that_stays_away(asking: Open) -> None:
    """After three attempts nobody tries any more."""
    async with asking(lines(AWAY)) as someone:
        found, outcome = await someone.answered()
    assert (found.source, outcome.failed, len(someone.asked)) == ("rules", ("okrs",), 3)


@pytest.mark.parametrize(
    "refusal", [problem(429, "Later.", retry_after="30"), problem(401, "Incorrect API key provided.")]
)
async def test_of_no_use_to_try_again(asking: Open, refusal: Reaction) -> None:
    """Who says to come back too late, or never, is asked once, and the rules answer at once."""
    async with asking(lines(refusal), seconds=20.0) as someone:
        began = time.monotonic()
        found, outcome = await someone.answered()
    assert time.monotonic() - began < someone.seconds
    assert (found.source, outcome.failed, len(someone.asked)) == ("rules", ("okrs",), 1)


async def test_no_money(asking: Open) -> None:
    """Without money no model is asked; the rules answer and say why; nothing has failed."""
    async with asking(good, ai_budget_tenant_day=0.0) as someone:
        found, outcome = await someone.answered()
    assert (found.source, found.budget_exhausted, outcome.failed) == ("rules", True, ())
    assert someone.asked == []


async def test_no_model(asking: Open) -> None:
    """Where there is no model the rules answer at once, and nothing has failed."""
    async with asking(good, ai_models="") as someone:
        found, outcome = await someone.answered("all")
    assert (found.source, found.sources, outcome.failed) == ("rules", dict.fromkeys(KINDS, "rules"), ())
    assert not found.budget_exhausted


async def test_all_of_it(asking: Open) -> None:
    """Every kind is asked for at once, and answered by the model."""
    async with asking(good) as someone:
        found, outcome = await someone.answered("all")
    assert (found.source, outcome.failed) == ("model", ())
    assert found.sources == dict.fromkeys(KINDS, "model")
    assert sorted(map(kind_of, someone.asked)) == sorted(KINDS)
    assert set(await someone.recommended()) == {
        *("suggested_okrs", "team_structure_advice", "next_steps", "industry_insights", "suggestion_ids")
    }


async def test_a_part_that_hangs(asking: Open) -> None:
    """One kind that hangs is by rules, which is said of it and of the whole; the others are the model's."""
    async with asking(but_for("next_steps", HANGS), seconds=8.0) as someone:
        found, outcome = await someone.answered("all")
    assert (found.source, outcome.failed) == ("rules", ("next_steps",))
    assert found.sources == {**dict.fromkeys(KINDS, "model"), "next_steps": "rules"}


async def test_remembered(asking: Open, admin: asyncpg.Connection) -> None:
    """The same question is answered from memory, with ids of its own; another company's is not.

    An industry is remembered for a day, the rest for an hour; what was remembered costs nothing.
    """
    async with asking(good) as someone:
        first, _ = await someone.answered("industry", company_name="Nimbus")
        again, _ = await someone.answered("industry", company_name="Nimbus")
        other, _ = await someone.answered("industry", company_name="Other Ltd")
        await someone.answered("okrs")
    assert [each.source for each in (first, again, other)] == ["model", "cache", "model"]
    assert len(someone.asked) == 3
    assert first.items.suggested_industry is not None
    assert again.items.suggested_industry is not None
    assert first.items.suggested_industry.key == again.items.suggested_industry.key
    assert first.items.suggested_industry.id != again.items.suggested_industry.id
    tenant = someone.person.tenant_id
    kept = await admin.fetch(
        "SELECT purpose, extract(epoch FROM until - now())::float8 AS left FROM ai_cache WHERE tenant_id = $1",
        tenant,
    )
    lasting = {"industry": INDUSTRY_SECONDS, "suggestions": SUGGESTIONS_SECONDS}
    assert sorted(row["purpose"] for row in kept) == ["industry", "industry", "suggestions"]
    assert all(0 < lasting[row["purpose"]] - row["left"] < 60 for row in kept)
    noted = await admin.fetch("SELECT purpose, cost_micros FROM ai_usage WHERE cached AND tenant_id = $1", tenant)
    assert [(row["purpose"], row["cost_micros"]) for row in noted] == [("industry", 0)]


async def test_twenty_at_once(asking: Open, people: list[Person]) -> None:
    """Of twenty who ask the same in one moment one asks the model, and all have its answer."""
    slow = Reaction(text=good_industry(), delay_seconds=0.5)
    async with asking(lines(slow), with_run=False) as someone:
        asked = (someone.answered("industry", people[n % 5], company_name="Nimbus") for n in range(20))
        answers = [found for found, _ in await asyncio.gather(*asked)]
    assert len(someone.asked) == 1
    assert sorted(str(found.source) for found in answers) == ["cache"] * 19 + ["model"]
    assert {found.items.suggested_industry and found.items.suggested_industry.key for found in answers} == {
        "food_manufacturing"
    }


async def test_erased_while_they_wait(
    asking: Open, temporal: Client, admin: asyncpg.Connection, people: list[Person]
) -> None:
    """Who is erased while they wait for an answer that a colleague asked for gets none, at the first attempt."""
    slow = Reaction(text=good_industry(), delay_seconds=5.0)
    async with asking(lines(slow), with_run=False) as someone:
        first = asyncio.create_task(someone.answered("industry", people[0], company_name="Nimbus"))
        await until(lambda: someone.asked)
        order = await someone.written("industry", people[1], company_name="Nimbus")
        second = asyncio.create_task(someone.gateway.suggest(order, 120))
        handle = temporal.get_workflow_handle(f"suggestion/{order.suggestion_id}")

        async def is_waiting() -> bool:
            try:
                pending = (await handle.describe()).raw_description.pending_activities
            except RPCError:
                return False  # not begun
            return [each.state for each in pending] == [PendingActivityState.PENDING_ACTIVITY_STATE_STARTED]

        await until(is_waiting)
        await admin.execute("DELETE FROM users WHERE id = $1", people[1].user_id)
        assert await second == Suggested()
        assert (await first)[0].source == "model"
    assert len(someone.asked) == 1
    history = await handle.fetch_history()
    attempts = [event.activity_task_started_event_attributes.attempt for event in history.events]
    assert max(attempts) == 1


def good_industry() -> str:
    """What a good model says of an industry."""
    return msgspec.json.encode({"best": INDUSTRY}).decode()


async def test_settled_by_whoever_waited(asking: Open) -> None:
    """Once an API that waited too long has settled it, no model is asked and nothing changes, ids included."""
    async with asking(good) as someone:
        order = await someone.written()
        async with someone.database.transaction(someone.person.caller()) as conn:
            settled = await suggestions.settle(conn, order.suggestion_id, order.user_id)
        await someone.gateway.suggest(order, 120)
        assert await someone.found(order) == settled
    assert someone.asked == []
    assert settled is not None
    assert settled.source == "rules"


async def test_a_person_who_is_gone(asking: Open, admin: asyncpg.Connection) -> None:
    """When the person was erased meanwhile, there is nothing to answer, and the workflow ends."""
    async with asking(good) as someone:
        order = await someone.written()
        await admin.execute("DELETE FROM users WHERE id = $1", order.user_id)
        assert await someone.gateway.suggest(order, 120) == Suggested()
    assert someone.asked == []


async def test_without_a_run(asking: Open) -> None:
    """What a request says is enough; nothing is recommended to a run that is not there."""
    async with asking(good, with_run=False) as someone:
        found, _ = await someone.answered("industry", company_name="Rossi", website="https://rossi-bakery.example")
    assert (found.source, found.run_id) == ("model", None)


async def test_history_says_nothing(asking: Open, temporal: Client) -> None:
    """The workflow's history holds ids and kinds: no word of the company, none of the model, even unsealed."""
    async with asking(good) as someone:
        order = await someone.written("okrs", description="canary")
        await someone.gateway.suggest(order, 120)
    history = await temporal.get_workflow_handle(f"suggestion/{order.suggestion_id}").fetch_history()
    seen: list[bytes] = []
    for event in history.events:
        for attributes in (
            event.workflow_execution_started_event_attributes.input,
            event.activity_task_scheduled_event_attributes.input,
            event.activity_task_completed_event_attributes.result,
            event.workflow_execution_completed_event_attributes.result,
        ):
            codec = temporal.data_converter.payload_codec
            assert codec is not None
            seen += (
                [each.data for each in await codec.decode(list(attributes.payloads))]
                if attributes.payloads
                else []
            )
    assert len(seen) >= 5
    told = {key for data in seen if data for key in msgspec.json.decode(data)}
    assert told == {"suggestion_id", "tenant_id", "user_id", "kinds", "kind", "timeout_seconds", "found", "failed"}
    assert not any(word in data for data in seen for word in (b"canary", b"Sell", b"Nimbus"))


async def test_settled_at_once(asking: Open) -> None:
    """Of several who settle a suggestion in one moment the first one counts, and all are answered the same."""
    async with asking(good) as someone:
        order = await someone.written("all")

        async def settled() -> Suggestion | None:
            async with someone.database.transaction(someone.person.caller()) as conn:
                return await suggestions.settle(conn, order.suggestion_id, order.user_id)

        first, *others = await asyncio.gather(*(settled() for _ in range(6)))
    assert first is not None
    assert first.source == "rules"
    assert all(other == first for other in others)

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
from msgspec.structs import replace
from temporalio.client import Client
from temporalio.worker import Worker

from activities.ai.protocol import BudgetExhausted, ModelsRefused, ModelsUnavailable
from activities.suggestions import INDUSTRY_SECONDS, SUGGESTIONS_SECONDS, Suggester
from api.gateway import Gateway
from db import suggestions
from db.pool import Database
from db.suggestions import Suggestion
from onboarding.payloads import Suggested, SuggestionOrder
from onboarding.suggesting.facts import Inputs
from onboarding.suggesting.shapes import KINDS, items_of, kinds_of
from runtime.settings import Settings
from tests.activities.company import ANSWERS, company_run
from tests.activities.models import HANG, Memory, Scripted, all_good, good
from tests.db.given import Person
from tests.domain.test_offers import INDUSTRY, OKR

MODEL_SECONDS = 2.0


class Asking(Struct, frozen=True, kw_only=True):
    """Somebody who asks for suggestions, and the queue of a worker."""

    database: Database
    gateway: Gateway
    person: Person
    run_id: str | None

    async def written(self, kind: Any = "okrs", **inputs: Any) -> SuggestionOrder:
        """What is asked for, written down."""
        order = SuggestionOrder(
            suggestion_id=str(uuid.uuid4()),
            tenant_id=self.person.tenant_id,
            user_id=self.person.user_id,
            kinds=kinds_of(kind),
            timeout_seconds=MODEL_SECONDS,
        )
        async with self.database.transaction(self.person.caller()) as conn:
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

    async def answered(self, kind: Any = "okrs", **inputs: Any) -> tuple[Suggestion, Suggested]:
        """Ask, and wait."""
        order = await self.written(kind, **inputs)
        outcome = await self.gateway.suggest(order, 20)
        found = await self.found(order)
        assert found is not None
        return found, outcome

    async def found(self, order: SuggestionOrder) -> Suggestion | None:
        """As it stands in the database."""
        async with self.database.transaction(self.person.caller()) as conn:
            return await suggestions.get(conn, order.suggestion_id, order.user_id)


Open = Callable[..., Any]


@pytest.fixture
def asking(
    temporal: Client, database: Database, settings: Settings, admin: asyncpg.Connection, person: Person
) -> Open:
    """A worker with models of its own, for somebody with a run of the wizard."""

    @asynccontextmanager
    async def opened(
        models: Scripted | None, answers: Memory | None = None, *, with_run: bool = True
    ) -> AsyncGenerator[Asking]:
        queue = f"suggestions-{uuid.uuid4()}"
        suggester = Suggester(database, models, answers, model_names=("stub",))
        activities = [suggester.suggest_part, suggester.settle_suggestion]
        run_id = await company_run(admin, person) if with_run else None
        async with Worker(temporal, task_queue=queue, activities=activities):
            gateway = Gateway(temporal, replace(settings, task_queue=queue))
            yield Asking(database=database, gateway=gateway, person=person, run_id=run_id)

    return opened


async def test_by_a_model(asking: Open, admin: asyncpg.Connection) -> None:
    """What a model says is settled as the model's, each item with an id, and is what the run recommends."""
    models = Scripted(good("okrs"))
    async with asking(models) as someone:
        found, outcome = await someone.answered()
    assert (found.source, found.sources, outcome.failed) == ("model", {"okrs": "model"}, ())
    assert [okr.objective for okr in found.items.suggested_okrs or ()] == ["Sell more"] * 3
    ids = [okr.id for okr in found.items.suggested_okrs or ()]
    assert len({uuid.UUID(each) for each in ids}) == 3
    async with someone.database.transaction(someone.person.caller()) as conn:
        recommended = await suggestions.recommendations(conn, someone.run_id)
    assert recommended is not None
    assert [okr["id"] for okr in recommended["suggested_okrs"]] == ids
    assert recommended["suggestion_ids"] == {"okrs": found.id}


async def test_what_a_model_is_told(asking: Open) -> None:
    """The answers of the run go to the model as data in the user's message; the person's tenant and run pay."""
    models = Scripted(good("okrs"))
    async with asking(models) as someone:
        await someone.answered()
    ((ask, payer, _),) = models.asked
    system, user = ask.messages
    assert (system.role, user.role) == ("system", "user")
    assert "canary" not in system.content
    assert ANSWERS["company"]["description"] in user.content
    assert 0 < ask.timeout_seconds <= MODEL_SECONDS
    assert payer.run_id == someone.run_id
    assert (payer.tenant_id, payer.user_id) == (someone.person.tenant_id, someone.person.user_id)


async def test_a_model_that_hangs(asking: Open) -> None:
    """A model that says nothing is not waited for beyond its time: the rules answer, and say so."""
    async with asking(Scripted(HANG)) as someone:
        began = time.monotonic()
        found, outcome = await someone.answered()
        took = time.monotonic() - began
    assert MODEL_SECONDS * 0.9 < took < MODEL_SECONDS + 1.5
    assert (found.source, outcome.failed) == ("rules", ("okrs",))
    assert 3 <= len(found.items.suggested_okrs or ()) <= 5


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("okrs", b"I would rather talk about the weather."),
        ("okrs", b'{"okrs": []}'),
        ("okrs", msgspec.json.encode({"okrs": [{**OKR, "objective": "<img src=x onerror=alert(1)>"}] * 3})),
        ("okrs", msgspec.json.encode({"okrs": [{**OKR, "rationale": "a" * 5000}] * 3})),
        ("okrs", msgspec.json.encode({"okrs": [{**OKR, "rationale": "see https://evil.example"}] * 3})),
        ("industry", msgspec.json.encode({"best": {**INDUSTRY, "key": "moon_mining"}})),
        ("industry", msgspec.json.encode({"best": {**INDUSTRY, "key": "../../etc"}})),
    ],
)
async def test_an_answer_that_cannot_be_shown(asking: Open, kind: Any, said: bytes) -> None:
    """Nonsense, markup, links, floods, unknown industries: one call, then the rules, and nothing is remembered."""
    models, memory = Scripted(said), Memory()
    async with asking(models, memory) as someone:
        found, outcome = await someone.answered(kind)
    assert (found.source, outcome.failed, len(models.asked)) == ("rules", (kind,), 1)
    assert items_of(found.items)
    assert not any(word in str(found.items) for word in ("<img", "evil", "moon", "etc", "aaaaa"))
    assert memory.kept == {}


async def test_a_model_that_was_away(asking: Open) -> None:
    """A model that is away is asked again while there is time."""
    models = Scripted(ModelsUnavailable(), good("okrs"))
    async with asking(models) as someone:
        found, outcome = await someone.answered()
    assert (found.source, outcome.failed, len(models.asked)) == ("model", (), 2)
    first, second = (ask.timeout_seconds for ask, _, _ in models.asked)
    assert second < first


async def test_a_model_that_stays_away(asking: Open) -> None:
    """After three attempts nobody tries any more."""
    models = Scripted(ModelsUnavailable())
    async with asking(models) as someone:
        found, outcome = await someone.answered()
    assert (found.source, outcome.failed, len(models.asked)) == ("rules", ("okrs",), 3)


@pytest.mark.parametrize("error", [ModelsUnavailable(retry_after=30), ModelsRefused(ModelsRefused.code)])
async def test_of_no_use_to_try_again(asking: Open, error: Exception) -> None:
    """Who says to come back too late, or never, is asked once, and the rules answer at once."""
    models = Scripted(error)
    async with asking(models) as someone:
        began = time.monotonic()
        found, outcome = await someone.answered()
    assert time.monotonic() - began < MODEL_SECONDS
    assert (found.source, outcome.failed, len(models.asked)) == ("rules", ("okrs",), 1)


async def test_no_money(asking: Open) -> None:
    """Without money the rules answer and say why; nothing has failed."""
    async with asking(Scripted(BudgetExhausted("day"))) as someone:
        found, outcome = await someone.answered()
    assert (found.source, found.budget_exhausted, outcome.failed) == ("rules", True, ())


@pytest.mark.parametrize("models", [None, Scripted(HANG, configured=False)])
async def test_no_model(asking: Open, models: Scripted | None) -> None:
    """Where there is no model the rules answer at once, and nothing has failed."""
    async with asking(models) as someone:
        found, outcome = await someone.answered("all")
    assert (found.source, found.sources, outcome.failed) == ("rules", dict.fromkeys(KINDS, "rules"), ())


async def test_all_of_it(asking: Open, admin: asyncpg.Connection) -> None:
    """Every kind is asked for at once, and answered by the model."""
    models = Scripted(**all_good())
    async with asking(models) as someone:
        found, outcome = await someone.answered("all")
    assert (found.source, outcome.failed) == ("model", ())
    assert found.sources == dict.fromkeys(KINDS, "model")
    assert len(models.asked) == len(KINDS)
    stored = await admin.fetchval(
        "SELECT ai_recommendations FROM onboarding_sessions WHERE id = $1", someone.run_id
    )
    assert set(msgspec.json.decode(stored)) == {
        *("suggested_okrs", "team_structure_advice", "next_steps", "industry_insights", "suggestion_ids")
    }


async def test_a_part_that_hangs(asking: Open) -> None:
    """One kind that hangs is by rules, which is said of it and of the whole; the others are the model's."""
    models = Scripted(**{**all_good(), "StepsOffer": [HANG]})
    async with asking(models) as someone:
        found, outcome = await someone.answered("all")
    assert (found.source, outcome.failed) == ("rules", ("next_steps",))
    assert found.sources == {**dict.fromkeys(KINDS, "model"), "next_steps": "rules"}


async def test_remembered(asking: Open) -> None:
    """The same question is answered from memory, with ids of its own; another company's is not."""
    models, memory = Scripted(**all_good()), Memory()
    async with asking(models, memory) as someone:
        first, _ = await someone.answered("industry", company_name="Nimbus")
        again, _ = await someone.answered("industry", company_name="Nimbus")
        other, _ = await someone.answered("industry", company_name="Other Ltd")
        await someone.answered("okrs")
    assert [each.source for each in (first, again, other)] == ["model", "cache", "model"]
    assert first.items.suggested_industry is not None
    assert again.items.suggested_industry is not None
    assert first.items.suggested_industry.key == again.items.suggested_industry.key
    assert first.items.suggested_industry.id != again.items.suggested_industry.id
    assert memory.ttls == [INDUSTRY_SECONDS] * 3 + [SUGGESTIONS_SECONDS]


async def test_settled_by_whoever_waited(asking: Open) -> None:
    """Once an API that waited too long has settled it, no model is asked and nothing changes, ids included."""
    models = Scripted(good("okrs"))
    async with asking(models) as someone:
        order = await someone.written()
        async with someone.database.transaction(someone.person.caller()) as conn:
            settled = await suggestions.settle(conn, order.suggestion_id, order.user_id)
        await someone.gateway.suggest(order, 20)
        assert await someone.found(order) == settled
    assert models.asked == []
    assert settled is not None
    assert settled.source == "rules"


async def test_a_person_who_is_gone(asking: Open, admin: asyncpg.Connection) -> None:
    """When the person was erased meanwhile, there is nothing to answer, and the workflow ends."""
    models = Scripted(good("okrs"))
    async with asking(models) as someone:
        order = await someone.written()
        await admin.execute("DELETE FROM users WHERE id = $1", order.user_id)
        assert await someone.gateway.suggest(order, 20) == Suggested()
    assert models.asked == []


async def test_without_a_run(asking: Open) -> None:
    """What a request says is enough; nothing is recommended to a run that is not there."""
    async with asking(Scripted(good("industry")), with_run=False) as someone:
        found, _ = await someone.answered("industry", company_name="Rossi", website="https://rossi-bakery.example")
    assert (found.source, found.run_id) == ("model", None)


async def test_history_says_nothing(asking: Open, temporal: Client) -> None:
    """The workflow's history holds ids and kinds: no word of the company, none of the model, even unsealed."""
    async with asking(Scripted(good("okrs"))) as someone:
        order = await someone.written("okrs", description="canary")
        await someone.gateway.suggest(order, 20)
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
    async with asking(None) as someone:
        order = await someone.written("all")

        async def settled() -> Suggestion | None:
            async with someone.database.transaction(someone.person.caller()) as conn:
                return await suggestions.settle(conn, order.suggestion_id, order.user_id)

        first, *others = await asyncio.gather(*(settled() for _ in range(6)))
    assert first is not None
    assert first.source == "rules"
    assert all(other == first for other in others)

"""The signed-in person: reading, changing, and which features are open."""

from typing import Any

import asyncpg
import pytest
from temporalio.client import Client

from cli.embedded import EmbeddedStack
from runtime.addresses import RunAddress, workflow_id
from tests.stack import RUNS, Person, ok, problem, until, wrong

ME = "/api/v1/users/me"
GATED = {"dashboard", "workouts", "meals", "profile"}


async def test_access_before_and_after(person: Person) -> None:
    """The gated features are reported shut with the progress until the completion, and open from then on."""
    before = ok(await person.get(ME))["access_control"]
    assert set(before["locked_features"]) == GATED
    assert before["onboarding_progress"] is None
    assert before["can_access_chat"]
    assert not any(before[f"can_access_{feature}"] for feature in GATED)
    assert before["unlock_message"]
    await person.saved_until(3)
    assert ok(await person.get(ME))["access_control"]["onboarding_progress"] == 33
    await person.saved(4, 9)
    ok(await person.post(f"{RUNS}/complete"))
    me = ok(await person.get(ME))
    after = me["access_control"]
    assert me["onboarding_completed"]
    assert all(after[f"can_access_{feature}"] for feature in (*GATED, "chat"))
    assert (after["locked_features"], after["unlock_message"], after["onboarding_progress"]) == ([], None, 100)


async def test_staff_pass_the_gate(person: Person, stack: EmbeddedStack) -> None:
    """The gate binds role `user`: a manager's features are open without an onboarding."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute("UPDATE users SET role = 'manager' WHERE id = $1", person.id)
    await admin.close()
    assert ok(await person.get(ME))["access_control"]["can_access_workouts"]
    problem(await person.get("/api/v1/workouts"), 404, "profile_not_found")


async def test_me_twice(person: Person) -> None:
    """`/auth/me` and `/users/me` tell the same."""
    assert ok(await person.get("/api/v1/auth/me")) == ok(await person.get(ME))


async def test_change(person: Person) -> None:
    """What is sent is changed, what is left out or null stays."""
    ok(
        await person.patch(
            ME, {"full_name": "Ada", "age": 100, "sex": "female", "height_cm": 100, "weight_kg": 300}
        )
    )
    changed = ok(await person.patch(ME, {"age": 14, "full_name": None}))
    assert (changed["full_name"], changed["age"], changed["height_cm"]) == ("Ada", 14, 100)
    assert changed == ok(await person.get(ME))


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"age": 12}, {"age": "too_small"}),
        ({"age": 101}, {"age": "too_large"}),
        ({"age": 30.5}, {"age": "wrong_type"}),
        (
            {"sex": "x", "height_cm": 99, "weight_kg": 301},
            {"sex": "not_allowed", "height_cm": "too_small", "weight_kg": "too_large"},
        ),
        ({"height_cm": True}, {"height_cm": "wrong_type"}),
        ({"locale": "fr"}, {"locale": "not_allowed"}),
        ({"reminders_enabled": "no"}, {"reminders_enabled": "wrong_type"}),
        ({"email": "new@example.org"}, {"email": "unknown_field"}),
        (
            {"onboarding_completed": True, "role": "admin"},
            {"onboarding_completed": "unknown_field", "role": "unknown_field"},
        ),
        ({"full_name": "<img src=x>"}, {"full_name": "markup"}),
    ],
)
async def test_change_refuses(person: Person, body: dict[str, Any], errors: dict[str, str]) -> None:
    """What a person may not say of themselves is 400, and nothing of it is kept."""
    before = ok(await person.get(ME))
    assert wrong(await person.patch(ME, body)) == errors
    assert ok(await person.get(ME)) == before


async def test_an_unknown_time_zone(person: Person) -> None:
    """A time zone that does not exist is 400."""
    assert wrong(await person.patch(ME, {"timezone": "Europe/Nowhere"})).keys() == {"timezone"}


async def test_the_run_follows_the_person(person: Person) -> None:
    """A changed time zone and language reach the open run."""
    assert (await person.start())["timezone"] == "UTC"
    ok(await person.patch(ME, {"timezone": "Asia/Tokyo", "locale": "es"}))

    async def moved() -> bool:
        run = ok(await person.get(f"{RUNS}/state"))
        return (run["timezone"], run["locale"]) == ("Asia/Tokyo", "es")

    await until(moved)


async def test_opting_out_of_reminders(person: Person, temporal: Client) -> None:
    """Without reminders none is due, and with them there is one again."""
    await person.start()
    handle = temporal.get_workflow_handle(workflow_id(RunAddress(person.tenant_id, person.id, "fitness")))

    async def due() -> bool:
        return (await handle.query("view"))["next_reminder_at"] is not None

    async def none_due() -> bool:
        return not await due()

    assert await due()
    assert not ok(await person.patch(ME, {"reminders_enabled": False}))["reminders_enabled"]
    await until(none_due)
    ok(await person.patch(ME, {"reminders_enabled": True}))
    await until(due)


async def test_an_empty_change(person: Person) -> None:
    """Changing nothing is fine."""
    assert ok(await person.patch(ME, {})) == ok(await person.get(ME))

"""What people say about tasks."""

from typing import Any

import pytest

from tests.api.team import TASKS, Team
from tests.api.test_tasks import ODD
from tests.stack import Json, ok, problem, wrong


async def test_who_sees_a_task_talks_about_it(team: Team) -> None:
    """Staff and whoever has the task say things; each sees who said what, newest first, and with the task."""
    task = await team.task()
    path = f"{TASKS}/{task['id']}"
    for who, text in ((team.user, ODD), (team.manager, "äöü 😀"), (team.admin, "x" * 2000)):
        answer = await who.post(f"{path}/comments", {"comment": f" {text}\n"})
        assert answer.status_code == 201
        assert (answer.json()["comment"], answer.json()["user_id"]) == (text, who.id)
    for who in (team.user, team.manager):
        page = ok(await who.get(f"{path}/comments", params={"with_total": "true"}))
        said = [(each["user_name"], each["comment"]) for each in page["items"]]
        assert said == [(team.admin.email, "x" * 2000), ("Mona Ger", "äöü 😀"), ("Ulla Ser", ODD)]
        assert (page["total"], page["next_cursor"]) == (3, None)
        read = ok(await who.get(path))
        assert (read["comments"], read["comments_cursor"]) == (page["items"], None)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"comment": "required"}),
        ({"comment": ""}, {"comment": "too_short"}),
        ({"comment": " \n\t\u200b"}, {"comment": "too_short"}),
        ({"comment": "x" * 2001}, {"comment": "too_long"}),
        ({"comment": "a\x00b"}, {"comment": "control_character"}),
        ({"comment": ["x"], "user_id": "x"}, {"comment": "wrong_type", "user_id": "unknown_field"}),
    ],
)
async def test_what_cannot_be_said(team: Team, body: Json, errors: dict[str, str]) -> None:
    """What is no comment is 400, and nothing is kept."""
    path = f"{TASKS}/{(await team.task())['id']}/comments"
    assert wrong(await team.user.post(path, body)) == errors
    assert ok(await team.user.get(path))["items"] == []


async def test_pages(team: Team, admin_sql: Any) -> None:
    """A task shows the latest hundred, its cursor leads to those before, and each is seen once."""
    task = await team.task()
    path = f"{TASKS}/{task['id']}"
    # All in one moment, with ids that tell nothing of when they were made.
    await admin_sql(
        "INSERT INTO task_comments (id, tenant_id, task_id, user_id, comment)"
        " SELECT gen_random_uuid(), $1, $2, $3, n::text FROM generate_series(1, 130) AS n",
        team.user.tenant_id,
        task["id"],
        team.user.id,
    )
    read = ok(await team.user.get(path))
    assert len(read["comments"]) == 100
    seen, cursor = [each["comment"] for each in read["comments"]], read["comments_cursor"]
    while cursor:
        page = ok(await team.user.get(f"{path}/comments", params={"cursor": cursor, "limit": "7"}))
        seen += [each["comment"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(map(int, seen)) == list(range(1, 131))
    found = wrong(await team.user.get(f"{path}/comments", params={"cursor": "x", "limit": "x"}))
    assert found == {"cursor": "bad_format", "limit": "wrong_type"}


async def test_other_tasks_are_not_talked_about(team: Team) -> None:
    """A comment is of its own task, and who loses a task does not follow it any more."""
    one, two = await team.task(), await team.task()
    ok(await team.user.post(f"{TASKS}/{one['id']}/comments", {"comment": "about one"}))
    assert ok(await team.user.get(f"{TASKS}/{two['id']}/comments"))["items"] == []
    ok(await team.manager.patch(f"{TASKS}/{one['id']}", {"assigned_user_id": team.other.id}))
    problem(await team.user.get(f"{TASKS}/{one['id']}/comments"), 404, "not_found")
    problem(await team.user.post(f"{TASKS}/{one['id']}/comments", {"comment": "x"}), 404, "not_found")
    assert len(ok(await team.other.get(f"{TASKS}/{one['id']}/comments"))["items"]) == 1

"""Tasks: who sees and changes them, how they move, and how an event becomes one."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db import events
from db.pool import Database
from db.tenant import ingest
from tests.api.company import USERS, Company, at_once
from tests.api.team import TASKS, Team
from tests.erasing import receipt
from tests.stack import Json, Person, ok, problem, until, wrong

EVENTS = "/api/v1/events"
NOBODY = "00000000-0000-4000-8000-000000000000"
ODD = "line one\n\tsaid 'no' & \"yes\" <script>alert(1)</script>"


async def ids(who: Person, **params: Any) -> list[str]:
    """The tasks that somebody finds, of which the total must tell."""
    page = ok(await who.get(TASKS, params={**params, "with_total": "true", "limit": "100"}))
    assert page["total"] == len(page["items"])
    return [item["id"] for item in page["items"]]


async def status(who: Person, task: Json, to: str) -> Json:
    """Move a task, which must work."""
    return ok(await who.send("PUT", f"{TASKS}/{task['id']}/status", json={"status": to}))


async def arrived(database: Database, tenant_id: str, **fields: Any) -> str:
    """An event from outside; gives its id."""
    given: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "source": "aws.guardduty",
        "detail_type": "GuardDuty Finding",
        "detail": {"title": ODD},
        "severity_level": 3,
        "account": "123456789012",
        "region": "eu-central-1",
        "resources": ["arn:aws:ec2:eu-central-1:123456789012:instance/i-1"],
        "published_at": datetime(2026, 5, 1, tzinfo=UTC),
    }
    event = events.Arrived(**{**given, **fields})
    async with database.transaction(ingest(tenant_id)) as connection:
        assert await events.arrive(connection, tenant_id, [event]) == 1
    return event.id


async def test_a_task_from_its_beginning_to_its_end(team: Team) -> None:
    """Made for somebody, moved, closed and opened again: each step with who and when, and the time of closing."""
    answer = await team.manager.post(
        TASKS,
        {
            "title": "  Rotate the keys ",
            "description": ODD,
            "assigned_user_id": team.user.id.upper(),
            "priority": "high",
            "due_date": "2030-01-31T12:00:00+01:00",
        },
    )
    assert answer.status_code == 201
    task = answer.json()
    who = {"id": team.user.id, "name": "Ulla Ser"}
    told = {
        "title": "Rotate the keys",
        "description": ODD,
        "status": "open",
        "priority": "high",
        "assigned_user_id": team.user.id,
        "assigned_user_name": "Ulla Ser",
        "assigned_user": who,
        "event_id": None,
        "event_details": None,
        "due_date": "2030-01-31T11:00:00Z",
        "overdue": False,
        "created_by": team.manager.id,
        "closed_at": None,
    }
    assert {name: task[name] for name in told} == told
    for who_moves, to in ((team.user, "in_progress"), (team.user, "closed"), (team.manager, "open")):
        moved = await status(who_moves, task, to)
        assert (moved["status"], moved["closed_at"] is None) == (to, to != "closed")
        assert moved["updated_at"] > task["updated_at"]
        assert await status(who_moves, task, to) == moved, "the same again is no change"
    read = ok(await team.user.get(f"{TASKS}/{task['id']}"))
    history = [
        (each["number"], each["from_status"], each["to_status"], each["changed_by"], each["changed_by_name"])
        for each in read["status_history"]
    ]
    assert history == [
        (3, "closed", "open", team.manager.id, "Mona Ger"),
        (2, "in_progress", "closed", team.user.id, "Ulla Ser"),
        (1, "open", "in_progress", team.user.id, "Ulla Ser"),
    ]
    times = [each["changed_at"] for each in read["status_history"]]
    assert times == sorted(times, reverse=True)
    assert (read["comments"], read["comments_cursor"]) == ([], None)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"title": "required", "description": "required", "assigned_user_id": "required"}),
        (
            {"title": "ab", "description": "123456789", "assigned_user_id": "x", "priority": "urgent"},
            {
                "title": "too_short",
                "description": "too_short",
                "assigned_user_id": "bad_format",
                "priority": "not_allowed",
            },
        ),
        ({"title": "x" * 201, "description": "x" * 5001}, {"title": "too_long", "description": "too_long"}),
        ({"title": "a <b>title</b>", "description": "\x00123456789"}, {"title", "description"}),
        ({"title": 5, "description": ["x"], "due_date": 5, "event_id": 5}, None),
        ({"due_date": "2030-01-01T12:00:00"}, {"due_date": "bad_format"}),
        ({"due_date": "next week", "event_id": "x"}, {"due_date": "bad_format", "event_id": "bad_format"}),
        ({"due_date": "9999-12-31"}, {"due_date": "too_large"}),
        ({"due_date": "1969-12-31"}, {"due_date": "too_small"}),
        ({"status": "closed", "created_by": NOBODY, "id": NOBODY}, {"status", "created_by", "id"}),
    ],
)
async def test_a_task_that_cannot_be(team: Team, body: Json, errors: Any) -> None:
    """What is no task is 400 with every failing field, and nothing is made."""
    whole = {"title": "Look into it", "description": "Something is odd", "assigned_user_id": team.user.id}
    found = wrong(await team.manager.post(TASKS, {**whole, **body} if body else {}))
    if isinstance(errors, dict):
        assert found == errors
    else:
        assert found.keys() == (errors or body.keys())
    assert await ids(team.manager) == []


async def test_lengths_that_may_be(team: Team) -> None:
    """The shortest and the longest texts, in characters and not in bytes, are kept as they are."""
    for title, description in (("äöü", "ä" * 10), ("😀" * 200, "😀" * 5000)):
        task = await team.task(title=title, description=description)
        assert (task["title"], task["description"]) == (title, description)


async def test_nobody_to_give_it_to(team: Team, rival: Company) -> None:
    """Nobody, somebody of another tenant, and somebody who is inactive are 404 `assignee_not_found`, alike."""
    gone = await team.company.hire("user")
    task = await team.task()
    assert (await team.admin.send("DELETE", f"{USERS}/{gone.id}")).status_code == 204
    for somebody in (NOBODY, rival.admin.id, gone.id):
        body = {"title": "Look into it", "description": "Something is odd", "assigned_user_id": somebody}
        problem(await team.manager.post(TASKS, body), 404, "assignee_not_found")
        change = {"assigned_user_id": somebody, "title": "Not this"}
        problem(await team.manager.patch(f"{TASKS}/{task['id']}", change), 404, "assignee_not_found")
    assert await ids(team.manager) == [task["id"]]
    assert ok(await team.manager.get(f"{TASKS}/{task['id']}"))["title"] == "Look into it"


async def test_who_sees_what(team: Team, rival: Company) -> None:
    """Staff see all; a user sees what is theirs, whatever they ask for; another's and another tenant's is 404."""
    own, others = await team.task(), await team.task(assigned_user_id=team.other.id)
    assert await ids(team.manager) == await ids(team.admin) == [others["id"], own["id"]]
    assert await ids(team.user) == [own["id"]]
    assert await ids(team.user, assigned_user_id=team.other.id) == []
    assert await ids(team.manager, assigned_user_id=team.other.id) == [others["id"]]
    assert await ids(rival.admin) == await ids(rival.admin, assigned_user_id=team.user.id) == []
    path = f"{TASKS}/{others['id']}"
    for who in (team.user, rival.admin):
        problem(await who.get(path), 404, "not_found")
        problem(await who.get(f"{path}/comments"), 404, "not_found")
        problem(await who.post(f"{path}/comments", {"comment": "x"}), 404, "not_found")
        problem(await who.send("PUT", f"{path}/status", json={"status": "closed"}), 404, "not_found")
        for method in ("PUT", "PATCH"):
            problem(await who.send(method, path, json={"title": "Mine now"}), 404, "not_found")
    problem(await team.user.send("DELETE", path), 403, "forbidden")
    problem(await rival.admin.send("DELETE", path), 404, "not_found")
    named = ok(await team.other.get(path))
    assert named["assigned_user_name"] == team.other.email, "who has no name is called by their e-mail"


async def test_what_a_user_may_not(team: Team) -> None:
    """A user makes no task, deletes none, and gives none away; the rest of their own they may change."""
    task = await team.task()
    path = f"{TASKS}/{task['id']}"
    body = {"title": "Look into it", "description": "Something is odd", "assigned_user_id": team.user.id}
    problem(await team.user.post(TASKS, body), 403, "forbidden")
    problem(await team.user.post(f"{EVENTS}/{NOBODY}/create-task", body), 403, "forbidden")
    problem(await team.user.send("DELETE", path), 403, "forbidden")
    away = {"assigned_user_id": team.other.id, "title": "Not kept"}
    problem(await team.user.patch(path, away), 403, "forbidden")
    assert ok(await team.user.patch(path, {"assigned_user_id": team.user.id}))["title"] == "Look into it"
    changed = ok(await team.user.patch(path, {"title": "Mine", "priority": "critical", "due_date": "2030-05-01"}))
    assert (changed["title"], changed["priority"]) == ("Mine", "critical")
    assert changed["due_date"] == "2030-05-01T23:59:59.999999Z"


async def test_a_creator_who_is_no_manager_any_more(team: Team) -> None:
    """Who made a task still sees and changes it with a lesser role, and neither moves nor deletes it."""
    task = await team.task()
    path = f"{TASKS}/{task['id']}"
    ok(await team.admin.patch(f"{USERS}/{team.manager.id}", {"role": "user"}))
    assert await ids(team.manager) == [task["id"]]
    read = ok(await team.manager.get(path))
    assert read["assigned_user_name"] == "Ulla Ser"
    assert ok(await team.manager.patch(path, {"title": "Still mine"}))["title"] == "Still mine"
    problem(await team.manager.send("PUT", f"{path}/status", json={"status": "closed"}), 403, "forbidden")
    problem(await team.manager.patch(path, {"assigned_user_id": team.manager.id}), 403, "forbidden")
    problem(await team.manager.send("DELETE", path), 403, "forbidden")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_changes(team: Team, method: str) -> None:
    """What is given changes, the rest stays, nulls say nothing but for the due date, and the same is no change."""
    task = await team.task(due_date="2030-01-01")
    path = f"{TASKS}/{task['id']}"
    body = {
        "title": "Another",
        "description": "Quite another",
        "priority": "low",
        "assigned_user_id": team.other.id,
    }
    changed = ok(await team.admin.send(method, path, json=body))
    assert {name: changed[name] for name in body} == body
    assert changed["assigned_user"] == {"id": team.other.id, "name": team.other.email}
    assert changed["due_date"] == task["due_date"]
    assert changed["updated_at"] > task["updated_at"]
    nulls = dict.fromkeys(body)
    for same in ({}, body, nulls, {"due_date": "2030-01-01"}):
        assert ok(await team.admin.send(method, path, json=same)) == changed
    cleared = ok(await team.admin.send(method, path, json={"due_date": None}))
    assert (cleared["due_date"], cleared["title"]) == (None, "Another")
    problem(await team.user.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"title": "x", "priority": "none"}, {"title": "too_short", "priority": "not_allowed"}),
        ({"description": "short", "assigned_user_id": "me"}, {"description", "assigned_user_id"}),
        ({"status": "closed", "closed_at": None, "overdue": True}, {"status", "closed_at", "overdue"}),
        ({"due_date": "soon", "assigned_user_id": 5}, {"due_date", "assigned_user_id"}),
    ],
)
async def test_a_change_that_cannot_be(team: Team, body: Json, errors: Any) -> None:
    """What cannot be is 400 with every failing field, and nothing is kept."""
    task = await team.task()
    path = f"{TASKS}/{task['id']}"
    found = wrong(await team.manager.patch(path, {"title": "Not kept", **body}))
    assert found == errors if isinstance(errors, dict) else found.keys() == errors
    assert ok(await team.manager.get(path))["title"] == "Look into it"


@pytest.mark.parametrize("body", [{}, {"status": "done"}, {"status": 1}, {"status": "closed", "at": "now"}])
async def test_a_status_that_cannot_be(team: Team, body: Json) -> None:
    """There are three; anything else is 400 and moves nothing."""
    task = await team.task()
    assert wrong(await team.user.send("PUT", f"{TASKS}/{task['id']}/status", json=body))
    assert ok(await team.user.get(f"{TASKS}/{task['id']}"))["status_history"] == []


async def test_two_move_it_at_once(team: Team) -> None:
    """However many move a task at once, each change begins where the one before ended, and they are in order."""
    task = await team.task()
    people = [team.user, team.manager, team.admin]
    moves = [(people[n % 3], ("in_progress", "closed", "open", "closed")[n % 4]) for n in range(24)]
    path = f"{TASKS}/{task['id']}/status"
    answers = await at_once(*(who.send("PUT", path, json={"status": to}) for who, to in moves))
    assert {answer.status_code for answer in answers} == {200}
    read = ok(await team.user.get(f"{TASKS}/{task['id']}"))
    history = read["status_history"][::-1]
    assert [each["number"] for each in history] == list(range(1, len(history) + 1))
    assert [each["from_status"] for each in history] == ["open", *(each["to_status"] for each in history[:-1])]
    assert history[-1]["to_status"] == read["status"]
    assert [each["changed_at"] for each in history] == sorted(each["changed_at"] for each in history)
    assert (read["closed_at"] is None) == (read["status"] != "closed")


async def test_it_is_given_away_meanwhile(team: Team, app_database: Database) -> None:
    """Who waits for their turn while the task goes to somebody else does nothing with it any more."""
    task = await team.task()
    async with app_database.transaction(None) as waiting:
        pid = await waiting.fetchval("SELECT pg_backend_pid()")
        await waiting.execute(
            f"SET LOCAL app.tenant_id = '{team.user.tenant_id}'; SET LOCAL app.role = 'manager'; "
            f"SET LOCAL app.user_id = '{team.manager.id}'"
        )
        await waiting.execute("UPDATE tasks SET assigned_user_id = $2 WHERE id = $1", task["id"], team.other.id)
        path = f"{TASKS}/{task['id']}/status"
        moving = asyncio.create_task(team.user.send("PUT", path, json={"status": "closed"}))

        async def blocked() -> bool:
            query = "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))"
            return await waiting.fetchval(query, pid) > 0

        await until(blocked)
    problem(await moving, 404, "not_found")
    assert ok(await team.other.get(f"{TASKS}/{task['id']}"))["status"] == "open"


async def test_deleting(team: Team) -> None:
    """An admin deletes any task, a manager those that they made; it is nowhere then, and gone once."""
    hers, his = await team.task("manager"), await team.task("admin")
    problem(await team.manager.send("DELETE", f"{TASKS}/{his['id']}"), 403, "forbidden")
    ok(await team.user.post(f"{TASKS}/{his['id']}/comments", {"comment": "still here"}))
    for who, task in ((team.manager, hers), (team.admin, his)):
        path = f"{TASKS}/{task['id']}"
        assert (await who.send("DELETE", path)).status_code == 204
        for somebody in (team.user, team.manager, team.admin):
            problem(await somebody.get(path), 404, "not_found")
            problem(await somebody.get(f"{path}/comments"), 404, "not_found")
            problem(await somebody.post(f"{path}/comments", {"comment": "x"}), 404, "not_found")
            problem(await somebody.patch(path, {"title": "Back again"}), 404, "not_found")
            problem(await somebody.send("PUT", f"{path}/status", json={"status": "closed"}), 404, "not_found")
        problem(await team.admin.send("DELETE", path), 404, "not_found")
    assert await ids(team.admin) == await ids(team.user) == []


@pytest.mark.parametrize("id", ["x", "1", "null", "%00", "0" * 5000, "' OR 1=1"])
async def test_ids_that_are_none(team: Team, id: str) -> None:
    """What is no id is 404, however it is asked for."""
    for method, path in (
        *(("GET", ""), ("DELETE", ""), ("PATCH", ""), ("PUT", ""), ("PUT", "/status")),
        *(("GET", "/comments"), ("POST", "/comments")),
    ):
        problem(await team.admin.send(method, f"{TASKS}/{id}{path}", json={}), 404, "not_found")
    problem(await team.admin.post(f"{EVENTS}/{id}/create-task", {}), 404, "not_found")


async def test_a_day_in_their_time_zone(team: Team) -> None:
    """A bare day is its end where whoever writes it is, and overdue is what is not closed by then."""
    ok(await team.manager.patch("/api/v1/users/me", {"timezone": "America/New_York"}))
    task = await team.task(due_date="2030-07-04")
    assert task["due_date"] == "2030-07-05T03:59:59.999999Z"
    path = f"{TASKS}/{task['id']}"
    assert ok(await team.user.patch(path, {"due_date": "2030-07-04"}))["due_date"] == "2030-07-04T23:59:59.999999Z"
    now = datetime.now(UTC)
    for due, late in ((now - timedelta(minutes=1), True), (now + timedelta(hours=1), False)):
        changed = ok(await team.user.patch(path, {"due_date": due.isoformat()}))
        assert changed["overdue"] is late
        assert ok(await team.user.get(TASKS))["items"][0]["overdue"] is late
    ok(await team.user.patch(path, {"due_date": "2020-01-01"}))
    assert (await status(team.user, task, "in_progress"))["overdue"]
    assert not (await status(team.user, task, "closed"))["overdue"]
    assert (await status(team.user, task, "open"))["overdue"]


async def test_filters(team: Team, app_database: Database) -> None:
    """By status and priority, one or several in each form, by assignee, event and times, and together."""
    event_id = await arrived(app_database, team.user.tenant_id)
    low = (await team.task(priority="low", due_date="2030-01-01T00:00:00Z"))["id"]
    high = (await team.task(priority="high", due_date="2030-01-02T00:00:00Z", event_id=event_id))["id"]
    medium = (await team.task())["id"]
    await status(team.user, {"id": low}, "closed")
    await status(team.user, {"id": high}, "in_progress")
    every = [medium, high, low]
    for who in (team.manager, team.user):
        assert await ids(who) == await ids(who, status=["open", "closed", "in_progress"]) == every
        assert await ids(who, status="closed") == await ids(who, **{"status[]": "closed"}) == [low]
        for both in ({"status": "open,closed"}, {"status": ["open", "closed"]}, {"status[]": ["closed", "open"]}):
            assert await ids(who, **both) == [medium, low]
        assert await ids(who, priority="low,high", **{"priority[]": "high"}) == [high, low]
        assert await ids(who, priority="critical") == []
        assert await ids(who, event_id=event_id) == [high]
        assert await ids(who, assigned_user_id=team.user.id, status="in_progress", priority="high") == [high]
        assert await ids(who, due_before="2030-01-02T00:00:00Z") == [low]
        assert await ids(who, due_before="2030-01-02") == [low]
        assert await ids(who, due_before="2030-01-03") == [high, low]


async def test_times_of_making(team: Team) -> None:
    """From a time and until one, both included; a day begins and ends where whoever asks is."""
    task = await team.task()
    made = datetime.fromisoformat(task["created_at"])
    a_bit = timedelta(microseconds=1)
    for start, end, found in (
        (made, made, True),
        (made + a_bit, None, False),
        (None, made - a_bit, False),
        (made - timedelta(days=1), made + timedelta(days=1), True),
    ):
        params = {"start_date": start and start.isoformat(), "end_date": end and end.isoformat()}
        found_ids = await ids(team.manager, **{name: text for name, text in params.items() if text})
        assert found_ids == ([task["id"]] if found else [])
    day = made.date()
    assert await ids(team.manager, start_date=str(day), end_date=str(day)) == [task["id"]]
    assert await ids(team.manager, end_date=str(day - timedelta(days=1))) == []
    unescaped = f"{TASKS}?start_date={(made - a_bit).isoformat()}"
    assert "+" in unescaped
    assert len(ok(await team.manager.get(unescaped))["items"]) == 1


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"status": "done", "priority": "urgent,low"}, {"status": "not_allowed", "priority": "not_allowed"}),
        ({"status": ["open", ""], "priority[]": "1"}, {"status": "not_allowed", "priority": "not_allowed"}),
        ({"status": ",".join(map(str, range(60)))}, {"status": "too_long"}),
        (
            {"assigned_user_id": "me", "event_id": "1"},
            {"assigned_user_id": "bad_format", "event_id": "bad_format"},
        ),
        ({"start_date": "x", "end_date": "2026-02-30"}, {"start_date": "bad_format", "end_date": "bad_format"}),
        ({"start_date": "2026-05-02", "end_date": "2026-05-01"}, {"start_date": "too_large"}),
        (
            {"start_date": "1900-01-01", "due_before": "3000-01-01"},
            {"start_date": "too_small", "due_before": "too_large"},
        ),
        ({"due_before": "x" * 41}, {"due_before": "too_long"}),
        ({"start_date": ["2026-05-01", "x"], "due_before": ["y", "2026-05-01"]}, {"start_date": "bad_format"}),
        ({"cursor": "%%%"}, {"cursor": "bad_format"}),
        ({"limit": "0", "cursor": "x"}, {"limit": "too_small", "cursor": "bad_format"}),
        (
            {"limit": "101", "with_total": "perhaps", "status": "x", "start_date": "y", "event_id": "z"},
            {
                "limit": "too_large",
                "with_total": "wrong_type",
                "status": "not_allowed",
                "start_date": "bad_format",
                "event_id": "bad_format",
            },
        ),
    ],
)
async def test_a_list_that_cannot_be(team: Team, params: dict[str, Any], errors: dict[str, str]) -> None:
    """What is no filter is 400, and every wrong parameter is named at once, for a user as for staff."""
    for who in (team.manager, team.user):
        assert wrong(await who.get(TASKS, params=params)) == errors


@pytest.mark.parametrize("name", ["assigned_user_id", "event_id", "start_date", "due_before", "cursor", "limit"])
async def test_a_filter_that_is_given_twice(team: Team, name: str) -> None:
    """Of what is asked for once, two values are read as one of them, or refused: never a crash."""
    good = {"limit": "1", "cursor": None}.get(name, NOBODY if name.endswith("id") else "2026-01-01")
    for values in ((good, "x"), ("x", good)):
        answer = await team.manager.get(TASKS, params={name: [each for each in values if each]})
        assert answer.status_code in (200, 400)


async def test_pages(team: Team, admin_sql: Any) -> None:
    """Newest first, each once, also where tasks were made in one moment and their ids tell nothing of it."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for n in range(5):
        await admin_sql(
            "INSERT INTO tasks (id, tenant_id, title, description, assigned_user_id, created_at)"
            " VALUES (gen_random_uuid(), $1, 'A task', 'Look into it', $2, $3)",
            team.user.tenant_id,
            team.user.id,
            at + timedelta(seconds=n // 3),
        )
    for who in (team.manager, team.user):
        seen: list[tuple[str, str]] = []
        cursor = {}
        while True:
            page = ok(await who.get(TASKS, params={"limit": "2", **cursor}))
            assert "total" not in page
            seen += [(item["created_at"], item["id"]) for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert len(set(seen)) == 5
        assert seen == sorted(seen, reverse=True)
    problem(await team.manager.get(TASKS, params={"cursor": "MjAyNi0wMS0wMS94"}), 400, "validation_error")


@pytest.mark.parametrize(
    ("level", "priority"), [(0, "low"), (1, "low"), (2, "medium"), (3, "high"), (4, "critical"), (5, "critical")]
)
async def test_an_event_becomes_a_task(team: Team, app_database: Database, level: int, priority: str) -> None:
    """Title, description and priority follow from the event; what it said stays, without what staff noted."""
    event_id = await arrived(app_database, team.user.tenant_id, severity_level=level)
    path = f"/api/events/{event_id}/create-task"
    answer = await team.manager.post(path, {"assigned_user_id": team.user.id, "due_date": "2030-01-01"})
    assert answer.status_code == 201
    task = answer.json()
    assert (task["priority"], task["title"]) == (priority, "aws.guardduty: GuardDuty Finding")
    assert "arn:aws:ec2" in task["description"]
    assert (task["event_id"], task["status"], task["assigned_user_name"]) == (event_id, "open", "Ulla Ser")
    details = task["event_details"]
    assert (details["id"], details["detail"], details["severity_level"]) == (event_id, {"title": ODD}, level)
    assert not {"notes", "acknowledged_by", "tenant_id"} & details.keys()
    read = ok(await team.user.get(f"{TASKS}/{task['id']}"))
    assert read["event_details"] == details
    assert "event_details" not in ok(await team.user.get(TASKS))["items"][0]


async def test_what_is_given_goes_first(team: Team, app_database: Database) -> None:
    """What is given is taken, and what follows from an event could have been written by hand."""
    event_id = await arrived(
        app_database,
        team.user.tenant_id,
        source="s" * 100,
        detail_type="<b>" + "d" * 197,
        detail={"log": "<i>\t'\"\u0001" * 30_000},
        severity_level=5,
    )
    body = {"title": "Mine", "description": "In my own words", "priority": "low", "assigned_user_id": team.user.id}
    task = ok(await team.admin.post(f"{EVENTS}/{event_id}/create-task", body))
    assert {name: task[name] for name in body} == body
    derived = ok(await team.admin.post(f"{EVENTS}/{event_id}/create-task", {"assigned_user_id": team.user.id}))
    same = {name: derived[name] for name in ("title", "description")}
    assert ok(await team.user.patch(f"{TASKS}/{derived['id']}", same)) == derived
    assert len(derived["event_details"]["detail"]["log"]) == 210_000


async def test_an_event_goes_and_the_task_stays(team: Team, app_database: Database, admin_sql: Any) -> None:
    """What was made from an event keeps what it said when the event is dropped."""
    event_id = await arrived(app_database, team.user.tenant_id)
    path = f"{EVENTS}/{event_id}/create-task"
    task = ok(await team.manager.post(path, {"assigned_user_id": team.user.id}))
    await admin_sql("DELETE FROM events WHERE id = $1", event_id)
    problem(await team.manager.post(path, {"assigned_user_id": team.user.id}), 404, "not_found")
    assert ok(await team.user.get(f"{TASKS}/{task['id']}"))["event_details"] == task["event_details"]
    assert await ids(team.user, event_id=event_id) == [task["id"]]


async def test_no_such_event(team: Team, rival: Company, app_database: Database, admin_sql: Any) -> None:
    """An event of nobody, of another tenant, or that was deleted is 404 in the path and in a body."""
    theirs = await arrived(app_database, rival.admin.tenant_id)
    deleted = await arrived(app_database, team.user.tenant_id)
    await admin_sql("UPDATE events SET deleted_at = now() WHERE id = $1", deleted)
    body = {"title": "Look into it", "description": "Something is odd", "assigned_user_id": team.user.id}
    for event_id in (NOBODY, theirs, deleted):
        problem(await team.admin.post(f"{EVENTS}/{event_id}/create-task", body), 404, "not_found")
        problem(await team.admin.post(TASKS, {**body, "event_id": event_id}), 404, "not_found")
    mine = await arrived(app_database, team.user.tenant_id)
    body["assigned_user_id"] = rival.admin.id
    problem(await team.admin.post(f"{EVENTS}/{mine}/create-task", body), 404, "assignee_not_found")
    assert wrong(await team.admin.post(f"{EVENTS}/{mine}/create-task", {"title": "x", "priority": 1})) == {
        "title": "too_short",
        "priority": "not_allowed",
        "assigned_user_id": "required",
    }
    assert await ids(team.admin) == []


async def test_the_same_key_makes_one(team: Team, app_database: Database) -> None:
    """A request that is sent again with its key makes one task, also under the other name of its path."""
    event_id = await arrived(app_database, team.user.tenant_id)
    body, headers = {"assigned_user_id": team.user.id}, {"Idempotency-Key": uuid.uuid4().hex}
    first = await team.manager.post(f"{EVENTS}/{event_id}/create-task", body, headers=dict(headers))
    again = await team.manager.post(f"/api/events/{event_id}/create-task", body, headers=dict(headers))
    assert again.headers["idempotent-replayed"] == "true"
    assert ok(first) == ok(again)
    assert len(await ids(team.manager)) == 1


async def test_whoever_it_names_is_erased(team: Team) -> None:
    """The task stays and names nobody; what they said goes with them, and no kept answer tells of them."""
    task = await team.task()
    path, headers = f"{TASKS}/{task['id']}", {"Idempotency-Key": uuid.uuid4().hex}
    kept = ok(await team.manager.patch(path, {"title": "Another"}, headers=dict(headers)))
    assert kept["assigned_user_name"] == "Ulla Ser"
    ok(await team.user.post(f"{path}/comments", {"comment": "my own words"}))
    ok(await team.manager.post(f"{path}/comments", {"comment": "others' words"}))
    await status(team.user, task, "in_progress")
    asked = await team.admin.post(f"{USERS}/{team.user.id}/erase")
    assert (await receipt(team.admin, asked.headers["location"]))["counts"]["database"]["task_comments"] == 1
    read = ok(await team.manager.get(path))
    assert (read["assigned_user_id"], read["assigned_user_name"], read["assigned_user"]) == (None, None, None)
    assert [each["comment"] for each in read["comments"]] == ["others' words"]
    (change,) = read["status_history"]
    assert (change["to_status"], change["changed_by"], change["changed_by_name"]) == ("in_progress", None, None)
    again = await team.manager.patch(path, {"title": "Another"}, headers=dict(headers))
    assert "idempotent-replayed" not in again.headers
    assert "Ulla Ser" not in again.text
    assert (
        ok(await team.manager.patch(path, {"assigned_user_id": team.other.id}))["assigned_user_id"]
        == team.other.id
    )


async def test_a_name_stays_when_an_account_is_closed(team: Team) -> None:
    """Who was deactivated is still named, and their task can be changed and given to somebody else."""
    task = await team.task()
    path = f"{TASKS}/{task['id']}"
    ok(await team.user.post(f"{path}/comments", {"comment": "as long as I am here"}))
    assert (await team.admin.send("DELETE", f"{USERS}/{team.user.id}")).status_code == 204
    read = ok(await team.manager.get(path))
    assert (read["assigned_user_name"], read["comments"][0]["user_name"]) == ("Ulla Ser", "Ulla Ser")
    body = {"title": "Another", "assigned_user_id": team.user.id}
    assert ok(await team.manager.patch(path, body))["assigned_user_id"] == team.user.id
    assert (
        ok(await team.manager.patch(path, {"assigned_user_id": team.other.id}))["assigned_user_id"]
        == team.other.id
    )

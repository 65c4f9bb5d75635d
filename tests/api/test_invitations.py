"""Invitations: made, listed, sent again, withdrawn, and by whom."""

import uuid
from typing import Any

import pytest

from runtime.settings import Settings
from tests.api.company import AUTH, INVITATIONS, USERS, Company, an_email, at_once
from tests.api.test_password_changes import mails_to
from tests.stack import PASSWORD, Json, Person, ok, problem, until, wrong


async def invite(who: Person, *emails: str, role: str = "user") -> Any:
    """Invite some people."""
    return await who.post(INVITATIONS, {"emails": list(emails), "role": role})


async def statuses(who: Person) -> dict[str, str]:
    """What became of each invitation of the tenant, by id."""
    return {item["id"]: item["status"] for item in ok(await who.get(INVITATIONS))["items"]}


async def test_many_at_once(company: Company) -> None:
    """Fifty people get a link each, in the order given, told this once and never listed."""
    emails = [f" {an_email().upper()}" for _ in range(50)]
    answer = await invite(company.admin, *emails, role="manager")
    assert answer.status_code == 201
    items = answer.json()["items"]
    assert [item["email"] for item in items] == [email.strip().lower() for email in emails]
    assert {item["role"] for item in items} == {"manager"}
    assert len({item["token"] for item in items}) == 50
    assert all(item["link"].endswith(f"/invitation#token={item['token']}") for item in items)
    listed = await company.admin.get(INVITATIONS, params={"limit": "100", "with_total": "true"})
    page = ok(listed)
    assert (len(page["items"]), page["total"]) == (50, 50)
    assert {item["status"] for item in page["items"]} == {"open"}
    assert not any(item["token"] in listed.text for item in items)
    assert not {"token", "link", "token_hash"} & page["items"][0].keys()


async def test_pages(company: Company) -> None:
    """Newest first, each once."""
    made = [(await company.invited())["id"] for _ in range(3)]
    first = ok(await company.admin.get(INVITATIONS, params={"limit": "2"}))
    params = {"limit": "2", "cursor": first["next_cursor"]}
    second = ok(await company.admin.get(INVITATIONS, params=params))
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None
    problem(await company.admin.get(INVITATIONS, params={"cursor": "x"}), 400, "validation_error")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"emails": "required", "role": "required"}),
        ({"emails": [], "role": "user"}, {"emails": "too_short"}),
        ({"emails": [f"{n}@example.org" for n in range(51)], "role": "user"}, {"emails": "too_long"}),
        ({"emails": "a@example.org", "role": "root"}, {"emails": "wrong_type", "role": "not_allowed"}),
        ({"emails": [5, {}], "role": "user"}, {"emails[0]": "wrong_type", "emails[1]": "wrong_type"}),
        ({"emails": ["a@example.org"], "role": "user", "tenant_id": "x"}, {"tenant_id": "unknown_field"}),
        ({"emails": ["x" * 255], "role": "user"}, {"emails[0]": "too_long"}),
    ],
)
async def test_bodies_that_cannot_be(company: Company, body: Json, errors: dict[str, str]) -> None:
    """What is no invitation is 400 with every failing field."""
    assert wrong(await company.admin.post(INVITATIONS, body)) == errors


async def test_each_wrong_email_is_named(company: Company) -> None:
    """Malformed, repeated and taken e-mails fail together, one error each, and nobody is invited."""
    user, waiting = await company.hire("user"), await company.awaits("manager")
    gone = await company.awaits()
    assert (await company.admin.send("DELETE", f"{USERS}/{gone['id']}")).status_code == 204
    fresh = an_email()
    before = await statuses(company.admin)
    emails = [
        fresh,
        "nobody",
        f" {fresh.upper()} ",
        user.email,
        "a@bücher.example",
        "a@XN--BCHER-KVA.example",
        waiting["email"],
        gone["email"],
        company.admin.email,
        "аnn@example.org",
        "\x00@example.org",
    ]
    found = wrong(await invite(company.admin, *emails[:-1]))
    assert found == {
        "emails[1]": "bad_format",
        "emails[2]": "duplicate",
        "emails[3]": "email_taken",
        "emails[5]": "duplicate",
        "emails[6]": "role_differs",
        "emails[7]": "account_inactive",
        "emails[8]": "email_taken",
        "emails[9]": "bad_format",
    }
    assert wrong(await invite(company.admin, *emails[-1:])) == {"emails[0]": "control_character"}
    assert await statuses(company.admin) == before


async def test_who_may_invite(company: Company, person: Person) -> None:
    """Managers invite up to managers, admins up to admins, users nobody, and users see none."""
    manager = await company.hire("manager")
    for role in ("user", "manager"):
        ok(await invite(manager, an_email(), role=role))
    problem(await invite(manager, an_email(), role="admin"), 403, "forbidden")
    ok(await invite(company.admin, an_email(), role="admin"))
    assert len(await statuses(manager)) == 3
    problem(await invite(person, an_email()), 403, "forbidden")
    problem(await person.get(INVITATIONS), 403, "forbidden")
    made = next(iter(await statuses(manager)))
    problem(await person.send("DELETE", f"{INVITATIONS}/{made}"), 403, "forbidden")
    problem(await person.post(f"{INVITATIONS}/{made}/resend"), 403, "forbidden")
    problem(await company.client.get(INVITATIONS), 401, "auth_missing_token")


async def test_no_link_to_more_than_ones_own_role(company: Company) -> None:
    """A manager neither replaces, renews nor withdraws an admin's invitation: a link is the role that it gives."""
    manager = await company.hire("manager")
    invited, waiting = await company.invited("admin"), await company.awaits("admin")
    problem(await invite(manager, invited["email"], role="user"), 403, "forbidden")
    assert wrong(await invite(manager, waiting["email"], role="user")) == {"emails[0]": "role_differs"}
    for one in (invited, waiting["invitation"]):
        problem(await manager.post(f"{INVITATIONS}/{one['id']}/resend"), 403, "forbidden")
        problem(await manager.send("DELETE", f"{INVITATIONS}/{one['id']}"), 403, "forbidden")
        assert ok(await company.register(one))["role"] == "admin"


async def test_other_tenants(company: Company, rival: Company) -> None:
    """Another tenant's invitations are 404 and in no list."""
    theirs = await rival.invited()
    problem(await company.admin.post(f"{INVITATIONS}/{theirs['id']}/resend"), 404, "invitation_not_found")
    problem(await company.admin.send("DELETE", f"{INVITATIONS}/{theirs['id']}"), 404, "invitation_not_found")
    page = ok(await company.admin.get(INVITATIONS, params={"with_total": "true"}))
    assert (page["items"], page["total"]) == ([], 0)
    assert await statuses(rival.admin) == {theirs["id"]: "open"}
    # One e-mail may be invited by two tenants; whose link is used decides.
    ok(await invite(company.admin, theirs["email"]))
    assert ok(await rival.register(theirs))["tenant_id"] == rival.admin.tenant_id


@pytest.mark.parametrize("id", ["x", "1", "null", "%00"])
async def test_ids_that_are_none(company: Company, id: str) -> None:
    """What is no id is 404; so is one that nobody has."""
    problem(await company.admin.send("DELETE", f"{INVITATIONS}/{id}"), 404, "not_found")
    problem(await company.admin.post(f"{INVITATIONS}/{id}/resend"), 404, "not_found")
    nobody = uuid.uuid4()
    problem(await company.admin.send("DELETE", f"{INVITATIONS}/{nobody}"), 404, "invitation_not_found")
    problem(await company.admin.post(f"{INVITATIONS}/{nobody}/resend"), 404, "invitation_not_found")


async def test_inviting_again_replaces(company: Company) -> None:
    """The open invitation gets another token and role; the old link is dead."""
    first = await company.invited("user")
    second = ok(await invite(company.admin, first["email"], role="manager"))["items"][0]
    assert (second["id"], second["token"] == first["token"]) == (first["id"], False)
    problem(await company.register(first), 404, "invitation_not_found")
    assert ok(await company.register(second))["role"] == "manager"


async def test_a_waiting_account_is_invited_again(company: Company) -> None:
    """By its e-mail, also after its invitation was withdrawn: the same account is taken up."""
    made = await company.awaits()
    path = f"{INVITATIONS}/{made['invitation']['id']}"
    assert (await company.admin.send("DELETE", path)).status_code == 204
    problem(await company.register(made["invitation"]), 410, "invitation_revoked")
    again = ok(await invite(company.admin, made["email"]))["items"][0]
    assert ok(await company.register(again))["id"] == made["id"]


async def test_resend(company: Company, admin_sql: Any) -> None:
    """A new link for seven more days, also after the old one expired; the old one is dead."""
    first = await company.invited()
    await admin_sql("UPDATE invitations SET expires_at = now() WHERE id = $1::text::uuid", first["id"])
    assert await statuses(company.admin) == {first["id"]: "expired"}
    problem(await company.register(first), 410, "invitation_expired")
    answer = await company.admin.post(f"{INVITATIONS}/{first['id']}/resend")
    assert answer.status_code == 200
    second = answer.json()
    assert second["expires_at"] > first["expires_at"]
    assert await statuses(company.admin) == {first["id"]: "open"}
    problem(await company.register(first), 404, "invitation_not_found")
    ok(await company.register(second))
    problem(await company.admin.post(f"{INVITATIONS}/{first['id']}/resend"), 409, "invitation_used")


async def test_resend_to_somebody_who_is_there(company: Company, admin_sql: Any) -> None:
    """Who has got an account otherwise is not invited again, and the link that there is stays as it was."""
    made, user = await company.invited(), await company.hire("user")
    await admin_sql("UPDATE users SET email = $1 WHERE id = $2::text::uuid", made["email"], user.id)
    problem(await company.admin.post(f"{INVITATIONS}/{made['id']}/resend"), 409, "email_taken")
    problem(await company.register(made), 409, "email_taken")
    assert await statuses(company.admin) == {made["id"]: "open"}


async def test_made_by_an_admin_meanwhile(company: Company) -> None:
    """An account with a password withdraws the invitation of its e-mail."""
    made = await company.invited()
    body = {"email": made["email"], "role": "user", "password": PASSWORD}
    ok(await company.admin.post(USERS, body))
    problem(await company.admin.post(f"{INVITATIONS}/{made['id']}/resend"), 410, "invitation_revoked")
    problem(await company.register(made), 410, "invitation_revoked")


async def test_withdrawing(company: Company) -> None:
    """A withdrawn link is 410; once more is 204; one that was used is 409."""
    made, used = await company.invited(), await company.invited()
    for _ in range(2):
        answer = await company.admin.send("DELETE", f"{INVITATIONS}/{made['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
    problem(await company.register(made), 410, "invitation_revoked")
    problem(await company.admin.post(f"{INVITATIONS}/{made['id']}/resend"), 410, "invitation_revoked")
    ok(await company.register(used))
    problem(await company.admin.send("DELETE", f"{INVITATIONS}/{used['id']}"), 409, "invitation_used")
    assert await statuses(company.admin) == {made["id"]: "revoked", used["id"]: "accepted"}


async def test_the_same_people_at_once(company: Company) -> None:
    """Two who invite the same people in another order both succeed, and one link of each person works."""
    emails = [an_email() for _ in range(10)]
    answers = await at_once(
        *(invite(company.admin, *order) for order in (emails, emails[::-1], emails[5:] + emails[:5]))
    )
    made = [item for answer in answers for item in ok(answer)["items"]]
    assert len(await statuses(company.admin)) == 10
    for email in emails[:2]:
        tried = [await company.register(item) for item in made if item["email"] == email]
        assert sorted(answer.status_code for answer in tried) == [201, 404, 404]


async def test_without_the_version(company: Company) -> None:
    """The same under the path without a version."""
    made = ok(await company.admin.post("/api/invitations", {"emails": [an_email()], "role": "user"}))["items"][0]
    assert [item["id"] for item in ok(await company.admin.get("/api/invitations"))["items"]] == [made["id"]]
    assert ok(await company.register(made))["email"] == made["email"]
    assert (await company.client.get(f"{AUTH}/me")).status_code == 401


async def test_an_invitation_is_mailed(company: Company, settings: Settings) -> None:
    """The invited person gets the link that the admin was told; a new link brings a new mail."""
    invited = await company.invited()
    (text,) = await until(lambda: mails_to(settings, invited["email"]))
    assert invited["link"] in text
    assert "A company" in text
    waiting = await company.awaits()
    (text,) = await until(lambda: mails_to(settings, waiting["email"]))
    assert waiting["invitation"]["link"] in text
    again = ok(await company.admin.post(f"{INVITATIONS}/{invited['id']}/resend"))
    await until(lambda: len(mails_to(settings, invited["email"])) == 2)
    assert again["link"] in mails_to(settings, invited["email"])[1]

"""The people of a tenant: listed, read, made, changed, deactivated, and who may not."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from api.passwords import Passwords
from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.api.company import AUTH, INVITATIONS, USERS, Company, an_email, at_once
from tests.api.test_events import listening
from tests.api.test_password_changes import forgotten, mails_to
from tests.erasing import receipt
from tests.stack import PASSWORD, RUNS, Person, ok, problem, signed_in, until, wrong

OTHER_PASSWORD = "a quite different sentence"


async def test_a_page_of_people(company: Company) -> None:
    """Newest first, page after page, each once; the total where it is asked for."""
    made = [(await company.awaits())["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = ok(await company.admin.get(USERS, params=params))
        assert "total" not in page
        seen += [user["id"] for user in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [*reversed(made), company.admin.id]
    page = ok(await company.admin.get(USERS, params={"limit": "2", "with_total": "true"}))
    assert (len(page["items"]), page["total"]) == (2, 6)


async def test_filters(company: Company) -> None:
    """By role, by whether they are active, and by a part of e-mail or name, whatever its case; and together."""
    ann = await company.awaits("manager", full_name="Ann Ödegård")
    bob = await company.awaits("user", full_name="Bob 100%_sure\\")
    gone = await company.hire("user", full_name="Gone Girl")
    ok_or_none(await company.admin.send("DELETE", f"{USERS}/{gone.id}"))

    async def ids(**params: str) -> set[str]:
        page = ok(await company.admin.get(USERS, params={**params, "with_total": "true"}))
        assert page["total"] == len(page["items"])
        return {user["id"] for user in page["items"]}

    everybody = {company.admin.id, ann["id"], bob["id"], gone.id}
    assert await ids() == await ids(search="") == everybody
    assert await ids(role="manager") == {ann["id"]}
    assert await ids(role="user", is_active="true") == {bob["id"]}
    assert await ids(is_active="false") == {gone.id}
    assert await ids(search="öDEGÅRD") == {ann["id"]}
    assert await ids(search=bob["email"][:20].upper()) == {bob["id"]}
    assert await ids(search="%") == await ids(search="_") == await ids(search="0%_s") == {bob["id"]}
    assert await ids(search="\\") == {bob["id"]}
    assert await ids(search="a%e") == await ids(search="' OR 1=1 --") == set()
    assert await ids(search="example.org", role="admin") == {company.admin.id}


@pytest.mark.parametrize(
    ("params", "errors"),
    [
        ({"search": "x" * 101}, {"search": "too_long"}),
        ({"search": "a\x00b"}, {"search": "bad_format"}),
        ({"role": "root"}, {"role": "not_allowed"}),
        ({"is_active": "maybe"}, {"is_active": "wrong_type"}),
        ({"limit": "0"}, {"limit": "too_small"}),
        ({"limit": "101"}, {"limit": "too_large"}),
        ({"cursor": "%%%"}, {"cursor": "bad_format"}),
    ],
)
async def test_a_list_that_cannot_be(company: Company, params: dict[str, str], errors: dict[str, str]) -> None:
    """What is no filter is 400, and names the parameter."""
    assert wrong(await company.admin.get(USERS, params=params)) == errors


async def test_managers_read_and_users_do_not(company: Company) -> None:
    """A manager lists and reads the tenant; a user reads themselves and nobody else."""
    manager, user = await company.hire("manager"), await company.hire("user")
    assert len(ok(await manager.get(USERS))["items"]) == 3
    assert ok(await manager.get(f"{USERS}/{user.id}"))["email"] == user.email
    problem(await user.get(USERS), 403, "forbidden")
    assert ok(await user.get(f"{USERS}/{user.id}"))["id"] == user.id
    for somebody in (manager.id, company.admin.id):
        problem(await user.get(f"{USERS}/{somebody}"), 403, "forbidden")
        problem(await user.patch(f"{USERS}/{somebody}", {"full_name": "Mine"}), 403, "forbidden")


async def test_other_tenants_are_not_there(company: Company, rival: Company) -> None:
    """For an admin the people of another tenant are 404, in each way, and none of them is counted or found."""
    theirs = f"{USERS}/{rival.admin.id}"
    admin = company.admin
    problem(await admin.get(theirs), 404, "not_found")
    problem(await admin.patch(theirs, {"role": "user"}), 404, "not_found")
    problem(await admin.send("PUT", theirs, json={"is_active": False}), 404, "not_found")
    problem(await admin.patch(theirs, {"password": OTHER_PASSWORD}), 404, "not_found")
    problem(await admin.send("DELETE", theirs), 404, "not_found")
    page = ok(await admin.get(USERS, params={"search": rival.admin.email, "with_total": "true"}))
    assert (page["items"], page["total"]) == ([], 0)
    assert ok(await rival.admin.get(theirs))["role"] == "admin"
    user = await company.hire("user")
    for nobody in (theirs, f"{USERS}/{uuid.uuid4()}"):
        problem(await user.get(nobody), 404, "not_found")
        problem(await user.patch(nobody, {"full_name": "Mine"}), 404, "not_found")


@pytest.mark.parametrize("id", ["x", "1", "me2", "null", "..%2f..", "%00", "0" * 5000, "' OR 1=1", "½"])
async def test_ids_that_are_none(company: Company, person: Person, id: str) -> None:
    """A path id that is no UUID is 404, whoever asks and however."""
    for who in (company.admin, person):
        for method in ("GET", "DELETE"):
            problem(await who.send(method, f"{USERS}/{id}"), 404, "not_found")
        for method in ("PUT", "PATCH"):
            problem(await who.send(method, f"{USERS}/{id}", json={}), 404, "not_found")


async def test_me_is_not_an_id(company: Company) -> None:
    """`/users/me` stays the signed-in person, in both versions of the path."""
    for path in ("/api/v1/users/me", "/api/users/me"):
        assert "permissions" in ok(await company.admin.get(path))
        assert ok(await company.admin.patch(path, {"full_name": "Me"}))["full_name"] == "Me"
    assert "permissions" not in ok(await company.admin.get(f"/api/users/{company.admin.id}"))


async def test_made_with_a_password(company: Company) -> None:
    """An account with a password is there at once, in the admin's tenant, with the role."""
    body = {"email": f"  {an_email().upper()} ", "full_name": "Ann", "role": "manager", "password": PASSWORD}
    answer = await company.admin.post(USERS, body)
    assert answer.status_code == 201
    made = answer.json()
    assert (made["role"], made["full_name"], made["invitation"]) == ("manager", "Ann", None)
    assert (made["tenant_id"], made["is_active"]) == (company.admin.tenant_id, True)
    assert made["email"] == body["email"].strip().lower()
    assert PASSWORD not in answer.text
    signed = await signed_in(company.client, made["email"])
    assert "read:users" in ok(await signed.get(f"{AUTH}/me"))["permissions"]


async def test_made_without_a_password(company: Company, api: httpx.AsyncClient) -> None:
    """Without a password the account waits: nobody signs in to it until the link was used."""
    made = await company.awaits("manager")
    invitation = made["invitation"]
    assert invitation["link"] == f"http://localhost:3000/invitation#token={invitation['token']}"
    assert len(invitation["token"]) == 43
    refused = await api.post(f"{AUTH}/login", json={"email": made["email"], "password": PASSWORD})
    problem(refused, 401, "invalid_credentials")
    taken = await company.register(invitation)
    assert taken.status_code == 201
    assert (taken.json()["id"], taken.json()["role"]) == (made["id"], "manager")
    assert (await signed_in(api, made["email"])).id == made["id"]


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"email": None, "role": None}, {"email": "required", "role": "required"}),
        ({"email": "nobody"}, {"email": "bad_format"}),
        ({"email": "аnn@example.org"}, {"email": "bad_format"}),
        ({"role": "root"}, {"role": "not_allowed"}),
        ({"role": ["admin"]}, {"role": "not_allowed"}),
        ({"password": "short"}, {"password": "too_short"}),
        ({"password": "x" * 129}, {"password": "too_long"}),
        ({"full_name": "<b>"}, {"full_name": "markup"}),
        (
            {"tenant_id": str(uuid.uuid4()), "is_active": False, "id": "x"},
            {"tenant_id": "unknown_field", "is_active": "unknown_field", "id": "unknown_field"},
        ),
        (
            {"email": "x", "role": 5, "password": "a", "full_name": ""},
            {"email": "too_short", "role": "not_allowed", "password": "too_short", "full_name": "too_short"},
        ),
    ],
)
async def test_who_cannot_be_made(company: Company, fields: dict[str, Any], errors: dict[str, str]) -> None:
    """What a new person may not be is 400 with every failing field, the password's rule included."""
    body = {"email": an_email(), "role": "user", "password": PASSWORD, **fields}
    assert wrong(await company.admin.post(USERS, body)) == errors


async def test_only_admins_make_people(company: Company, person: Person) -> None:
    """A manager and a user are refused before anything is looked at."""
    for who in (await company.hire("manager"), person):
        problem(await who.post(USERS, {"email": an_email(), "role": "user"}), 403, "forbidden")
    problem(await company.client.post(USERS, json={}), 401, "auth_missing_token")


async def test_an_email_is_taken_once(company: Company, rival: Company) -> None:
    """An e-mail of the tenant is 409, whether its account waits or not; so is one that signs in elsewhere."""
    waiting, signed = await company.awaits(), await company.hire("user")
    for email in (waiting["email"], signed.email.upper(), rival.admin.email):
        body = {"email": email, "role": "user", "password": PASSWORD}
        problem(await company.admin.post(USERS, body), 409, "email_taken")


async def test_made_twice_at_once(company: Company) -> None:
    """Of several that make the same person at once, one succeeds."""
    body = {"email": an_email(), "role": "user"}
    answers = await at_once(*(company.admin.post(USERS, body) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
    page = ok(await company.admin.get(INVITATIONS))
    assert [item["email"] for item in page["items"]] == [body["email"]]


async def test_the_same_key_makes_one(company: Company) -> None:
    """The same request again with its key gets the first answer, the link included."""
    body, headers = {"email": an_email(), "role": "user"}, {"Idempotency-Key": uuid.uuid4().hex}
    first = await company.admin.post(USERS, body, headers=dict(headers))
    again = await company.admin.post(USERS, body, headers=dict(headers))
    assert again.headers["idempotent-replayed"] == "true"
    assert ok(first) == ok(again)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_changing_oneself(company: Company, method: str) -> None:
    """Name, e-mail, place and body data are one's own to change; what is left out stays."""
    user = await company.hire("user", full_name="Before")
    new = an_email()
    body = {"email": f" {new.upper()}", "timezone": "Asia/Tokyo", "locale": "es", "age": 40, "sex": "other"}
    body |= {"height_cm": 180, "weight_kg": 80.5, "reminders_enabled": False}
    changed = ok(await user.send(method, f"{USERS}/{user.id}", json=body))
    assert {name: changed[name] for name in body} == {**body, "email": new}
    assert changed["full_name"] == "Before"
    assert (await signed_in(company.client, new)).id == user.id
    problem(
        await company.client.post(f"{AUTH}/login", json={"email": user.email, "password": PASSWORD}),
        401,
        "invalid_credentials",
    )


async def test_an_empty_change(company: Company) -> None:
    """Nothing given changes nothing; neither do nulls."""
    path = f"{USERS}/{company.admin.id}"
    before = ok(await company.admin.get(path))
    assert ok(await company.admin.patch(path, {})) == before
    assert ok(await company.admin.patch(path, {"email": None, "role": None, "is_active": None})) == before


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"email": "x@"}, {"email": "too_short"}),
        ({"email": "nobody"}, {"email": "bad_format"}),
        ({"role": "owner", "is_active": "no"}, {"role": "not_allowed", "is_active": "wrong_type"}),
        ({"password": "short"}, {"password": "too_short"}),
        ({"tenant_id": "x", "issuer": "y"}, {"tenant_id": "unknown_field", "issuer": "unknown_field"}),
        ({"password_hash": "x", "onboarding_completed": True}, {"password_hash", "onboarding_completed"}),
        ({"timezone": "Mars/Olympus"}, {"timezone": "unknown_time_zone"}),
    ],
)
async def test_a_change_that_cannot_be(company: Company, body: dict[str, Any], errors: Any) -> None:
    """What nobody may be is 400 with every failing field, and nothing is kept."""
    path = f"{USERS}/{(await company.awaits())['id']}"
    before = ok(await company.admin.get(path))
    found = wrong(await company.admin.patch(path, body))
    assert found == (dict.fromkeys(errors, "unknown_field") if isinstance(errors, set) else errors)
    assert ok(await company.admin.get(path)) == before


async def test_an_email_that_another_has(company: Company, rival: Company) -> None:
    """An e-mail of the tenant, or one that signs in elsewhere, is 409 for oneself and for an admin."""
    user, waiting = await company.hire("user"), await company.awaits()
    for who in (user, company.admin):
        for email in (company.admin.email.upper(), waiting["email"], rival.admin.email):
            if email.lower() != who.email:
                answer = await who.patch(f"{USERS}/{user.id}", {"email": email, "timezone": "Asia/Tokyo"})
                problem(answer, 409, "email_taken")
    read = ok(await user.get(f"{USERS}/{user.id}"))
    assert (read["email"], read["timezone"]) == (user.email, "UTC")
    assert ok(await user.patch(f"{USERS}/{user.id}", {"email": user.email.upper()}))["email"] == user.email


@pytest.mark.parametrize("role", ["user", "manager", "admin"])
async def test_nobody_changes_their_own_role(company: Company, role: str) -> None:
    """Up or down, with whatever else: 403 `own_role`, and nothing is kept; the same role is no change."""
    who = await company.hire(role)
    path = f"{USERS}/{who.id}"
    for other in {"user", "manager", "admin"} - {role}:
        problem(await who.patch(path, {"role": other, "full_name": "Up"}), 403, "own_role")
    problem(await who.patch(path, {"is_active": False}), 403, "own_role")
    same = ok(await who.patch(path, {"role": role, "is_active": True, "locale": "es"}))
    assert (same["role"], same["is_active"], same["locale"], same["full_name"]) == (role, True, "es", None)


async def test_only_admins_change_others(company: Company) -> None:
    """A manager and a user change nobody else, not even themselves by another's id."""
    manager, user = await company.hire("manager"), await company.hire("user")
    for who, whom in ((manager, user), (user, manager), (manager, company.admin)):
        for body in ({"full_name": "x"}, {"role": "admin"}, {"is_active": False}, {"password": OTHER_PASSWORD}):
            problem(await who.patch(f"{USERS}/{whom.id}", body), 403, "forbidden")
        problem(await who.send("DELETE", f"{USERS}/{whom.id}"), 403, "forbidden")


async def test_ones_own_password_is_changed_elsewhere(company: Company) -> None:
    """A password is set here for others only: one's own needs the one that there is."""
    for who in (company.admin, await company.hire("user")):
        answer = await who.patch(f"{USERS}/{who.id}", {"password": OTHER_PASSWORD})
        assert "/auth/password" in problem(answer, 403, "forbidden")["detail"]


async def test_an_admin_sets_a_password(company: Company) -> None:
    """The new password is the one that counts, and every session of that person has ended."""
    user = await company.hire("user")
    also = await signed_in(company.client, user.email)
    ok(await company.admin.patch(f"{USERS}/{user.id}", {"password": OTHER_PASSWORD}))
    for session in (user, also):
        problem(await session.get(f"{AUTH}/me"), 401, "auth_invalid_token")
    old = {"email": user.email, "password": PASSWORD}
    problem(await company.client.post(f"{AUTH}/login", json=old), 401, "invalid_credentials")
    again = await signed_in(company.client, user.email, OTHER_PASSWORD)
    ok(await again.get(f"{AUTH}/me"))
    ok(await company.admin.get(f"{AUTH}/me"))


async def test_a_promotion_counts_at_once(company: Company) -> None:
    """A new role shows in the permissions of the next request of the same token, up and down; nothing ends."""
    user = await company.hire("user")
    path = f"{USERS}/{user.id}"
    problem(await user.get(USERS), 403, "forbidden")
    assert ok(await company.admin.patch(path, {"role": "manager"}))["role"] == "manager"
    ok(await user.get(USERS))
    ok(await company.admin.patch(path, {"role": "admin"}))
    ok(await user.get("/api/v1/tenant"))
    ok(await company.admin.patch(path, {"role": "user"}))
    problem(await user.get(USERS), 403, "forbidden")


async def test_the_run_follows_the_person(company: Company) -> None:
    """Time zone and language reach the open run, whether the person or an admin changes them."""
    user = await company.hire("user")
    await user.start()
    for who, zone in ((user, "Asia/Tokyo"), (company.admin, "Europe/Kyiv")):
        ok(await who.patch(f"{USERS}/{user.id}", {"timezone": zone, "reminders_enabled": False}))

        async def moved(zone: str = zone) -> bool:
            return ok(await user.get(f"{RUNS}/state"))["timezone"] == zone

        await until(moved)


async def test_a_deactivated_person_is_out(company: Company) -> None:
    """One request later the token is refused, so is the password; the name stays, and they can come back."""
    user = await company.hire("user", full_name="Ann")
    path = f"{USERS}/{user.id}"
    answer = await company.admin.send("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(await user.get(f"{AUTH}/me"), 403, "account_inactive")
    problem(await user.get(f"{RUNS}/events"), 403, "account_inactive")
    body = {"email": user.email, "password": PASSWORD}
    problem(await company.client.post(f"{AUTH}/login", json=body), 403, "account_inactive")
    assert (await company.admin.send("DELETE", path)).status_code == 204
    read = ok(await company.admin.get(path))
    assert (read["full_name"], read["is_active"]) == ("Ann", False)
    ok(await company.admin.patch(path, {"is_active": True}))
    problem(await user.get(f"{AUTH}/me"), 401, "auth_invalid_token")
    ok(await (await signed_in(company.client, user.email)).get(f"{AUTH}/me"))


@pytest.mark.parametrize("how", ["DELETE", "PATCH"])
async def test_an_open_stream_ends(company: Company, server: str, how: str) -> None:
    """The stream of whoever is deactivated ends at once, long before its next heartbeat."""
    user = await company.hire("user")
    await user.start()
    async with listening(server, user) as stream:
        await stream.next()
        body = {"json": {"is_active": False}} if how == "PATCH" else {}
        ok_or_none(await company.admin.send(how, f"{USERS}/{user.id}", **body))
        assert await stream.next() is None


async def test_nobody_deactivates_themselves(company: Company) -> None:
    """The last admin is 409 `last_admin`, another one 403; a waiting admin does not count as another."""
    path = f"{USERS}/{company.admin.id}"
    await company.awaits("admin")
    problem(await company.admin.send("DELETE", path), 409, "last_admin")
    problem(await company.admin.patch(path, {"is_active": False}), 409, "last_admin")
    problem(await company.admin.patch(path, {"role": "user"}), 403, "own_role")
    second = await company.hire("admin")
    problem(await company.admin.send("DELETE", path), 403, "forbidden")
    ok_or_none(await second.send("DELETE", path))
    problem(await second.send("DELETE", f"{USERS}/{second.id}"), 409, "last_admin")


@pytest.mark.parametrize("body", [{"is_active": False}, {"role": "user"}, None])
async def test_two_admins_remove_each_other(company: Company, body: Any) -> None:
    """At once, exactly one of them succeeds: the tenant keeps an admin."""
    for _ in range(5):
        second = await company.hire("admin")

        def removes(who: Person, whom: Person) -> Any:
            if body is None:
                return who.send("DELETE", f"{USERS}/{whom.id}")
            return who.patch(f"{USERS}/{whom.id}", body)

        answers = await at_once(removes(company.admin, second), removes(second, company.admin))
        done = [answer.is_success for answer in answers]
        assert sorted(done) == [False, True], [answer.text for answer in answers]
        refused = answers[done.index(False)]
        # The loser was told so by the database, or came too late to be an admin at all.
        assert refused.json()["code"] in {"last_admin", "account_inactive", "forbidden"}
        company = Company(client=company.client, admin=(company.admin, second)[done.index(True)])
        active = ok(await company.admin.get(USERS, params={"role": "admin", "is_active": "true"}))
        assert [user["id"] for user in active["items"]] == [company.admin.id]


async def test_a_waiting_account_changes(company: Company) -> None:
    """Another role, e-mail or password withdraws its invitation: a link leads where it led when it was made."""
    for change in ({"role": "admin"}, {"email": an_email()}, {"password": OTHER_PASSWORD}):
        made = await company.awaits()
        ok(await company.admin.patch(f"{USERS}/{made['id']}", change))
        problem(await company.register(made["invitation"]), 410, "invitation_revoked")
    made = await company.awaits("user")
    ok(await company.admin.patch(f"{USERS}/{made['id']}", {"role": "manager"}))
    body = {"emails": [made["email"]], "role": "manager"}
    (again,) = ok(await company.admin.post(INVITATIONS, body))["items"]
    assert ok(await company.register(again))["role"] == "manager"


async def test_a_manager_gains_nothing_from_a_waiting_account(company: Company) -> None:
    """A link that a manager holds is dead once the account is to be an admin's."""
    manager, made = await company.hire("manager"), await company.awaits("user")
    body = {"emails": [made["email"]], "role": "user"}
    (theirs,) = ok(await manager.post(INVITATIONS, body))["items"]
    ok(await company.admin.patch(f"{USERS}/{made['id']}", {"role": "admin"}))
    problem(await company.register(theirs), 410, "invitation_revoked")
    problem(await manager.post(f"{INVITATIONS}/{theirs['id']}/resend"), 410, "invitation_revoked")


async def test_invitations_of_who_may_no_longer_invite(company: Company) -> None:
    """Deactivated, demoted or erased: what they invited to above what is left of them is withdrawn."""
    for change in ({"is_active": False}, {"role": "manager"}, None, "erase"):
        boss = await company.hire("admin")
        emails = [an_email(), an_email()]
        admin, user = [
            ok(await boss.post(INVITATIONS, {"emails": [email], "role": role}))["items"][0]
            for email, role in zip(emails, ("admin", "user"), strict=True)
        ]
        if change == "erase":
            asked = await company.admin.post(f"{USERS}/{boss.id}/erase")
            await receipt(company.admin, asked.headers["location"])
        elif change is None:
            ok_or_none(await company.admin.send("DELETE", f"{USERS}/{boss.id}"))
        else:
            ok(await company.admin.patch(f"{USERS}/{boss.id}", change))
        problem(await company.register(admin), 410, "invitation_revoked")
        if change == {"role": "manager"}:
            ok(await company.register(user))
        else:
            problem(await company.register(user), 410, "invitation_revoked")


async def test_an_address_that_was_given_away(company: Company) -> None:
    """Nobody takes the address that somebody else was invited with; whoever was invited still can come."""
    person, invited = await company.hire("user"), await company.invited("manager")
    answer = await person.patch(f"{USERS}/{person.id}", {"email": invited["email"]})
    problem(answer, 409, "email_taken")
    ok(await company.register(invited))


async def let_in(stack: EmbeddedStack, person: Person) -> None:
    """Wait until a request of theirs, the first one, has been counted at the entrance."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    counted = "SELECT count(*) FROM rate_counters WHERE bucket = $1"

    async def is_in() -> bool:
        return await admin.fetchval(counted, f"user/{person.id}") == 1

    await until(is_in)
    await admin.close()


@pytest.mark.parametrize("meanwhile", ["deactivated", "demoted", "signed out", "erased"])
async def test_what_a_slow_request_may_still_do(
    company: Company, server: str, stack: EmbeddedStack, meanwhile: str
) -> None:
    """A request whose body comes late does nothing that its caller may no longer do when it has come."""
    boss = await company.hire("admin")
    made = an_email()
    body = json.dumps({"email": made, "role": "admin", "password": PASSWORD}).encode()
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:1]
        await gate.wait()
        yield body[1:]

    headers = {"Authorization": f"Bearer {boss.token}", "Content-Type": "application/json"}
    async with httpx.AsyncClient(base_url=server, timeout=30) as client:
        sending = asyncio.create_task(client.post(USERS, content=slowly(), headers=headers))
        await let_in(stack, boss)
        match meanwhile:
            case "deactivated":
                ok(await company.admin.patch(f"{USERS}/{boss.id}", {"is_active": False}))
            case "demoted":
                ok(await company.admin.patch(f"{USERS}/{boss.id}", {"role": "manager"}))
            case "signed out":
                assert (await boss.post(f"{AUTH}/logout")).status_code == 204
            case _:
                asked = await company.admin.post(f"{USERS}/{boss.id}/erase")
                await receipt(company.admin, asked.headers["location"])
        gate.set()
        answer = await sending
    status, code = {"deactivated": (403, "account_inactive"), "demoted": (403, "forbidden")}.get(
        meanwhile, (401, "auth_invalid_token")
    )
    problem(answer, status, code)
    login = {"email": made, "password": PASSWORD}
    problem(await company.client.post(f"{AUTH}/login", json=login), 401, "invalid_credentials")


async def test_an_account_of_another_issuer(company: Company, admin_sql: Any) -> None:
    """Whoever signs in elsewhere is given no password here."""
    made = await company.awaits()
    query = "UPDATE users SET issuer = 'https://issuer.example', subject = $2::text WHERE id = $1::text::uuid"
    await admin_sql(query, made["id"], made["id"])
    answer = await company.admin.patch(f"{USERS}/{made['id']}", {"password": OTHER_PASSWORD})
    assert wrong(answer) == {"password": "not_allowed"}


async def test_bodies_of_any_kind(company: Company) -> None:
    """Huge, nested and malformed bodies are refused as problems."""
    path = f"{USERS}/{company.admin.id}"
    for body in ([], "x", 5, {"a" * 5000: 1}):
        problem(await company.admin.patch(path, body), 400, "validation_error")
        problem(await company.admin.post(USERS, body), 400, "validation_error")
    headers = {"Content-Type": "application/json"}
    for content, status, code in (
        (b"{", 400, "malformed_json"),
        (b"[" * 100_000, 400, "malformed_json"),
        (b'{"full_name": "' + b"x" * 1_000_001 + b'"}', 413, "payload_too_large"),
    ):
        answer = await company.admin.send("PATCH", path, content=content, headers=dict(headers))
        problem(answer, status, code)
    many = {f"f{index}": index for index in range(1000)}
    answer = await company.admin.patch(path, many)
    assert len(problem(answer, 400, "validation_error")["errors"]) == 200


def ok_or_none(answer: httpx.Response) -> None:
    """An answer that is a success, with a body or without."""
    assert answer.is_success, f"{answer.status_code}: {answer.text}"


async def test_a_new_password_closes_the_ways_to_another(company: Company, settings: Settings) -> None:
    """A reset link from before is worth nothing once an admin gave a password, or the e-mail is another one."""
    for change in ({"password": "a stapler for the battery"}, {"email": an_email()}):
        person = await company.hire("user")
        token = await forgotten(person, settings)
        ok(await company.admin.patch(f"{USERS}/{person.id}", change))
        body = {"token": token, "new_password": "quite another battery"}
        problem(await person.client.post(f"{AUTH}/password/reset", json=body), 400, "reset_token_invalid")


async def test_a_password_that_changes_while_it_is_looked_at(
    company: Company, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login with the old password that ends after an admin gave a new one begins no session."""
    person = await company.hire("user")
    verify = Passwords.verify

    async def slowly(self: Passwords, password: str, encoded: str | None) -> bool:
        right = await verify(self, password, encoded)
        change = company.admin.patch(f"{USERS}/{person.id}", {"password": "a stapler for the battery"})
        ok(await asyncio.create_task(change))  # a request of its own
        return right

    monkeypatch.setattr(Passwords, "verify", slowly)
    body = {"email": person.email, "password": PASSWORD}
    problem(await person.client.post(f"{AUTH}/login", json=body), 401, "invalid_credentials")


async def test_the_old_address_is_told(company: Company, settings: Settings) -> None:
    """Whoever loses the e-mail of their account hears of it there, whoever changed it."""
    person = await company.hire("user")
    for doer, email in ((person, an_email()), (company.admin, an_email())):
        before = ok(await person.get(f"{AUTH}/me"))["email"]
        ok(await doer.patch(f"{USERS}/{person.id}", {"email": email, "full_name": "Ada"}))
        await until(lambda: mails_to(settings, before))  # noqa: B023 - at once
        assert "another e-mail address" in mails_to(settings, before)[0]
        assert mails_to(settings, email) == []


async def test_a_slow_request_may_be_tried_again(server: str, stack: EmbeddedStack, person: Person) -> None:
    """Who was signed out in the middle of a request signs in and sends it again under its key, and it is done."""
    gate = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await gate.wait()
        yield b"}"

    headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
    async with httpx.AsyncClient(base_url=server, timeout=30) as client:
        mine = {**headers, "Authorization": f"Bearer {person.token}"}
        sending = asyncio.create_task(client.post(f"{RUNS}/start", content=slowly(), headers=mine))
        await let_in(stack, person)
        assert (await person.post(f"{AUTH}/logout")).status_code == 204
        gate.set()
        problem(await sending, 401, "auth_invalid_token")
        back = await signed_in(client, person.email)
        again = await back.send("POST", f"{RUNS}/start", content=b"{}", headers=dict(headers))
    assert again.status_code == 201
    assert "idempotent-replayed" not in again.headers


async def test_an_email_is_not_changed_all_the_time(company: Company) -> None:
    """Each change has an address told that may be anybody's: five an hour of one's own; the same again is none."""
    person = await company.hire("user")
    for _ in range(5):
        email = an_email()
        for _ in range(2):
            ok(await person.patch(f"{USERS}/{person.id}", {"email": email}))
    refused = await person.patch(f"{USERS}/{person.id}", {"email": an_email()})
    problem(refused, 429, "rate_limited")
    assert int(refused.headers["retry-after"]) > 3500
    ok(await person.patch(f"{USERS}/{person.id}", {"full_name": "Ada"}))
    ok(await company.admin.patch(f"{USERS}/{person.id}", {"email": an_email()}))

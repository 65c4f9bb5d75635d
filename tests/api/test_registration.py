"""Registering with an invitation, and which addresses are one."""

import uuid
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from db import users
from db.pool import Database
from db.tenant import operator
from onboarding.access import Role
from runtime.settings import Settings
from tests.api.company import AUTH, INVITATIONS, USERS, Company, an_email, at_once
from tests.stack import PASSWORD, application, ok, problem, sign_up, signed_in, wrong


@pytest.mark.parametrize("role", ["user", "manager", "admin"])
async def test_an_invited_person(company: Company, role: str) -> None:
    """They get an account in the inviting tenant, with the role of the invitation."""
    made = await company.invited(role)
    answer = await company.register(made, email=f" {made['email'].upper()}", full_name="Ann", age=30)
    assert answer.status_code == 201
    user = answer.json()
    assert (user["tenant_id"], user["role"], user["full_name"]) == (company.admin.tenant_id, role, "Ann")
    assert made["token"] not in answer.text
    listed = ok(await company.admin.get(INVITATIONS))["items"][0]
    assert (listed["status"], listed["user_id"]) == ("accepted", user["id"])
    assert (await signed_in(company.client, made["email"])).id == user["id"]


async def test_a_waiting_account_keeps_what_was_said(company: Company) -> None:
    """What the admin wrote stays unless the person says otherwise."""
    made = await company.awaits("user", full_name="Ann")
    taken = ok(await company.register(made["invitation"], timezone="Asia/Tokyo", locale="es"))
    assert (taken["id"], taken["full_name"]) == (made["id"], "Ann")
    assert (taken["timezone"], taken["locale"]) == ("Asia/Tokyo", "es")
    other = await company.awaits("user", full_name="Ann")
    assert ok(await company.register(other["invitation"], full_name="Anna"))["full_name"] == "Anna"


async def test_another_email(company: Company) -> None:
    """The link works for the invited address only, and is not used up by another."""
    for made in (await company.invited("admin"), (await company.awaits("admin"))["invitation"]):
        problem(await company.register(made, email=an_email()), 403, "invitation_other_email")
        ok(await company.register(made))


async def test_used_twice(company: Company) -> None:
    """The second time is 409, with any address."""
    for made in (await company.invited(), (await company.awaits())["invitation"]):
        ok(await company.register(made))
        problem(await company.register(made), 409, "invitation_used")
        problem(await company.register(made, email=an_email()), 409, "invitation_used")


async def test_used_twice_at_once(company: Company) -> None:
    """Of several registrations with one invitation exactly one succeeds."""
    for made in (await company.invited("manager"), (await company.awaits("manager"))["invitation"]):
        answers = await at_once(*(company.register(made, full_name=f"No {n}") for n in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5
        assert {answer.json()["code"] for answer in answers if not answer.is_success} == {"invitation_used"}
        page = ok(await company.admin.get(USERS, params={"search": made["email"], "with_total": "true"}))
        assert page["total"] == 1


async def test_withdrawn_while_it_is_used(company: Company) -> None:
    """Withdrawing and registering at once: one of them is told that it came too late."""
    for _ in range(5):
        made = await company.invited()
        registered, withdrawn = await at_once(
            company.register(made), company.admin.send("DELETE", f"{INVITATIONS}/{made['id']}")
        )
        assert (registered.status_code, withdrawn.status_code) in {(201, 409), (410, 204)}


@pytest.mark.parametrize("change", [{"role": "manager"}, {"email": None}, {"password": PASSWORD}])
async def test_changed_while_it_is_taken_up(company: Company, change: dict[str, Any]) -> None:
    """An admin's change of a waiting account and its registration at once: each is done, or told why not."""
    for _ in range(10):
        made = await company.awaits()
        body = {"email": an_email()} if "email" in change else change
        registered, changed = await at_once(
            company.register(made["invitation"]), company.admin.patch(f"{USERS}/{made['id']}", body)
        )
        assert registered.status_code in {201, 410}, registered.text
        after = ok(changed)
        assert {name: after[name] for name in body.keys() & after.keys()} == {
            name: value for name, value in body.items() if name in after
        }


async def test_made_while_it_is_taken_up(company: Company) -> None:
    """An admin who makes the account of an invited e-mail while it registers: one of the two makes it."""
    for password in ({}, {"password": PASSWORD}) * 5:
        invited = await company.invited()
        body = {"email": invited["email"], "role": "user", **password}
        registered, made = await at_once(company.register(invited), company.admin.post(USERS, body))
        assert sorted((registered.is_success, made.is_success)) == [False, True]
        assert {registered.status_code, made.status_code} <= {201, 404, 409, 410}


@pytest.mark.parametrize(
    "token",
    ["", "x", "a" * 43, "a" * 200, "' OR 1=1 --", "\x00", "ünï", "../..", "0c8f9a52-6d0b-4c53-9d5e-5f0c1d2e3a4b"],
)
async def test_a_token_that_is_none(api: httpx.AsyncClient, token: str) -> None:
    """What is no invitation is 404, and no account is made."""
    body = {"email": an_email(), "password": PASSWORD, "invitation": token}
    problem(await api.post(f"{AUTH}/register", json=body), 404, "invitation_not_found")
    login = {"email": body["email"], "password": PASSWORD}
    problem(await api.post(f"{AUTH}/login", json=login), 401, "invalid_credentials")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"invitation": 5, "password": "x"}, {"invitation": "wrong_type", "password": "too_short"}),
        ({"invitation": "a" * 201, "role": "admin"}, {"invitation": "too_long", "role": "unknown_field"}),
    ],
)
async def test_bodies_that_cannot_be(company: Company, fields: dict[str, Any], errors: dict[str, str]) -> None:
    """An invitation does not relax what a registration must be, and stays unused."""
    made = await company.invited()
    assert wrong(await company.register(made, **fields)) == errors
    ok(await company.register(made))


async def test_expired(company: Company, admin_sql: Any) -> None:
    """After its time it is 410, a waiting account's too; a null is no invitation at all."""
    for made in (await company.invited(), (await company.awaits())["invitation"]):
        await admin_sql("UPDATE invitations SET expires_at = now() WHERE id = $1::text::uuid", made["id"])
        problem(await company.register(made), 410, "invitation_expired")
    outside = ok(await company.register(await company.invited(), invitation=None))
    assert outside["tenant_id"] != company.admin.tenant_id


async def test_a_waiting_account_that_is_inactive(company: Company) -> None:
    """Who was deactivated before they came is refused; once active again, the link works."""
    made = await company.awaits()
    assert (await company.admin.send("DELETE", f"{USERS}/{made['id']}")).status_code == 204
    problem(await company.register(made["invitation"]), 403, "account_inactive")
    ok(await company.admin.patch(f"{USERS}/{made['id']}", {"is_active": True}))
    ok(await company.register(made["invitation"]))


async def test_an_account_elsewhere(company: Company, rival: Company) -> None:
    """Who signs in to another tenant with this address is told so, and the invitation stays open."""
    answer = await company.admin.post(INVITATIONS, {"emails": [rival.admin.email], "role": "user"})
    made = ok(answer)["items"][0]
    problem(await company.register(made), 409, "email_taken")
    body = {"email": rival.admin.email, "role": "user"}
    waiting = ok(await company.admin.post(USERS, body))
    problem(await company.register(waiting["invitation"]), 409, "email_taken")
    assert ok(await company.admin.get(INVITATIONS))["items"][0]["status"] == "open"


async def test_a_waiting_address_is_not_registered_without_its_link(company: Company) -> None:
    """A plain registration never touches an account that waits in another tenant."""
    made = await company.awaits("admin")
    body = {"email": made["email"], "password": PASSWORD}
    plain = ok(await company.client.post(f"{AUTH}/register", json=body))
    assert (plain["role"], plain["id"] == made["id"]) == ("user", False)
    assert plain["tenant_id"] != company.admin.tenant_id


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("{}@BÜCHER.example", "{}@xn--bcher-kva.example"),
        ("{}@xn--bcher-kva.example", "{}@xn--bcher-kva.example"),
        ("{}@ｅxample.org", "{}@example.org"),
        ("{}@example。org", "{}@example.org"),
        ("  {}@Example.ORG\t", "{}@example.org"),
    ],
)
async def test_one_address_however_it_is_written(api: httpx.AsyncClient, written: str, kept: str) -> None:
    """A domain has one form, so an address has one account, and signs in however it is written."""
    name = uuid.uuid4().hex
    body = {"email": written.format(name), "password": PASSWORD}
    assert ok(await api.post(f"{AUTH}/register", json=body))["email"] == kept.format(name)
    problem(await api.post(f"{AUTH}/register", json={**body, "email": kept.format(name)}), 409, "email_taken")
    for spelt in (written, kept):
        login = {"email": spelt.format(name), "password": PASSWORD}
        ok(await api.post(f"{AUTH}/login", json=login))


@pytest.mark.parametrize(
    "email",
    [
        "аdmin@example.org",
        "admіn@example.org",
        "ⓐdmin@example.org",
        "ad\u200bmin@example.org",
        "ADMİN@example.org",
    ],
)
async def test_addresses_that_only_look_alike(api: httpx.AsyncClient, email: str) -> None:
    """In front of the @ only ASCII passes."""
    body = {"email": email, "password": PASSWORD}
    assert wrong(await api.post(f"{AUTH}/register", json=body)) == {"email": "bad_format"}


@pytest.mark.parametrize("local", ["=?utf-8?q?ceo?=", "=?x?q?a=40evil.org=2C?=", "=?utf-8?q??=", "x" * 65])
async def test_what_mail_programs_read_otherwise(company: Company, local: str) -> None:
    """An encoded word is no address, nor is one that is longer than mail servers take."""
    body = {"email": f"{local}@example.org", "password": PASSWORD}
    assert wrong(await company.client.post(f"{AUTH}/register", json=body)) == {"email": "bad_format"}


async def test_registering_without_the_token(settings: Settings, app_database: Database) -> None:
    """Who was invited and registers without the token is a plain user, and the invitation is theirs and closed."""
    async with application(replace(settings, default_tenant=uuid.uuid4().hex)) as client:
        boss = await sign_up(client)
        async with app_database.transaction(operator(boss.tenant_id)) as connection:
            await users.change(connection, boss.id, role=Role.ADMIN)
        email = an_email()
        (invited,) = ok(await boss.post(INVITATIONS, {"emails": [email], "role": "manager"}))["items"]
        user = ok(await client.post(f"{AUTH}/register", json={"email": email, "password": PASSWORD}))
        assert user["role"] == "user"
        listed = ok(await boss.get(INVITATIONS))["items"]
        assert [(each["status"], each["user_id"]) for each in listed] == [("revoked", user["id"])]
        body = {"email": email, "password": PASSWORD, "invitation": invited["token"]}
        problem(await client.post(f"{AUTH}/register", json=body), 410, "invitation_revoked")

"""New passwords, for who knows the old one and for who forgot it."""

import asyncio
import email
import time
import uuid
from email.policy import default
from typing import Any

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from api.passwords import Passwords
from api.strength import weaknesses
from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.api.test_refresh import exchange, sign_in
from tests.stack import PASSWORD, Person, application, ok, problem, sign_up, until, wrong

AUTH = "/api/v1/auth"
NEW = "a stapler for the battery"


async def change(person: Person, current: str, new: str = NEW) -> httpx.Response:
    """Change the password."""
    return await person.post(f"{AUTH}/password", {"current_password": current, "new_password": new})


async def login(person: Person, password: str) -> httpx.Response:
    """Sign in."""
    return await person.client.post(f"{AUTH}/login", json={"email": person.email, "password": password})


def mails_to(settings: Settings, address: str) -> list[str]:
    """The texts of the mails that went out to an address."""
    assert settings.mail_folder
    found: list[str] = []
    for file in sorted(settings.mail_folder.glob("*.eml")):
        message: Any = email.message_from_bytes(file.read_bytes(), policy=default)
        if message["To"] == address:
            found.append(message.get_content())
    return found


async def forgotten(person: Person, settings: Settings) -> str:
    """Ask for a new password; gives the token of the newest mail."""
    before = len(mails_to(settings, person.email))
    answer = await person.client.post(f"{AUTH}/password/forgot", json={"email": person.email})
    assert answer.status_code == 202
    await until(lambda: len(mails_to(settings, person.email)) > before)
    return mails_to(settings, person.email)[-1].partition("#token=")[2].split()[0]


async def reset(client: httpx.AsyncClient, token: str, new: str = NEW) -> httpx.Response:
    """Choose a new password with a token."""
    return await client.post(f"{AUTH}/password/reset", json={"token": token, "new_password": new})


async def none_is_kept(stack: EmbeddedStack, person: Person) -> None:
    """Wait until the database has no mail to them: one leaves it just after it has gone out."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))

    async def none_is_left() -> bool:
        return await admin.fetchval("SELECT count(*) FROM mails WHERE user_id = $1", person.id) == 0

    await until(none_is_left)
    await admin.close()


async def test_change(person: Person) -> None:
    """The new password works and the old does not; other sessions end, this one goes on."""
    second = await sign_in(person)
    answer = await change(person, PASSWORD)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(await replace(person, token=second["access_token"]).get(f"{AUTH}/me"), 401, "auth_invalid_token")
    problem(await exchange(person.client, second["refresh_token"]), 401, "auth_invalid_token")
    ok(await person.get(f"{AUTH}/me"))
    ok(await exchange(person.client, person.refresh_token))
    problem(await login(person, PASSWORD), 401, "invalid_credentials")
    ok(await login(person, NEW))


async def test_a_wrong_current_password(person: Person) -> None:
    """It is 400, not 401: nobody has signed out. Five are too many, whatever the e-mail; logins go on."""
    for _ in range(5):
        problem(await change(person, "not that one"), 400, "wrong_password")
    problem(await change(person, PASSWORD), 429, "sign_in_locked")
    ok(await person.patch(f"/api/v1/users/{person.id}", {"email": f"{uuid.uuid4().hex}@example.org"}))
    problem(await change(person, PASSWORD), 429, "sign_in_locked")
    email = ok(await person.get(f"{AUTH}/me"))["email"]
    ok(await login(replace(person, email=email), PASSWORD))


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"current_password": "required", "new_password": "required"}),
        ({"current_password": "x", "new_password": "short"}, {"new_password": "too_short"}),
        ({"current_password": "x", "new_password": "x" * 129}, {"new_password": "too_long"}),
        ({"current_password": "x", "new_password": "password123"}, {"new_password": "too_weak"}),
        (
            {"current_password": 1, "new_password": 2},
            {"current_password": "wrong_type", "new_password": "wrong_type"},
        ),
    ],
)
async def test_bodies_that_are_none(person: Person, body: Any, errors: dict[str, str]) -> None:
    """Each failing field is named, and no password is looked at."""
    assert wrong(await person.post(f"{AUTH}/password", body)) == errors


async def test_forgot_and_reset(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """The mail's token gives a new password, once; every session ends, and a door that was shut is open again."""
    for _ in range(5):
        await login(person, "wrong")
    problem(await login(person, PASSWORD), 429, "sign_in_locked")
    token = await forgotten(person, settings)
    assert (await reset(person.client, token)).status_code == 204
    problem(await reset(person.client, token), 400, "reset_token_invalid")
    problem(await person.get(f"{AUTH}/me"), 401, "auth_invalid_token")
    problem(await login(person, PASSWORD), 401, "invalid_credentials")
    ok(await login(person, NEW))
    await none_is_kept(stack, person)


async def test_a_reset_closes_the_other_ways(person: Person, settings: Settings) -> None:
    """Of two mails, the second's token is worth nothing once the first's was used."""
    first, second = await forgotten(person, settings), await forgotten(person, settings)
    assert first != second
    assert (await reset(person.client, second)).status_code == 204
    problem(await reset(person.client, first), 400, "reset_token_invalid")


async def test_two_resets_at_once(person: Person, settings: Settings) -> None:
    """Of ten uses of one token at once, one succeeds, and its password is the one that works."""
    token = await forgotten(person, settings)
    passwords = [f"{NEW} {n}" for n in range(10)]
    answers = await asyncio.gather(*(reset(person.client, token, password) for password in passwords))
    (winner,) = [n for n, answer in enumerate(answers) if answer.status_code == 204]
    assert sorted(answer.status_code for answer in answers) == [204] + [400] * 9
    ok(await login(person, passwords[winner]))


async def test_a_token_expires(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """After an hour the link is 410."""
    token = await forgotten(person, settings)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute(
        "UPDATE password_resets SET expires_at = expires_at - interval '61 minutes' WHERE user_id = $1", person.id
    )
    await admin.close()
    problem(await reset(person.client, token), 410, "reset_token_expired")
    ok(await login(person, PASSWORD))


async def test_the_token_is_not_stored(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """The database holds a hash of it only."""
    token = await forgotten(person, settings)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    rows = await admin.fetch("SELECT token_hash FROM password_resets WHERE user_id = $1", person.id)
    await admin.close()
    assert len(rows) == 1
    assert token.encode() not in rows[0]["token_hash"]


async def test_whoever_asks_gets_the_same_answer(person: Person, settings: Settings) -> None:
    """Known, unknown, malformed: 202 with the same body; an unknown address gets no mail."""
    unknown = f"{uuid.uuid4().hex}@example.org"
    answers = [
        await person.client.post(f"{AUTH}/password/forgot", json={"email": address})
        for address in (person.email, f" {person.email.upper()}", unknown, "no address")
    ]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    await until(lambda: len(mails_to(settings, person.email)) == 2)
    assert mails_to(settings, unknown) == []


async def test_no_mailbox_is_filled(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """Of many requests within an hour, five bring a mail."""
    for _ in range(8):
        await person.client.post(f"{AUTH}/password/forgot", json={"email": person.email})
    await until(lambda: len(mails_to(settings, person.email)) == 5)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    assert await admin.fetchval("SELECT count(*) FROM password_resets WHERE user_id = $1", person.id) == 5
    await admin.close()
    await none_is_kept(stack, person)


async def test_in_their_language(api: httpx.AsyncClient, settings: Settings) -> None:
    """A person who speaks Spanish gets a Spanish mail."""
    person = await sign_up(api, locale="es")
    await forgotten(person, settings)
    assert "contraseña" in mails_to(settings, person.email)[0]


async def test_an_inactive_account_gets_no_way(person: Person, settings: Settings, stack: EmbeddedStack) -> None:
    """A deactivated person gets no mail, and a token from before does not work."""
    token = await forgotten(person, settings)
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", person.id)
    await admin.close()
    problem(await reset(person.client, token), 400, "reset_token_invalid")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"token": "required", "new_password": "required"}),
        ({"token": "x" * 201, "new_password": "short"}, {"token": "too_long", "new_password": "too_short"}),
        ({"token": "", "new_password": NEW}, {"token": "too_short"}),
    ],
)
async def test_resets_that_are_none(api: httpx.AsyncClient, body: Any, errors: dict[str, str]) -> None:
    """Each failing field is named."""
    assert wrong(await api.post(f"{AUTH}/password/reset", json=body)) == errors


async def test_garbage_for_a_token(api: httpx.AsyncClient) -> None:
    """A token that was never given out is 400."""
    for token in ("x", "ÿ" * 50, "\u0000"):
        problem(await reset(api, token), 400, "reset_token_invalid")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("kZ7#qp2w", None),
        ("seven77", "too_short"),
        ("password", "too_weak"),
        ("aaaaaaaaaaaa", "too_weak"),
        ("ñandú-über-größe", None),
        ("密码密码不容易猜到的", None),
        ("Zq9$kV2m" * 16, None),
        ("Zq9$kV2m" * 16 + "x", "too_long"),
        ("🦜🦜🦜🦜🦜🦜🦜🦜", "too_weak"),
    ],
)
async def test_which_passwords_may_be_chosen(api: httpx.AsyncClient, password: str, code: str | None) -> None:
    """Eight to 128 characters of any script that are not easily guessed; what is chosen signs in."""
    body = {"email": f"{uuid.uuid4().hex}@example.org", "password": password}
    answer = await api.post(f"{AUTH}/register", json=body)
    if code:
        assert wrong(answer) == {"password": code}
        return
    ok(answer)
    ok(await api.post(f"{AUTH}/login", json=body))


async def test_an_e_mail_is_no_password(api: httpx.AsyncClient) -> None:
    """What is known of a person is guessed first."""
    body = {"email": "wilhelmina@example.org", "full_name": "Wilhelmina", "password": "wilhelmina"}
    assert wrong(await api.post(f"{AUTH}/register", json=body)) == {"password": "too_weak"}


async def test_a_password_in_other_bytes(api: httpx.AsyncClient) -> None:
    """A password that another keyboard composes otherwise is the same one."""
    body = {"email": f"{uuid.uuid4().hex}@example.org", "password": "un caf\u00e9 tr\u00e8s noir"}
    ok(await api.post(f"{AUTH}/register", json=body))
    ok(await api.post(f"{AUTH}/login", json={**body, "password": "un cafe\u0301 tre\u0300s noir"}))


async def test_a_developer_may_be_lazy(settings: Settings) -> None:
    """With the settings of `gangway dev`, six easy characters are enough."""
    async with application(replace(settings, password_min_length=6, password_min_score=0)) as client:
        body = {"email": f"{uuid.uuid4().hex}@example.org", "password": "test123"}
        ok(await client.post(f"{AUTH}/register", json=body))
        ok(await client.post(f"{AUTH}/login", json=body))


async def test_temporal_is_away(settings: Settings, person: Person) -> None:
    """While Temporal is away the answer is the same, and the mail waits in the database."""
    from cli.embedded.ports import free_ports

    lonely = replace(settings, temporal_address=f"127.0.0.1:{free_ports(1)[0]}", update_timeout_seconds=0.5)
    async with application(lonely) as client:
        answer = await client.post(f"{AUTH}/password/forgot", json={"email": person.email})
    assert answer.status_code == 202


async def test_a_password_that_somebody_else_gave_meanwhile(
    person: Person, settings: Settings, stack: EmbeddedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that was under way does not undo a new password that came in between."""
    hashing = Passwords.hash

    async def slowly(self: Passwords, password: str) -> str:
        hashed = await hashing(self, password)
        admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
        await admin.execute(
            "UPDATE users SET password_hash = $2 WHERE id = $1", person.id, await hashing(self, NEW)
        )
        await admin.close()
        return hashed

    monkeypatch.setattr(Passwords, "hash", slowly)
    problem(await change(person, PASSWORD, "yet another long sentence"), 400, "wrong_password")
    ok(await login(person, NEW))


def test_no_password_takes_long_to_estimate(settings: Settings) -> None:
    """What has a sign for each letter is estimated as quickly as anything else."""
    signs = "4@8({[<3691!|70$5+%2" * 3
    for password in (
        signs,
        signs[::-1],
        "4@8({[3691!0$5+%2" * 3,
        "48(6917052%2" * 4,
        "1234567890" * 12,
        "a" * 128,
    ):
        began = time.thread_time()
        list(weaknesses(settings, "password", password, signs))
        assert time.thread_time() - began < 0.25


@pytest.mark.parametrize(
    "told",
    ["alice.smith@example.org", "mary+jane@kzx.de", "4@8({[<3691!|70$5+%@x.de", "Ann! $mith (x)", "Wilhelmina"],
)
def test_what_is_known_is_no_password(settings: Settings, told: str) -> None:
    """One's own e-mail or name is guessed first, whatever signs are in it."""
    assert [error.code for error in weaknesses(settings, "password", told.ljust(8, "x"), told.ljust(8, "x"))] == [
        "too_weak"
    ]

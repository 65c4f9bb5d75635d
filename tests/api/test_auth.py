"""Registering, signing in, tokens."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import jwt
import pytest

from cli.embedded import EmbeddedStack
from runtime.settings import Settings
from tests.stack import PASSWORD, Person, ok, problem, wrong

AUTH = "/api/v1/auth"


def new(**fields: Any) -> dict[str, Any]:
    """What a new person sends."""
    return {"email": f"{uuid.uuid4().hex}@example.org", "password": PASSWORD, **fields}


async def test_register(api: httpx.AsyncClient) -> None:
    """A new account is 201, shows what was given, and never the password."""
    body = new(
        full_name=" Ada ", timezone="Europe/Kyiv", locale="es", age=13, sex="other", height_cm=250, weight_kg=30
    )
    answer = await api.post(f"{AUTH}/register", json=body)
    assert answer.status_code == 201
    user = answer.json()
    assert user["full_name"] == "Ada"
    assert {name: user[name] for name in ("timezone", "locale", "age", "sex", "height_cm", "weight_kg")} == {
        name: body[name] for name in ("timezone", "locale", "age", "sex", "height_cm", "weight_kg")
    }
    assert (user["role"], user["onboarding_completed"], user["is_active"]) == ("user", False, True)
    assert PASSWORD not in answer.text
    assert "hash" not in answer.text


async def test_an_address_has_one_account(api: httpx.AsyncClient) -> None:
    """The same address again, however it is written, is 409 `email_taken`."""
    body = new()
    ok(await api.post(f"{AUTH}/register", json=body))
    again = {**body, "email": f" {body['email'].upper()} "}
    problem(await api.post(f"{AUTH}/register", json=again), 409, "email_taken")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"email": None}, {"email": "required"}),
        ({"email": "nobody"}, {"email": "bad_format"}),
        ({"email": "a@b@c.org"}, {"email": "bad_format"}),
        ({"email": "a" * 250 + "@example.org"}, {"email": "too_long"}),
        ({"email": 5}, {"email": "wrong_type"}),
        ({"password": "short"}, {"password": "too_short"}),
        ({"password": "x" * 129}, {"password": "too_long"}),
        ({"password": None}, {"password": "required"}),
        ({"age": 12}, {"age": "too_small"}),
        ({"age": 101}, {"age": "too_large"}),
        ({"age": "30"}, {"age": "wrong_type"}),
        ({"sex": "unknown"}, {"sex": "not_allowed"}),
        ({"height_cm": 99.9}, {"height_cm": "too_small"}),
        ({"height_cm": 250.1}, {"height_cm": "too_large"}),
        ({"weight_kg": 29}, {"weight_kg": "too_small"}),
        ({"weight_kg": 301}, {"weight_kg": "too_large"}),
        ({"full_name": "<b>Ada</b>"}, {"full_name": "markup"}),
        ({"full_name": "x" * 201}, {"full_name": "too_long"}),
        ({"locale": "de"}, {"locale": "not_allowed"}),
        ({"role": "admin"}, {"role": "unknown_field"}),
        ({"tenant_id": "x", "is_active": True}, {"tenant_id": "unknown_field", "is_active": "unknown_field"}),
    ],
)
async def test_register_refuses(api: httpx.AsyncClient, fields: dict[str, Any], errors: dict[str, str]) -> None:
    """What a new person may not be is 400 with every failing field."""
    assert wrong(await api.post(f"{AUTH}/register", json=new(**fields))) == errors


async def test_register_names_every_failing_field_once(api: httpx.AsyncClient) -> None:
    """An address that is none, a short password, what is out of bounds and what is unknown: all in one answer."""
    body = {
        "email": "not an address",
        "password": "ab",
        "age": 5,
        "timezone": "x" * 70,
        "role": "admin",
        "full_name": "<b>",
    }
    answer = await api.post(f"{AUTH}/register", json=body)
    assert wrong(answer) == {
        "email": "bad_format",
        "password": "too_short",
        "age": "too_small",
        "timezone": "too_long",
        "role": "unknown_field",
        "full_name": "markup",
    }
    assert len(answer.json()["errors"]) == len(body)


async def test_how_long_a_password_must_be(api: httpx.AsyncClient) -> None:
    """A short password is told the bound that the settings have."""
    answer = await api.post(f"{AUTH}/register", json=new(password="seven77"))
    assert problem(answer, 400, "validation_error")["errors"] == [
        {"field": "password", "code": "too_short", "detail": "must have at least 8 characters"}
    ]


@pytest.mark.parametrize("body", [{"password": 5}, {"password": None}, {}, [], "x", 5, {"password": ["ab"]}])
async def test_register_with_anything(api: httpx.AsyncClient, body: Any) -> None:
    """A body of any shape is refused, not crashed on."""
    problem(await api.post(f"{AUTH}/register", json=body), 400, "validation_error")


async def test_a_change_names_every_failing_field_once(person: Person) -> None:
    """So does a change of oneself."""
    body = {"timezone": "x" * 70, "age": 5, "locale": "de", "email": "a", "reminders_enabled": "no"}
    answer = await person.patch("/api/v1/users/me", body)
    assert wrong(answer) == {
        "timezone": "too_long",
        "age": "too_small",
        "locale": "not_allowed",
        "email": "unknown_field",
        "reminders_enabled": "wrong_type",
    }
    assert len(answer.json()["errors"]) == len(body)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/localtime"])
async def test_register_refuses_what_is_no_time_zone(api: httpx.AsyncClient, zone: str) -> None:
    """Only IANA names are time zones; paths are none."""
    assert wrong(await api.post(f"{AUTH}/register", json=new(timezone=zone))).keys() == {"timezone"}


async def test_login_in_json_and_as_a_form(api: httpx.AsyncClient) -> None:
    """Both ways to sign in give a token that opens `/auth/me`."""
    body = new()
    user = ok(await api.post(f"{AUTH}/register", json=body))
    json = await api.post(f"{AUTH}/login", json={"email": body["email"].upper(), "password": PASSWORD})
    fields = {
        "grant_type": "password",
        "username": body["email"],
        "password": PASSWORD,
        "scope": "",
        "client_id": "",
    }
    form = await api.post(f"{AUTH}/login", data=fields)
    for answer in (json, form):
        signed = ok(answer)
        assert answer.status_code == 200
        assert (signed["token_type"], signed["expires_in"], signed["user"]) == ("bearer", 1800, user)
        headers = {"Authorization": f"Bearer {signed['access_token']}"}
        assert ok(await api.get(f"{AUTH}/me", headers=headers))["id"] == user["id"]


async def test_wrong_credentials_say_no_more(api: httpx.AsyncClient, person: Person) -> None:
    """A wrong password and an unknown address get the same answer."""
    wrong_password = await api.post(f"{AUTH}/login", json={"email": person.email, "password": "something else"})
    nobody = await api.post(f"{AUTH}/login", json={"email": "nobody@example.org", "password": PASSWORD})
    first, second = (problem(answer, 401, "invalid_credentials") for answer in (wrong_password, nobody))
    assert first["detail"] == second["detail"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"email": "required", "password": "required"}),
        ({"password": "x"}, {"email": "required"}),
        ({"email": 1, "password": 2}, {"email": "wrong_type", "password": "wrong_type"}),
        ({"email": "a@example.org", "password": "x", "grant_type": "code"}, {"grant_type": "not_allowed"}),
        ({"email": "a@example.org", "password": "x", "otp": "1"}, {"otp": "unknown_field"}),
    ],
)
async def test_login_refuses(api: httpx.AsyncClient, body: dict[str, Any], errors: dict[str, str]) -> None:
    """A sign-in that lacks something is 400, not 401."""
    assert wrong(await api.post(f"{AUTH}/login", json=body)) == errors


@pytest.mark.parametrize("said", ["true", "false"])
async def test_a_form_says_true_in_words(api: httpx.AsyncClient, person: Person, said: str) -> None:
    """All values of a form are texts: its `true` and `false` are what JSON has without quotes."""
    fields = {"username": person.email, "password": PASSWORD, "remember_me": said}
    ok(await api.post(f"{AUTH}/login", data=fields))
    assert wrong(await api.post(f"{AUTH}/login", json=fields)) == {"remember_me": "wrong_type"}


@pytest.mark.parametrize("said", ["", "True", "1", "yes", "on"])
async def test_a_form_that_says_something_else(api: httpx.AsyncClient, person: Person, said: str) -> None:
    """Any other text is not what is asked for; and a password may be called `true`."""
    fields = {"username": person.email, "password": PASSWORD, "remember_me": said}
    assert wrong(await api.post(f"{AUTH}/login", data=fields)) == {"remember_me": "wrong_type"}
    fields = {"username": person.email, "password": "true"}
    problem(await api.post(f"{AUTH}/login", data=fields), 401, "invalid_credentials")


async def test_only_the_login_takes_forms(api: httpx.AsyncClient) -> None:
    """Other routes refuse a form with 415."""
    problem(await api.post(f"{AUTH}/register", data=new()), 415, "unsupported_media_type")


async def test_an_inactive_account_is_shut_out_at_once(
    api: httpx.AsyncClient, person: Person, stack: EmbeddedStack
) -> None:
    """Deactivating takes effect with the next request, token or not: 403."""
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute("UPDATE users SET is_active = false WHERE id = $1", person.id)
    await admin.close()
    problem(await person.get(f"{AUTH}/me"), 403, "account_inactive")
    body = {"email": person.email, "password": PASSWORD}
    problem(await api.post(f"{AUTH}/login", json=body), 403, "account_inactive")


def forged(
    person: Person, settings: Settings, *, key: str | None = None, alg: str = "HS256", **claims: Any
) -> str:
    """A token of theirs with some claims changed; a claim that is None is left out."""
    now = datetime.now(UTC)
    mine = {**jwt.decode(person.token, options={"verify_signature": False}), "iat": now}
    mine |= {"exp": now + timedelta(minutes=5), **claims}
    kept = {name: value for name, value in mine.items() if value is not None}
    return jwt.encode(kept, key if key is not None else settings.jwt_secret, alg)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "elsewhere"},
        {"sub": None},
        {"tid": None},
        {"exp": None},
        {"jti": None},
        {"sid": None},
        {"sid": "not-a-uuid"},
        {"sid": str(uuid.uuid4())},
        {"sub": str(uuid.uuid4())},
        {"sub": "not-a-uuid"},
        {"tid": "not-a-uuid"},
        {"tid": str(uuid.uuid4())},
        {"key": "another secret of at least 32 characters"},
        {"key": "", "alg": "none"},
        {"alg": "HS384", "key": "k" * 64},
        {"iat": datetime.now(UTC) + timedelta(days=1)},
        {"nbf": datetime.now(UTC) + timedelta(days=1)},
    ],
)
async def test_tokens_that_are_not_ours(person: Person, settings: Settings, claims: dict[str, Any]) -> None:
    """Forged, incomplete and foreign tokens are 401 with the challenge of the standard."""
    token = forged(person, settings, **claims)
    answer = await person.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {token}"})
    problem(answer, 401, "auth_invalid_token")
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_an_expired_token(person: Person, settings: Settings) -> None:
    """An expired token has its own code."""
    past = datetime.now(UTC) - timedelta(minutes=10)
    token = forged(person, settings, iat=past, exp=past + timedelta(minutes=5))
    problem(
        await person.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {token}"}), 401, "auth_expired_token"
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "token"])
async def test_no_token(api: httpx.AsyncClient, header: str) -> None:
    """Without a bearer token it is 401 `auth_missing_token`."""
    answer = await api.get(f"{AUTH}/me", headers={"Authorization": header} if header else {})
    problem(answer, 401, "auth_missing_token")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["x", "a.b.c", "ÿÿÿ", "." * 500])
async def test_garbage_for_a_token(api: httpx.AsyncClient, token: str) -> None:
    """What is no token at all is 401, whatever its bytes."""
    headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
    problem(await api.get(f"{AUTH}/me", headers=headers), 401, "auth_invalid_token")


async def test_the_role_is_read_afresh(person: Person, stack: EmbeddedStack) -> None:
    """A promotion shows with the next request of the same token."""
    assert "read:runs" not in ok(await person.get(f"{AUTH}/me"))["permissions"]
    admin = await asyncpg.connect(stack.postgres.url("gangway_admin"))
    await admin.execute("UPDATE users SET role = 'manager' WHERE id = $1", person.id)
    await admin.close()
    me = ok(await person.get(f"{AUTH}/me"))
    assert me["role"] == "manager"
    assert "read:runs" in me["permissions"]

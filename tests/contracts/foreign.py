"""Two tenants, one of which asks for everything of the other, wherever the document lets it name something."""

import base64
import re
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, cast

import asyncpg
import httpx
from msgspec import Struct

from api.passwords import Passwords
from db.pool import Connection, Database
from onboarding.access import Role
from runtime.settings import Settings
from tests.db.full import Full, fill, marks, state, tenant_tables
from tests.db.given import Person as Somebody
from tests.stack import PASSWORD, Json, Person, ok

A_TEXT = f"not {PASSWORD}"
"""Where any text will do; a good password, and nobody's."""

ONE_OF_SEVERAL: dict[str, dict[str, Any]] = {
    "POST /api/v1/capture/sessions/{capture_id}/barcodes": {"barcode": A_TEXT},
    "POST /api/v1/connections/{connection_id}/order-imports": {"domains": ["shop.example"]},
}
"""By operation, a field of those of which one must be there, or one in which not any text will do."""

SENT: ContextVar[list[str] | None] = ContextVar("SENT", default=None)
"""The statements of the request that is being counted; see `counted`."""


def counted(connection: type[Connection]) -> Any:
    """`Connection._reported`, which each statement passes, and which counts it for the request that sends it."""
    reported = connection._reported

    def count(self: Connection, answer: Any) -> Any:
        sent = SENT.get()
        if sent is not None:
            sent.append("")
        return reported(self, answer)

    return count


class Foreign(Struct, kw_only=True):
    """Tenant A, full of rows, with somebody who is signed in and has a run; tenant B, with one of each role."""

    admin: asyncpg.Connection
    client: httpx.AsyncClient
    full: Full
    ada: Person
    run_id: str
    ours: dict[Role, Person]
    forbidden: set[str]
    tables: list[str]
    told: set[str]

    @property
    def ids(self) -> dict[str, str]:
        """One id of each kind, by the name that a parameter has; the real ones where there is a workflow to it."""
        session = base64.urlsafe_b64decode(self.ada.refresh_token)[32:48]
        return {
            **self.full.ids,
            "user_id": self.ada.id,
            "run_id": self.run_id,
            "session_id": str(uuid.UUID(bytes=session)),
        }

    async def unchanged(self) -> dict[str, str]:
        """What all rows of A amount to."""
        return await state(self.admin, self.full.person.tenant_id, self.tables)

    async def ask(self, role: Role, method: str, path: str, **options: Any) -> "Answer":
        """Send something as somebody of B; whom this signs out signs in again."""
        # How often somebody failed before must not be what makes the difference.
        await self.admin.execute("DELETE FROM sign_in_failures")
        for _ in range(2):
            sent: list[str] = []
            token = SENT.set(sent)
            try:
                answer = await self.ours[role].send(method, path, **{"headers": {}, **options})
            finally:
                SENT.reset(token)
            if answer.status_code != 401:
                break
            self.ours[role] = await signed_in(self.client, self.ours[role].email)
        return Answer(status=answer.status_code, text=answer.text, body=_json(answer), statements=len(sent))

    def leaked(self, answer: "Answer", *sent: str) -> list[str]:
        """What of A's is in an answer, apart from what was sent to it."""
        mine = self.told.union(sent)
        return sorted(mark for mark in self.forbidden - mine if mark in answer.text)


class Answer(Struct, frozen=True, kw_only=True):
    """What came back, and how many statements it took."""

    status: int
    text: str
    body: Json
    statements: int

    def looks(self, *sent: str) -> Any:
        """What it tells, whatever was asked for: problems word for word, other bodies by their shape."""
        if self.status < 400:
            return self.status, shape(self.body), self.statements
        known = {name: self.body.get(name) for name in ("code", "title", "detail", "errors", "retryable")}
        text = repr(known)
        for value in sent:
            text = text.replace(value, "<sent>")
        return self.status, text, self.statements


def shape(body: Json) -> Any:
    """The names and types in a body."""
    if isinstance(body, dict):
        return {name: shape(value) for name, value in cast(dict[str, Any], body).items()}
    return type(body).__name__


def _json(answer: httpx.Response) -> Json:
    return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text


async def two_tenants(
    admin: asyncpg.Connection, database: Database, client: httpx.AsyncClient, settings: Settings
) -> Foreign:
    """Make both."""
    theirs, ours = [await _tenant(admin) for _ in range(2)]
    ada = await _hired(admin, client, settings, theirs, Role.ADMIN)
    canary = f"canary{uuid.uuid4().hex}"
    await ada.start()
    state_of_run = {"equipment": [canary], "injuries": [canary], "limitations": [canary]}
    for step in (1, 2):
        ok(await ada.save(step))
    ok(await ada.save(3, state_of_run, headers={"Idempotency-Key": canary}))
    ok(await ada.patch("/api/v1/users/me", {"full_name": canary}))
    bob = await _user(admin, theirs, Role.USER, None)
    somebody = Somebody(tenant_id=theirs, user_id=bob[0], email=bob[1])
    full = await fill(admin, database, somebody)
    people = {role: await _hired(admin, client, settings, ours, role) for role in Role}
    await people[Role.USER].saved_until(2)
    found = set[str]().union(*(await marks(admin, full)).values())
    return Foreign(
        admin=admin,
        client=client,
        full=full,
        ada=ada,
        run_id=await admin.fetchval("SELECT id::text FROM onboarding_sessions WHERE user_id = $1", ada.id),
        ours=people,
        forbidden=found | {canary, full.canary, ada.email, ada.refresh_token},
        tables=await tenant_tables(admin),
        told=set(),
    )


async def _tenant(admin: asyncpg.Connection) -> str:
    query = "INSERT INTO tenants (external_id, name) VALUES ($1, 'A company') RETURNING id::text"
    return await admin.fetchval(query, uuid.uuid4().hex)


async def _user(admin: asyncpg.Connection, tenant_id: str, role: Role, hashed: str | None) -> tuple[str, str]:
    email = f"{uuid.uuid4().hex}@example.org"
    query = "INSERT INTO users (tenant_id, email, role, password_hash) VALUES ($1, $2, $3, $4) RETURNING id::text"
    return await admin.fetchval(query, tenant_id, email, role.value, hashed), email


async def _hired(
    admin: asyncpg.Connection, client: httpx.AsyncClient, settings: Settings, tenant_id: str, role: Role
) -> Person:
    passwords = Passwords(settings)
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    _, email = await _user(admin, tenant_id, role, hashed)
    return await signed_in(client, email)


async def signed_in(client: httpx.AsyncClient, email: str) -> Person:
    """Whoever has this e-mail, in a new session."""
    signed = ok(await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD}))
    return Person(
        client=client,
        id=signed["user"]["id"],
        tenant_id=signed["user"]["tenant_id"],
        email=email,
        token=signed["access_token"],
        refresh_token=signed["refresh_token"],
    )


class Operation(Struct, frozen=True, kw_only=True):
    """An operation of the document."""

    method: str
    path: str
    spec: dict[str, Any]
    is_open: bool
    schemas: dict[str, Any]

    @property
    def name(self) -> str:
        """As it is told."""
        return f"{self.method} {self.path}"

    def parameters(self, where: str) -> list[str]:
        """The names of all that is in the path, or of the texts in the query."""
        return [
            each["name"]
            for each in self.spec.get("parameters", [])
            if each["in"] == where and (where == "path" or _is_text(each["schema"]))
        ]

    def body(self) -> dict[str, Any] | None:
        """A body with the fields that must be there; None when it takes none."""
        schema = self._body_schema()
        return None if schema is None else {**self._example("", schema), **ONE_OF_SEVERAL.get(self.name, {})}

    def headers(self) -> dict[str, str]:
        """What must be said of what was seen: anything will do."""
        named = {each["name"] for each in self.spec.get("parameters", []) if each["in"] == "header"}
        return {"If-Match": "*"} if "If-Match" in named else {}

    def body_fields(self) -> list[str]:
        """The fields of the body into which a text can be put."""
        fields = (self._body_schema() or {}).get("properties", {})
        return [name for name, schema in fields.items() if self._takes_text(schema)]

    def put(self, name: str, value: str) -> dict[str, Any]:
        """A body with this text in one field, as it is or in a list."""
        body, schema = self.body() or {}, (self._body_schema() or {})["properties"][name]
        kinds = {each.get("type") for each in _choices(schema)}
        return {**body, name: [value] if "array" in kinds else {"id": value} if "object" in kinds else value}

    def _body_schema(self) -> dict[str, Any] | None:
        content = self.spec.get("requestBody", {}).get("content", {}).get("application/json")
        return self._resolved(content["schema"]) if content else None

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        for each in _choices(schema):
            if "$ref" in each:
                return self.schemas[each["$ref"].rpartition("/")[2]]
        return schema

    def _takes_text(self, schema: dict[str, Any]) -> bool:
        return any(
            _is_text(each)
            or each.get("type") == "object"
            or (each.get("type") == "array" and _is_text(each["items"]))
            for each in _choices(schema)
        )

    def _example(self, name: str, schema: dict[str, Any]) -> Any:
        schema = self._resolved(schema)
        schema = next((each for each in _choices(schema) if each.get("type") != "null"), schema)
        match schema:
            case {"enum": [first, *_]} | {"const": first}:
                return first
            case {"type": "object"}:
                fields = schema.get("properties", {})
                return {each: self._example(each, fields[each]) for each in schema.get("required", [])}
            case {"type": "array"}:
                return [self._example(name, schema["items"]) for _ in range(schema.get("minItems", 0))]
            case {"type": "integer" | "number"}:
                return schema.get("minimum", 1)
            case {"type": "boolean"}:
                return False
            case {"format": "uuid"}:
                return str(uuid.uuid4())
            case _:
                return f"{uuid.uuid4().hex}@example.org" if name.startswith("email") else A_TEXT


def _choices(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return schema.get("oneOf") or schema.get("anyOf") or [schema]


def _is_text(schema: dict[str, Any]) -> bool:
    return any(each.get("type") == "string" and "enum" not in each for each in _choices(schema))


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """All of them."""
    for path, item in document["paths"].items():
        for method, spec in item.items():
            yield Operation(
                method=method.upper(),
                path=path,
                spec=spec,
                is_open=spec.get("security", document["security"]) == [],
                schemas=document["components"]["schemas"],
            )


def filled(path: str, values: dict[str, str]) -> str:
    """A path with its parameters."""
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


def cursor_of(value: str) -> str:
    """A place in a list."""
    return base64.urlsafe_b64encode(value.encode()).decode()

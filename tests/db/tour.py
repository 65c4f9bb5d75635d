"""A walk through every query of `db`: each function is called by everybody, and what it sends is written down."""

import inspect
import pkgutil
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from importlib import import_module
from typing import Any

import asyncpg
from msgspec import Struct
from msgspec.structs import replace

import db
from db.pool import Connection, Database
from db.profiles import Profile
from db.tenant import Context, opening
from onboarding.access import Role
from onboarding.chat import ChatAnswer, Memory
from onboarding.connections import Account, Counts
from onboarding.imports import Preview, Shape
from onboarding.items import Offer, Source
from onboarding.lookups import Limits, Product
from onboarding.orders import Batch, Line, Order
from onboarding.scrapes import wanted
from onboarding.scraping import Extracted, Reason
from tests.db.full import Full
from tests.db.given import Person, founding, started

APART = {"ddl", "listen", "migrate", "piccolo_conf", "pool", "tables", "tenant"}
"""Modules that ask nothing of a tenant's tables."""

OFFERS = [Offer(source=Source.CSV, ref="x", name="x", sku="1", supplier="x", quantity=Decimal(2))]
PREVIEW = Preview(shape=Shape(encoding="utf-8", delimiter=","), columns=("name",), suggested={}, sample=(), rows=1)
LATER = datetime.now(UTC) + timedelta(days=2)


class Query(Struct, frozen=True, kw_only=True):
    """A function of `db`, by `module.name` or `module.Class.name`."""

    name: str
    call: Callable[..., Any]

    @property
    def module(self) -> str:
        """The topic."""
        return self.name.partition(".")[0]


class Statement(Struct, frozen=True, kw_only=True):
    """What a query sent, as whom and with what."""

    query: str
    context: Context | None
    sql: str
    arguments: tuple[Any, ...]


class Given(Struct, frozen=True, kw_only=True):
    """What somebody, `own`, gives to functions: all ids are of `of`, the tenant's may be another's."""

    own: Full
    of: Full
    tenant_id: str

    @property
    def mixed(self) -> bool:
        """Whether it is one tenant and the things of another."""
        return self.tenant_id != self.of.person.tenant_id

    @property
    def person(self) -> Person:
        """Whose ids these are."""
        return Person(tenant_id=self.tenant_id, user_id=self.of.person.user_id, email=self.of.person.email)


def queries(database: Database) -> Iterator[Query]:
    """Every public function that takes a connection or a database, and those of classes made with a database."""
    for module in pkgutil.iter_modules(db.__path__):
        if module.name in APART or module.ispkg:
            continue
        topic = import_module(f"db.{module.name}")
        for name, member in vars(topic).items():
            if name.startswith("_") or getattr(member, "__module__", None) != topic.__name__:
                continue
            if inspect.isclass(member) and _takes(member.__init__, Database):
                for method, call in inspect.getmembers(member(database), inspect.ismethod):
                    if not method.startswith("_"):
                        yield Query(name=f"{module.name}.{name}.{method}", call=call)
            elif inspect.isfunction(member) and (_takes(member, Connection) or _takes(member, Database)):
                for chosen in EACH.get(f"{module.name}.{name}", _once)():
                    yield Query(name=f"{module.name}.{name}", call=partial(member, **chosen))


def _once() -> list[dict[str, Any]]:
    return [{}]


def _takes(call: Any, kind: type) -> bool:
    return kind in getattr(getattr(call, "func", call), "__annotations__", {}).values()


def arguments(query: Query, given: Given) -> tuple[list[Any], dict[str, Any]]:
    """Something for each parameter that must be given, by its name.

    Raises:
        AssertionError: there is nothing known by that name.
    """
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(query.call).parameters.items():
        if parameter.annotation in (Connection, Database) or parameter.kind is parameter.VAR_KEYWORD:
            continue
        value = SPECIAL.get(f"{query.name} {name}") or KNOWN.get(name)
        if value is None and parameter.default is not parameter.empty:
            continue
        assert value is not None, (
            f"db.{query.name} takes {name!r}, for which the tour has nothing: its isolation is not proved. "
            f"Add a line to KNOWN, or to SPECIAL where the name means something else there ({__file__})."
        )
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = value(given)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            positional.extend(value(given))
        else:
            positional.append(value(given))
    return positional, named


def _an_id(name: str) -> Callable[[Given], str]:
    return lambda given: given.of.ids[name]


def _a_secret(name: str) -> Callable[[Given], Any]:
    return lambda given: given.of.secrets[name]


def _always(value: Any) -> Callable[[Given], Any]:
    return lambda given: value


def _new(kind: Callable[[uuid.UUID], Any]) -> Callable[[Given], Any]:
    return lambda given: kind(uuid.uuid4())


def _user(given: Given) -> str:
    return given.person.user_id


def _made(module: str, name: str, **fields: Any) -> Callable[[Given], Any]:
    """A Struct of a topic, which need not be there."""
    return lambda given: getattr(import_module(f"db.{module}"), name)(**fields)


def _profile(given: Given) -> Any:
    return Profile(
        id=given.of.ids["profile_id"],
        user_id=given.person.user_id,
        flow="fitness",
        flow_version=1,
        answers={},
        version=1,
        locked=True,
        run_id=given.of.ids["run_id"],
        completed_at=LATER,
        created_at=LATER,
        updated_at=LATER,
    )


def _changes(given: Given) -> list[Any]:
    """The open run a step further: an id that is there, with an event that is not."""
    change = started(given.person)
    run = replace(change.run, id=given.of.ids["run_id"], seq=50, flow="fitness")
    events = tuple(replace(event, seq=50) for event in change.events)
    return [replace(change, run=run, events=events)]


def _founding(given: Given) -> Any:
    """An organization of a run that has none yet."""
    return founding(given.person, given.of.secrets["company_run_id"])


def _rewrapped(given: Given) -> list[Any]:
    key = f"{given.of.canary}-data_keys"
    rewrapped: Any = import_module("db.data_keys").Rewrapped
    return [rewrapped(id=given.of.ids["data_key_id"], old_key_id=key, key_id=key, wrapped=b"x")]


def _orders(given: Given) -> Batch:
    """One that is there, with another line, and one that is new."""
    there = Order(external_id=f"{given.of.canary}-orders", lines=(Line(ref="2", name="x"),))
    return Batch(orders=(there, Order(external_id=str(uuid.uuid4()))), gone=(str(uuid.uuid4()),), cursor={"x": 1})


def _turn(given: Given) -> Any:
    turn: Any = import_module("db.chat").Turn
    return turn(
        id=given.of.ids["turn_id"],
        conversation="general",
        run_id=None,
        message_id="x",
        streamed=True,
        status="running",
        memory=Memory(),
        answer=None,
        created_at=LATER,
    )


def _account(given: Given) -> Any:
    account: Any = import_module("db.aws_accounts").AwsAccount
    return account(
        id=given.of.ids["account_id"],
        tenant_id=given.tenant_id,
        account_id="123456789012",
        account_name="x",
        region="eu-central-1",
        role_arn=None,
        external_id="x",
        access_key_id=None,
        is_active=True,
        status="untested",
        status_detail=None,
        last_tested_at=None,
        created_at=LATER,
        updated_at=given.of.secrets["updated_at"],
    )


def _arrived(given: Given) -> Any:
    arrived: Any = import_module("db.events").Arrived
    return arrived(
        id=given.of.ids["event_id"],
        source="aws.x",
        detail_type="x",
        detail={},
        severity_level=1,
        published_at=LATER,
    )


def _event(given: Given) -> Any:
    event: Any = import_module("db.events").Event
    return event(
        **dict.fromkeys(("account", "region", "acknowledged_at", "acknowledged_by", "notes", "deleted_at")),
        id=str(uuid.uuid4()),
        source=f"{given.of.canary}-events",
        detail_type="x",
        detail={},
        severity="low",
        severity_level=1,
        resources=[f"{given.of.canary}-resource"],
        run_id=given.of.ids["run_id"],
        published_at=LATER,
        created_at=LATER,
    )


def _events_that(given: Given) -> Any:
    """Of a kind of the tenant's, and one after the other by a word of theirs."""
    kind: Any = import_module("db.event_lists").Filter
    return kind(source=f"{given.of.canary}-events", detail_type="x", search=given.of.canary)


def _some_tasks(given: Given) -> Any:
    which: Any = import_module("db.tasks").Filter
    return which(
        own=_user(given),
        statuses=("open", "closed"),
        priorities=("low",),
        assigned_user_id=_user(given),
        event_id=given.of.ids["event_id"],
        since=LATER - timedelta(days=9),
        until=LATER,
        due_before=LATER,
    )


def _some_items(given: Given) -> Any:
    """Of all kinds that the one is of."""
    which: Any = import_module("db.item_lists").Filter
    return which(
        statuses=("pending", "approved"),
        sources=(Source.CSV,),
        needs_attention=False,
        search=f"{given.of.canary}-items",
    )


def _hour(given: Given) -> Any:
    hour: Any = import_module("db.alerts").FullHour
    recipient = f"{given.of.canary}-alerts@example.org"
    return hour(given.tenant_id, "email", recipient, datetime.now(UTC) - timedelta(minutes=30))


def _runs_of(given: Given) -> Any:
    """Runs by everything that they are looked for by."""
    which: Any = import_module("db.admin_runs").Filter
    return which(user_id=given.person.user_id, flow="fitness", state=1, silent_for=timedelta())


CAPTURES = [
    *(f"captures.{name}" for name in ("add", "add_photo", "change", "remove", "enrich")),
    *(f"capture_lists.{name}" for name in ("listed", "changed", "total", "orphans")),
    *(f"capture_sessions.{name}" for name in ("read", "renew", "close", "expire", "settle")),
]
"""Functions whose session is one of capturing, and whose item was captured."""


def _scans(given: Given) -> list[Any]:
    """One that is there already."""
    scan: Any = import_module("db.captures").Scan
    return [scan(key=f"{given.of.canary}-capture_items", code="x", client_item_id=str(uuid.uuid4()))]


KNOWN: dict[str, Callable[[Given], Any]] = {
    "gtin": _always("04006381333931"),
    "product": _always(Product(name="x", gtin="04006381333931", source="upcitemdb")),
    "provider": _always("upcitemdb"),
    "preview": _always(PREVIEW),
    "progress": lambda given: import_module("db.imports").Progress(
        after=0, reached=1, imported=1, failed=0, errors=[]
    ),
    "mapping": _always({"name": "name"}),
    "file_name": _always("x.csv"),
    "reason": _always("interrupted"),
    "scans": _scans,
    "image_id": _an_id("image_id"),
    "ids": lambda given: [given.of.ids["image_id"]],
    "kinds": _always(["barcode"]),
    "ttl_seconds": _always(60),
    "offers": _always(OFFERS),
    "refs": _a_secret("refs"),
    "tenant_id": lambda given: given.tenant_id,
    **dict.fromkeys(("user_id", "requested_by", "changed_by", "invited_by"), _user),
    **dict.fromkeys(("created_by", "deleted_by", "assigned_user_id"), _user),
    **{
        name: _an_id(name)
        for name in (
            "run_id",
            "session_id",
            "invitation_id",
            "mail_id",
            "erasure_id",
            "profile_id",
            "suggestion_id",
            "item_id",
            "turn_id",
            "proposal_id",
            "event_id",
            "account_id",
            "task_id",
            "alert_id",
            "scan_id",
            "job_id",
            "import_id",
            "sync_id",
            "image_id",
            "connection_id",
            "consent_id",
            "fetch_id",
            "purchase_id",
            "mail_job_id",
        )
    },
    "object_key": lambda given: f"{given.of.canary}-images",
    "image_ids": lambda given: [given.of.ids["image_id"]],
    "id": _new(str),
    "caller": lambda given: given.own.person.caller(),
    "changes": _changes,
    "profile": _profile,
    "founding": _founding,
    "user_ids": lambda given: [given.person.user_id],
    **dict.fromkeys(("title", "description", "comment"), _new(str)),
    "priority": _always("low"),
    "owner": lambda given: (given.tenant_id, given.person.user_id),
    "keys": _rewrapped,
    "email": lambda given: given.of.person.email,
    "emails": lambda given: [given.of.person.email],
    "external_id": _a_secret("external_id"),
    "scope": _a_secret("scope"),
    "key": _always("open"),
    "key_id": lambda given: f"{given.of.canary}-data_keys",
    "digest": _a_secret("digest"),
    "bucket": _new(str),
    "who": _always(b"who"),
    "attempt": _made("failures", "Attempt", who=b"who", whence=b"whence"),
    "which": lambda given: import_module("db.users").Filter(),
    "lease": _a_secret("lease"),
    **dict.fromkeys(("now", "until", "older_than", "before"), _always(LATER)),
    **dict.fromkeys(("first", "last"), _always(date(2026, 5, 1))),
    **dict.fromkeys(("body_hash", "sealed", "wrapped", "body"), _always(b"x")),
    **dict.fromkeys(("password_hash", "hashed", "name", "kind", "source", "detail_type", "dedupe_key"), _new(str)),
    **dict.fromkeys(("issuer", "subject"), _new(str)),
    **dict.fromkeys(("user_agent", "address"), _always("x")),
    **dict.fromkeys(("detail", "headers", "answers"), _always({})),
    **dict.fromkeys(("limit", "lease_seconds", "lifetime_seconds", "older_than_seconds"), _always(10)),
    **dict.fromkeys(("flow", "default_flow"), _always("fitness")),
    "status": _always(200),
    "inputs": lambda given: import_module("onboarding.suggesting.facts").Inputs(),
    "items": lambda given: import_module("onboarding.suggesting.shapes").Suggestions(),
    "verdict": _always("accepted"),
    "severity": _always("low"),
    "generation": _always(1),
    "objects": _always(1),
    "because": _always("ended"),
    "role": _always(Role.USER),
    "is_current": _always(lambda key_id: True),
    "after": _always(None),
    "by_agent": _always(False),
    "since": _always(datetime.now(UTC)),
    "q": _always("software"),
    "category": _always("J"),
    "locale": _always("en"),
    "conversation": _always("general"),
    "message_id": _new(str),
    "message_ids": lambda given: [f"{given.of.canary}-mail_messages"],
    "number": _always("1"),
    **dict.fromkeys(("agent_type", "text"), _new(str)),
    "state": _always(1),
    "streamed": _always(False),
    "turn": _turn,
    "answer": _always(ChatAnswer(message_id="x", response="x", agent_type="general", source="rules")),
    "memory": _always(Memory()),
    "tool_calls": _always([]),
    "events": lambda given: [import_module("db.streaming").Streamed(seq=9, event="x", data={})],
    "statuses": _always(()),
    "error": _always("timeout"),
    "final": _always(True),
    "again_after_seconds": _always(10),
    "hour": _hour,
    "day": _always(datetime.now(UTC).date()),
    "call_id": _an_id("call_id"),
    "limits": lambda given: import_module("onboarding.ai_money").Limits(run=10**9, day=10**9, month=10**9),
    "purpose": _always("chat"),
    "outcome": _always("ok"),
    "model": _new(str),
    "value": _always(b"{}"),
    "estimated": _always(True),
    **dict.fromkeys(("input_tokens", "output_tokens", "cost", "latency_ms", "seconds"), _always(1)),
    "window": lambda given: import_module("onboarding.windows").Window(
        since=LATER - timedelta(days=500), until=LATER
    ),
    "unit": _always("day"),
    "own_only": _always(False),
    **dict.fromkeys(("first_day", "last_day"), _always(datetime.now(UTC).date())),
    "filename": _always("a.txt"),
    "force_llm": _always(True),
    "found": lambda given: import_module("onboarding.scans").Found(data=(), source="llm"),
    "failure": lambda given: import_module("onboarding.scans").AWAY,
    "told": _always(True),
    "urls": _always(wanted(["https://shop.example/"])),
    "page": _always(0),
    "ahead": _always(8),
    "target": _always("csv"),
    "item_ids": lambda given: [given.of.ids["thing_id"]],
    "version": _always(1),
    "versions": _always([1]),
    "batch": lambda given: _orders(given),
    "refresh_id": _new(str),
    **dict.fromkeys(("seconds", "overdue_seconds"), _always(60)),
    "state_hash": lambda given: sha256(f"{given.of.canary}-consents".encode()).digest(),
    "browser_hash": _always(sha256(b"browser").digest()),
    **dict.fromkeys(("sealed_verifier", "sealed_code"), _always(["key", "nonce", "text"])),
    "return_to": _always("/"),
    "realm": _always("1"),
    "external_account": lambda given: f"{given.of.canary}-connections",
    "external_accounts": lambda given: [f"{given.of.canary}-connections"],
    "account": lambda given: Account(id=f"{given.of.canary}-connections", label="x"),
    "accounts": _always([Account(id="x", label="x")]),
    "tokens": _made("connections", "Tokens", sealed=["key", "nonce", "text"], seconds=60.0, scopes=("x",)),
    "counts": _always(Counts(fetched=1, added=1)),
    "new_id": _new(str),
}
"""What is given by the name of a parameter."""

SPECIAL: dict[str, Callable[[Given], Any]] = {
    **{f"mail_jobs.{name} kind": _always("orders") for name in ("begin", "find", "open_job")},
    "mail_jobs.begin mail_job_id": _new(str),
    "mail_jobs.begin connection_id": _an_id("mailbox_id"),
    "mail_jobs.end status": _always("completed"),
    "mail_jobs.move place": _always({}),
    "mail_jobs.keep outcome": _always("order"),
    "imports.begin import_id": _new(str),
    "connection_tokens.keep sealed": _always(["key", "nonce", "text"]),
    "consents.begin consent_id": _new(str),
    "consents.begin state_hash": _new(lambda new: sha256(new.bytes).digest()),
    **{f"consents.{name} provider": _always("gmail") for name in ("begin", "take")},
    **{
        f"connections.{name} provider": _always("quickbooks")
        for name in ("has_live", "of_account", "ever_of_account", "by_accounts", "keep_consented")
    },
    "connections.keep_consented connection_id": _new(str),
    "connections.listed before": _always(None),
    "lookups.take limits": _always(Limits(per_minute=10**6, per_day=10**6)),
    "lookups.captured session_id": _an_id("capture_id"),
    "lookups.captured item_id": _an_id("captured_id"),
    **{f"{topic} session_id": _an_id("capture_id") for topic in CAPTURES},
    **{f"{topic} item_id": _an_id("captured_id") for topic in CAPTURES},
    "capture_lists.listed before": _always(None),
    **dict.fromkeys(("capture_lists.changed since", "capture_lists.total since"), _always(0)),
    "captures.enrich details": _always({"name": "x"}),
    "captures.enrich outcome": _always("done"),
    "captures.change quantity": _always(7),
    "capture_sessions.begin session_id": _new(str),
    "capture_sessions.begin token_hash": _new(lambda new: new.bytes),
    "capture_sessions.by_token token_hash": lambda given: f"{given.of.canary}-capture_sessions".encode(),
    "items.withdraw source": _always(Source.CSV),
    **{f"item_lists.{name} item_id": _an_id("thing_id") for name in ("get", "sources_of", "change", "remove")},
    **{f"syncs.{name} item_id": _an_id("thing_id") for name in ("claim", "settle")},
    **{f"item_lists.{name} which": lambda given: _some_items(given) for name in ("listed", "count")},
    "item_lists.judge action": _always("reject"),
    "item_lists.change fields": lambda given: {"name": str(uuid.uuid4())},
    "syncs.begin sync_id": _new(str),
    "syncs.page after": _always(0),
    "syncs.deliver numbers": _always([1]),
    "syncs.end status": _always("completed"),
    "connection_runs.end status": _always("completed"),
    **{f"connection_runs.{name} kind": _always("manual") for name in ("queue", "take")},
    **{f"{topic}.listed before": _always(None) for topic in ("orders", "connection_runs")},
    "connection_runs.is_mine cursor": _always({}),
    "users.create email": _new(lambda new: f"{new}@example.org"),
    "arrivals.arrive email": _new(lambda new: f"{new}@example.org"),
    "users.listed before": _always(None),
    **{f"{topic}.listed before": _always(None) for topic in ("item_lists", "syncs")},
    "admin_runs.listed before": _always(None),
    **{f"admin_runs.{name} which": lambda given: _runs_of(given) for name in ("listed", "count")},
    "sessions.listed before": _always(None),
    "invitations.listed before": _always(None),
    "runs.events before": _always(None),
    "profiles.versions before": _always(None),
    "config_changes.listed before": _always(None),
    "monitoring.put monitoring": lambda given: import_module("onboarding.monitoring").Monitoring(version=1),
    "monitoring.put sealed_webhook": _always(["key", "nonce", "ciphertext"]),
    "monitoring_runs.tell_stuck after": lambda given: import_module("db.monitoring_runs").FIRST,
    "refusals.since began": _always(datetime(2026, 5, 1, tzinfo=UTC)),
    "config_changes.note before": _always({}),
    "config_changes.note after": _always({}),
    "config_changes.note kind": _always("monitoring"),
    "config_changes.note subject_id": _always(None),
    "sweeps.drop_partitions before": _always(date(2000, 1, 1)),
    "tenants.create external_id": _new(str),
    "resets.add token_hash": _new(lambda new: new.bytes),
    "resets.find token_hash": _a_secret("reset_hash"),
    "resets.take token_hash": _a_secret("reset_hash"),
    "invitations.make token_hash": _new(lambda new: new.bytes),
    "invitations.renew token_hash": _new(lambda new: new.bytes),
    "invitations.by_token token_hash": _a_secret("invitation_hash"),
    "refused_tokens.refuse digest": _new(lambda new: new.bytes),
    "entry.enter tenant_id": lambda given: given.own.person.tenant_id,
    "entry.enter user_id": lambda given: given.own.person.user_id,
    "entry.enter session_id": lambda given: None if given.mixed else given.of.ids["session_id"],
    "entry.enter token_digest": _a_secret("digest"),
    "notifications.add body": _always({}),
    "ai_cache.claim key": _a_secret("answer_key"),
    **{f"ai_cache.{name} key": _a_secret("lease_key") for name in ("renew", "keep", "release")},
    **{f"ai_cache.{name} lease": _an_id("lease_id") for name in ("renew", "keep", "release")},
    "ai_usage.write_off older_than_seconds": _always(-10),
    "alerts.listed before": _always(None),
    "suggestions.ask suggestion_id": _new(str),
    "suggestions.ask kind": _always("okrs"),
    "suggestions.keep kind": _always("okrs"),
    "suggestions.keep source": _always("model"),
    "suggestions.judge value": _always(None),
    "tasks.move status": _always("in_progress"),
    **{f"{name} before": _always(None) for name in ("tasks.listed", "task_comments.listed")},
    **{f"tasks.{name} which": lambda given: _some_tasks(given) for name in ("listed", "count")},
    "aws_accounts.create account_id": _always("444455556666"),
    "aws_accounts.create external_id": _new(str),
    "aws_accounts.create account_name": _always("another"),
    "aws_accounts.create region": _always("eu-central-1"),
    "aws_accounts.create ingest_token_hash": _new(lambda new: new.bytes),
    "aws_accounts.listed before": _always(None),
    "aws_accounts.tell account": _account,
    "events.arrive events": lambda given: [_arrived(given)],
    "events.note account": _always("111122223333"),
    "events.note region": _always("eu-central-1"),
    **{f"event_lists.{name} which": _events_that for name in ("listed", "count")},
    "event_lists.related event": lambda given: _event(given),
    "ingest.sender token_hash": _a_secret("ingest_hash"),
    "funnel.steps which": lambda given: import_module("db.funnel").Which(),
    "chat.begin run_id": _always(None),  # a name of the caller's own, which leads nowhere
    "chat.begin conversation": _always("onboarding/fitness"),  # in the other one a turn is running
    "messages.from_staff since": _always(1),
    "streaming.tail after": _always(0),
    "messages.history before": _always(None),
    "chat.finish status": _always("complete"),
    "chat.repeated message_id": lambda given: f"{given.of.canary}-chat_turns",
    "chat.repeated text": lambda given: f"{given.of.canary}-chat_messages",
    "aws_accounts.tell failure": _always("it is closed"),
    "proposals.decide status": _always("confirmed"),
    "scrapes.begin job_id": _new(str),
    "scrapes.results since": _always(0),
    "scrapes.settle found": _always(Extracted(product_url="https://shop.example/", name="x")),
    "scrapes.end status": _always("cancelled"),
    "scrapes.end reason": _always(Reason.CANCELLED),
    "scans.begin scan_id": _new(str),
    **{f"scans.{name} scan_id": _an_id("order_id") for name in ("claim", "settle", "fail", "drop")},
    "photos.shown item_id": _an_id("captured_id"),
    **{f"photos.{name} session_id": _an_id("capture_id") for name in ("shown", "session_there")},
    "images.begin image_id": _new(str),
    **{f"images.begin {name}": _new(str) for name in ("object_key", "thumbnail_key")},
    **{f"images.{name} kind": _always("image/png") for name in ("begin", "settle")},
    **{f"images.settle {name}": _always(9) for name in ("size", "width", "height")},
    "images.settle uploaded": _always(False),
    "photos.keep found": lambda given: import_module("onboarding.photos").Analysis(),
    "scans.listed before": lambda given: (LATER, given.of.ids["scan_id"]),
}
"""Where a name means something else in one function, by `module.function name`."""


EACH: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "takeout.pages": lambda: [{"file": file} for file in import_module("db.takeout").FILES],
}
"""Functions whose query is another for each value of an argument."""


class Recorder(Connection):
    """A connection that writes down what it is asked."""

    tape: "Tape"

    async def execute(self, query: str, *args: object) -> str:
        """See `Connection`."""
        self.tape.note(query, args)
        return await super().execute(query, *args)

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        """See `Connection`."""
        self.tape.note(query, args)
        return await super().fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        """See `Connection`."""
        self.tape.note(query, args)
        return await super().fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        """See `Connection`."""
        self.tape.note(query, args)
        return await super().fetchval(query, *args)


class Tape(Database):
    """A database of one connection, on which every transaction is written down and rolled back."""

    def __init__(self, connection: Recorder) -> None:
        """Of a connection as the app's role."""
        self._connection = connection
        self._context: Context | None = None
        self._query: str | None = None
        self.statements: dict[tuple[str, str, str], Statement] = {}
        self.asked: set[str] = set()
        connection.tape = self

    def note(self, sql: str, given: tuple[object, ...]) -> None:
        """Keep a statement, once for everybody who sends the same."""
        if self._query is not None:
            self.asked.add(self._query)
            statement = Statement(query=self._query, context=self._context, sql=sql, arguments=given)
            self.statements.setdefault((repr(self._context), sql, repr(given)), statement)

    @asynccontextmanager
    async def transaction(self, context: Context | None) -> AsyncGenerator[Connection]:
        """As in `Database`, but rolled back."""
        query, self._query = self._query, None
        await self._connection.execute(opening(context, 5.0))
        self._context, self._query = context, query
        try:
            yield self._connection
        finally:
            self._query = None
            await self._connection.execute("ROLLBACK")
            self._query = query

    def autocommit(self) -> AbstractAsyncContextManager[Connection]:
        """As in `Database`, but rolled back."""
        return self.transaction(None)

    async def play(self, query: Query, context: Context, given: Given) -> Exception | None:
        """Call a function as somebody; gives what stopped it."""
        positional, named = arguments(query, given)
        self._query = query.name
        try:
            if _takes(query.call, Connection):
                async with self.transaction(context) as connection:
                    await _outcome(query.call(connection, *positional, **named))
            else:
                database = [self] if _takes(query.call, Database) else []
                await _outcome(query.call(*database, *positional, **named))
        except Exception as error:  # noqa: BLE001 - most of these calls are refused, each in its own way
            return error
        finally:
            self._query = None
        return None


async def _outcome(called: Any) -> None:
    """Wait for what a call gives, whatever it is."""
    if inspect.isasyncgen(called):
        async for _ in called:
            pass
    elif hasattr(called, "__aenter__"):
        async with called:
            pass
    else:
        await called

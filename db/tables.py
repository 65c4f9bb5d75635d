"""The tables as Piccolo knows them: the map of the schema.

Rules, policies, indexes and defaults stand in the migrations; a test compares the columns here with the
migrated database. A Table never leaves this package.
"""

from typing import Any

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Column,
    DoublePrecision,
    ForeignKey,
    Integer,
    Numeric,
    Text,
    Timestamptz,
)
from piccolo.table import Table


def _optional(kind: type[Column], **options: Any) -> Any:
    return kind(null=True, default=None, **options)


class Tenant(Table, tablename="tenants"):
    """Somebody's own corner: every other row belongs to one."""

    id = UUID(primary_key=True)
    external_id = Text(unique=True)
    name = Text()
    default_flow = Text(default="fitness")
    ai_budget_run = _optional(Numeric)
    ai_budget_day = _optional(Numeric)
    ai_budget_month = _optional(Numeric)
    allowed_connections = Array(Text())
    created_at = Timestamptz()
    updated_at = Timestamptz()


class User(Table, tablename="users"):
    """A person with an account."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    email = _optional(Text)
    issuer = _optional(Text)
    subject = _optional(Text)
    password_hash = _optional(Text)
    full_name = _optional(Text)
    role = Text(default="user")
    timezone = Text(default="UTC")
    locale = Text(default="en")
    age = _optional(Integer)
    sex = _optional(Text)
    height_cm = _optional(DoublePrecision)
    weight_kg = _optional(DoublePrecision)
    is_active = Boolean(default=True)
    onboarding_completed = Boolean(default=False)
    reminders_enabled = Boolean(default=True)
    created_at = Timestamptz()
    updated_at = Timestamptz()


class OnboardingSession(Table, tablename="onboarding_sessions"):
    """A run, as its workflow last projected it."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    flow = Text()
    flow_version = Integer()
    status = Text(default="in_progress")
    abandoned_reason = _optional(Text)
    current_step = Integer()
    total_states = Integer()
    step_data = JSONB()
    skipped = JSONB(default="[]")
    needs_review = JSONB(default="[]")
    prefill = JSONB()
    agent_history = JSONB(default="[]")
    reminders = JSONB()
    ai_recommendations = _optional(JSONB)
    staff = _optional(UUID)
    timezone = Text(default="UTC")
    locale = Text(default="en")
    version = BigInt()
    seq = BigInt()
    completed_at = _optional(Timestamptz)
    ended_at = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    last_activity_at = Timestamptz()
    expires_at = Timestamptz()


class OnboardingEvent(Table, tablename="onboarding_events"):
    """One thing that happened to a run; never changed."""

    id = UUID(primary_key=True)
    tenant_id = UUID()
    user_id = UUID()
    run_id = ForeignKey(OnboardingSession, null=False)
    seq = BigInt()
    version = BigInt()
    kind = Text()
    state = _optional(Integer)
    actor = JSONB()
    channel = Text()
    created_at = Timestamptz()


class OnboardingArchive(Table, tablename="onboarding_archive"):
    """A finished run with its events, in the partition of the month in which it ended."""

    id = UUID(primary_key=True)
    tenant_id = UUID()
    user_id = UUID()
    flow = Text()
    status = Text()
    run = JSONB()
    events = JSONB()
    ended_at = Timestamptz()
    archived_at = Timestamptz()


class Profile(Table, tablename="profiles"):
    """What a completed run amounts to, edited since or not."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    flow = Text()
    flow_version = Integer()
    answers = JSONB()
    version = Integer(default=1)
    locked = Boolean(default=True)
    run_id = UUID()
    completed_at = Timestamptz()
    created_at = Timestamptz()
    updated_at = Timestamptz()


class ProfileVersion(Table, tablename="profile_versions"):
    """A profile as it once was; never changed."""

    id = UUID(primary_key=True)
    tenant_id = UUID()
    user_id = UUID()
    profile_id = ForeignKey(Profile, null=False)
    version = Integer()
    flow_version = Integer()
    answers = JSONB()
    changed_by = UUID()
    created_at = Timestamptz()


class Notification(Table, tablename="notifications"):
    """Something that a person is told once."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    run_id = _optional(UUID)
    kind = Text()
    body = JSONB()
    dedupe_key = Text()
    created_at = Timestamptz()
    read_at = _optional(Timestamptz)


class IdempotencyKey(Table, tablename="idempotency_keys"):
    """A key, and the answer that its first request had. The primary key is `scope` and `key`."""

    scope = Text(primary_key=True)
    key = Text()
    tenant_id = ForeignKey(Tenant)
    user_id = ForeignKey(User)
    about_user = ForeignKey(User)
    body_hash = Bytea()
    status = _optional(Integer)
    headers = _optional(JSONB)
    body = _optional(Bytea)
    locked_until = Timestamptz()
    created_at = Timestamptz()


class RateCounter(Table, tablename="rate_counters"):
    """Requests in the current window of a bucket; unlogged, and of no tenant."""

    bucket = Text(primary_key=True)
    window_start = Timestamptz()
    hits = Integer()


class Session(Table, tablename="sessions"):
    """Somewhere that a person signed in with a password: the family of one refresh token."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    generation = Integer()
    lifetime_seconds = Integer()
    user_agent = _optional(Text)
    address = _optional(Text)
    created_at = Timestamptz()
    rotated_at = Timestamptz()
    expires_at = Timestamptz()
    ended_at = _optional(Timestamptz)
    ended_because = _optional(Text)


class RefusedToken(Table, tablename="refused_tokens"):
    """An access token of another issuer that somebody signed out with."""

    digest = Bytea(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    expires_at = Timestamptz()


class SignInFailure(Table, tablename="sign_in_failures"):
    """A wrong password, by keyed digests of e-mail and address; of no tenant. It has no primary key."""

    who = Bytea(primary_key=True)
    whence = Bytea()
    at = Timestamptz()


class PasswordReset(Table, tablename="password_resets"):
    """A way to a new password, once, for an hour."""

    token_hash = Bytea(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    created_at = Timestamptz()
    expires_at = Timestamptz()


class Invitation(Table, tablename="invitations"):
    """Who may register with which role."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    email = Text()
    role = Text()
    token_hash = Bytea(unique=True)
    invited_by = ForeignKey(User)
    user_id = ForeignKey(User)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    accepted_at = _optional(Timestamptz)
    revoked_at = _optional(Timestamptz)


class Mail(Table, tablename="mails"):
    """A mail that has not gone out yet, sealed."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant)
    user_id = ForeignKey(User)
    invitation_id = ForeignKey(Invitation)
    sealed = Bytea()
    created_at = Timestamptz()


class Event(Table, tablename="events"):
    """Something that staff should know."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    source = Text()
    detail_type = Text()
    detail = JSONB()
    severity = Text()
    severity_level = Integer()
    run_id = _optional(UUID)
    published_at = Timestamptz()
    created_at = Timestamptz()


class DataKey(Table, tablename="data_keys"):
    """What a person's payloads are sealed with, wrapped; one row is of nobody."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant)
    user_id = ForeignKey(User)
    key_id = Text()
    wrapped = Bytea()
    created_at = Timestamptz()
    wrapped_at = Timestamptz()


class Erasure(Table, tablename="erasures"):
    """The receipt of an erasure; it outlives the person."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = UUID()
    requested_by = UUID()
    status = Text(default="running")
    counts = JSONB(default="{}")
    subject = _optional(Bytea)
    created_at = Timestamptz()
    completed_at = _optional(Timestamptz)


class ChatTurn(Table, tablename="chat_turns"):
    """A message of a person and what became of it."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    conversation = Text()
    run_id = _optional(UUID)
    message_id = Text()
    streamed = Boolean()
    status = Text(default="running")
    memory = JSONB(default="{}")
    answer = _optional(JSONB)
    created_at = Timestamptz()
    finished_at = _optional(Timestamptz)


class ChatMessage(Table, tablename="chat_messages"):
    """One message of a conversation."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    conversation = Text()
    run_id = _optional(UUID)
    turn_id = ForeignKey(ChatTurn)
    role = Text()
    author = _optional(UUID)
    agent_type = Text()
    state = _optional(Integer)
    text = Text()
    tool_calls = JSONB(default="[]")
    status = Text(default="complete")
    created_at = Timestamptz()


class ChatStream(Table, tablename="chat_stream"):
    """What is being said at this moment, for a few minutes."""

    turn_id = UUID(primary_key=True)
    seq = Integer()
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    event = Text()
    data = JSONB()
    created_at = Timestamptz()


class ProfileProposal(Table, tablename="profile_proposals"):
    """A change of a profile that waits for its person's yes."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    flow = Text()
    answers = JSONB()
    status = Text(default="open")
    created_at = Timestamptz()
    decided_at = _optional(Timestamptz)


class Organization(Table, tablename="organizations"):
    """What a company run ended in; the tenant's, also when its founder is gone."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    name = Text()
    industry = Text()
    size = Text()
    description = _optional(Text)
    logo = _optional(Text)
    website = _optional(Text)
    team_size = Integer()
    structure = Text()
    methodology = Text()
    collaboration_style = Text()
    integrations = JSONB(default="[]")
    okrs = JSONB(default="[]")
    created_by = ForeignKey(User)
    run_id = UUID(unique=True)
    created_at = Timestamptz()
    updated_at = Timestamptz()


class OrganizationMember(Table, tablename="organization_members"):
    """Who belongs to an organization. The primary key is `organization_id` and `user_id`."""

    organization_id = ForeignKey(Organization, null=False, primary_key=True)
    user_id = ForeignKey(User, null=False)
    tenant_id = ForeignKey(Tenant, null=False)
    role = Text()
    created_at = Timestamptz()


class Department(Table, tablename="departments"):
    """A part of an organization, perhaps below another one."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    organization_id = ForeignKey(Organization, null=False)
    parent_id = _optional(UUID)
    name = Text()
    description = _optional(Text)
    position = Integer()
    created_at = Timestamptz()


class Industry(Table, tablename="industries"):
    """A division of ISIC Rev. 4; of no tenant. `terms` are its names, folded."""

    key = Text(primary_key=True)
    code = Text(unique=True)
    section = Text()
    name = JSONB()
    category = JSONB()
    synonyms = JSONB()
    ai_context = JSONB()
    terms = Array(Text())


class IndustryWord(Table, tablename="industry_words"):
    """A word for an industry. The primary key is `industry`, `locale` and `word`."""

    industry = Text(primary_key=True)
    locale = Text()
    word = Text()
    weight = DoublePrecision()


class AiUsage(Table, tablename="ai_usage"):
    """A call of a model, or an answer that was there already."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    run_id = _optional(UUID)
    purpose = Text()
    model = Text()
    input_tokens = Integer()
    output_tokens = Integer()
    estimated = Boolean(default=False)
    cost_micros = BigInt()
    latency_ms = _optional(Integer)
    outcome = Text()
    cached = Boolean(default=False)
    created_at = Timestamptz()


class AiBudget(Table, tablename="ai_budgets"):
    """What is spent and put aside in a period. The primary key is `tenant_id`, `scope` and `period`."""

    tenant_id = ForeignKey(Tenant, null=False)
    scope = Text(primary_key=True)
    period = Text()
    user_id = ForeignKey(User)
    spent_micros = BigInt()
    reserved_micros = BigInt()
    warned_at = _optional(Timestamptz)
    refused_at = _optional(Timestamptz)
    updated_at = Timestamptz()


class AiRate(Table, tablename="ai_rates"):
    """How full a bucket of calls is; unlogged, and of no tenant."""

    bucket = Text(primary_key=True)
    tokens = DoublePrecision()
    at = Timestamptz()


class AiCache(Table, tablename="ai_cache"):
    """An answer of a model, or the lease of who asks for it. The primary key is `tenant_id` and `key`."""

    tenant_id = ForeignKey(Tenant, null=False)
    key = Bytea(primary_key=True)
    user_id = ForeignKey(User, null=False)
    purpose = Text()
    value = _optional(Bytea)
    lease = _optional(UUID)
    until = Timestamptz()


class Suggestion(Table, tablename="suggestions"):
    """What was suggested to a company, settled or not."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    run_id = _optional(UUID)
    kind = Text()
    locale = Text()
    inputs = JSONB()
    items = JSONB()
    sources = JSONB()
    source = _optional(Text)
    budget_exhausted = Boolean(default=False)
    created_at = Timestamptz()
    settled_at = _optional(Timestamptz)


class SuggestionFeedback(Table, tablename="suggestion_feedback"):
    """What a person made of an item. The primary key is `suggestion_id` and `item_id`."""

    suggestion_id = ForeignKey(Suggestion, primary_key=True, null=False)
    item_id = UUID()
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    verdict = Text()
    value = _optional(JSONB)
    created_at = Timestamptz()
    updated_at = Timestamptz()


TABLES: list[type[Table]] = [
    Tenant,
    User,
    OnboardingSession,
    OnboardingEvent,
    OnboardingArchive,
    Profile,
    ProfileVersion,
    Notification,
    IdempotencyKey,
    RateCounter,
    Session,
    RefusedToken,
    SignInFailure,
    PasswordReset,
    Invitation,
    Mail,
    Event,
    DataKey,
    Erasure,
    ChatTurn,
    ChatMessage,
    ChatStream,
    ProfileProposal,
    Organization,
    OrganizationMember,
    Department,
    Industry,
    IndustryWord,
    AiUsage,
    AiBudget,
    AiRate,
    AiCache,
    Suggestion,
    SuggestionFeedback,
]

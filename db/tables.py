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
    Date,
    DoublePrecision,
    ForeignKey,
    Integer,
    Numeric,
    SmallInt,
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
    forked_from = _optional(UUID)
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
    forked_from = _optional(UUID)
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
    """Something that staff should know. The primary key is `tenant_id` and `id`."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    account = _optional(Text)
    region = _optional(Text)
    source = Text()
    detail_type = Text()
    detail = JSONB()
    severity = Text()
    severity_level = Integer()
    resources = JSONB(default="[]")
    run_id = _optional(UUID)
    acknowledged_at = _optional(Timestamptz)
    acknowledged_by = ForeignKey(User)
    notes = _optional(Text)
    published_at = Timestamptz()
    created_at = Timestamptz()
    deleted_at = _optional(Timestamptz)
    deleted_by = ForeignKey(User)
    words = Text(default="")


class EventWord(Table, tablename="event_words"):
    """By what events are found. The primary key is all of it."""

    tenant_id = ForeignKey(Tenant, null=False)
    word = Text()
    created_at = Timestamptz()
    event_id = UUID(primary_key=True)


class AwsAccount(Table, tablename="aws_accounts"):
    """An AWS account that a tenant has monitored."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    account_id = Text()
    account_name = Text()
    region = Text()
    role_arn = _optional(Text)
    external_id = Text()
    access_key_id = _optional(Text)
    sealed_secret = _optional(JSONB)
    ingest_token_hash = Bytea(unique=True)
    is_active = Boolean(default=True)
    status = Text(default="untested")
    status_detail = _optional(Text)
    last_tested_at = _optional(Timestamptz)
    pulled_until = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()


class MonitoringConfig(Table, tablename="monitoring_configs"):
    """How a tenant is monitored."""

    tenant_id = ForeignKey(Tenant, primary_key=True, null=False)
    version = Integer(default=1)
    services = JSONB(default="[]")
    global_settings = JSONB(default="{}")
    sealed_slack_webhook = _optional(JSONB)
    updated_by = ForeignKey(User)
    updated_at = Timestamptz()


class Task(Table, tablename="tasks"):
    """Something that somebody is to do."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    title = Text()
    description = Text()
    status = Text(default="open")
    priority = Text(default="medium")
    assigned_user_id = ForeignKey(User)
    event_id = _optional(UUID)
    event_details = _optional(JSONB)
    due_date = _optional(Timestamptz)
    created_by = ForeignKey(User)
    closed_at = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    deleted_at = _optional(Timestamptz)
    deleted_by = ForeignKey(User)


class TaskComment(Table, tablename="task_comments"):
    """What somebody said about a task."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    task_id = ForeignKey(Task, null=False)
    user_id = ForeignKey(User, null=False)
    comment = Text()
    created_at = Timestamptz()


class TaskStatusChange(Table, tablename="task_status_changes"):
    """How a task moved, and who moved it. The primary key is `tenant_id`, `task_id` and `number`."""

    task_id = ForeignKey(Task, primary_key=True, null=False)
    number = Integer()
    tenant_id = ForeignKey(Tenant, null=False)
    from_status = Text()
    to_status = Text()
    changed_by = ForeignKey(User)
    changed_at = Timestamptz()


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


class ConfigChange(Table, tablename="config_changes"):
    """A change of the configuration, as it was made."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    changed_by = ForeignKey(User)
    kind = Text()
    subject_id = _optional(UUID)
    before = _optional(JSONB)
    after = _optional(JSONB)
    created_at = Timestamptz()


class RefusedSave(Table, tablename="refused_saves"):
    """Saves that were refused in five minutes; unlogged. The primary key is `tenant_id` and `bucket`."""

    tenant_id = ForeignKey(Tenant, primary_key=True, null=False)
    bucket = Timestamptz()
    refused = Integer(default=1)


class StuckRun(Table, tablename="stuck_runs"):
    """Of which silence of a run staff were told."""

    run_id = ForeignKey(OnboardingSession, primary_key=True, null=False)
    tenant_id = ForeignKey(Tenant, null=False)
    last_activity_at = Timestamptz()


class Alert(Table, tablename="alerts"):
    """What goes out about an event, an hour or a day, to one recipient."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    kind = Text()
    event_id = ForeignKey(Event)
    since = Timestamptz()
    number = _optional(Integer)
    channel = Text()
    recipient = _optional(Text)
    status = Text(default="waiting")
    attempts = Integer(default=0)
    last_error = _optional(Text)
    due_at = Timestamptz()
    created_at = Timestamptz()
    sent_at = _optional(Timestamptz)


class Scan(Table, tablename="scans"):
    """A risk scan that was answered."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    filename = _optional(Text)
    data = JSONB()
    size = Integer()
    source = Text()
    created_at = Timestamptz()


class ScanOrder(Table, tablename="scan_orders"):
    """A risk scan that is under way, or has failed."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    filename = _optional(Text)
    force_llm = _optional(Boolean)
    created_at = Timestamptz()
    sent_at = _optional(Timestamptz)
    failure = _optional(JSONB)


class FunnelStep(Table, tablename="funnel_steps"):
    """What became of a state of a run. The primary key is `run_id`, `state` and `channel`."""

    run_id = UUID(primary_key=True)
    state = SmallInt()
    channel = Text()
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    flow = Text()
    flow_version = Integer()
    started_at = Timestamptz()
    entered = Integer()
    completed = Integer()
    skipped = Integer()
    edited = Integer()
    abandoned = Integer()
    seconds = _optional(DoublePrecision)
    bucket = _optional(SmallInt)


class FunnelCount(Table, tablename="funnel_counts"):
    """What became of a state in runs that began on a day. The primary key is all but the counts."""

    tenant_id = ForeignKey(Tenant, null=False)
    bucket = SmallInt()
    starts_at = Timestamptz()
    flow = Text()
    flow_version = Integer()
    state = SmallInt()
    channel = Text()
    slot = UUID(primary_key=True)
    entered = Integer()
    completed = Integer()
    skipped = Integer()
    edited = Integer()
    abandoned = Integer()
    times = Integer()


class EventCount(Table, tablename="event_counts"):
    """How many events came in an hour or a day. The primary key is all but the counts."""

    tenant_id = ForeignKey(Tenant, null=False)
    grain = Text()
    starts_at = Timestamptz()
    source = Text()
    account = Text()
    slot = UUID(primary_key=True)
    critical = Integer()
    high = Integer()
    medium = Integer()
    low = Integer()
    unknown = Integer()


class Image(Table, tablename="images"):
    """A picture that somebody uploaded, or is about to."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    object_key = Text()
    thumbnail_key = _optional(Text)
    content_type = Text()
    status = Text(default="pending")
    size = _optional(Integer)
    width = _optional(Integer)
    height = _optional(Integer)
    session_id = _optional(UUID)
    created_at = Timestamptz()
    upload_until = _optional(Timestamptz)


class PhotoAnalysis(Table, tablename="photo_analyses"):
    """What was seen in a photo."""

    image_id = ForeignKey(Image, primary_key=True, null=False)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    asked_at = _optional(Timestamptz)
    result = _optional(JSONB)
    created_at = Timestamptz()


class CaptureSession(Table, tablename="capture_sessions"):
    """In which a phone captures for a desktop."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    run_id = _optional(UUID)
    kinds = Array(Text())
    token_hash = _optional(Bytea, unique=True)
    status = Text(default="active")
    version = BigInt()
    barcodes = Integer()
    photos = Integer()
    created_at = Timestamptz()
    expires_at = Timestamptz()
    ends_at = Timestamptz()
    closed_at = _optional(Timestamptz)
    ttl_seconds = Integer(default=86_400)
    settled_at = _optional(Timestamptz)


class CaptureItem(Table, tablename="capture_items"):
    """A barcode or a photo of a session."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    session_id = ForeignKey(CaptureSession, null=False)
    kind = Text()
    key = Text()
    gtin = _optional(Text)
    code = _optional(Text)
    code_type = _optional(Text)
    image_id = ForeignKey(Image, null=True)
    quantity = Integer(default=1)
    added_by = Text()
    source = _optional(Text)
    details = JSONB()
    enrichment = Text(default="none")
    edited_at = _optional(Timestamptz)
    edited = Array(Text())
    version = BigInt()
    scanned_at = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    deleted_at = _optional(Timestamptz)


class CaptureScan(Table, tablename="capture_scans"):
    """What a device has sent before."""

    session_id = UUID(primary_key=True)
    client_item_id = Text(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False, primary_key=True)
    user_id = ForeignKey(User, null=False)
    item_id = ForeignKey(CaptureItem, null=False)


class Item(Table, tablename="items"):
    """A thing of somebody's review list."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    name = _optional(Text)
    supplier = _optional(Text)
    description = _optional(Text)
    gtin = _optional(Text)
    sku = _optional(Text)
    url = _optional(Text)
    image_url = _optional(Text)
    price = _optional(Numeric)
    currency = _optional(Text)
    sku_key = _optional(Text)
    url_key = _optional(Text)
    quantity_set = _optional(Numeric)
    status = Text(default="pending")
    attention = Array(Text())
    edited = Array(Text())
    edited_at = _optional(Timestamptz)
    version = Integer(default=1)
    synced_version = _optional(Integer)
    synced_at = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    removed_at = _optional(Timestamptz)


class ItemSource(Table, tablename="item_sources"):
    """What one source said of an item."""

    tenant_id = ForeignKey(Tenant, null=False, primary_key=True)
    user_id = ForeignKey(User, null=False, primary_key=True)
    source = Text(primary_key=True)
    ref = Text(primary_key=True)  # pyright: ignore[reportAssignmentType] - a name of Piccolo's, too
    item_id = ForeignKey(Item, null=False)
    quantity = Numeric()
    created_at = Timestamptz()


class ScrapeJob(Table, tablename="scrape_jobs"):
    """Pages that somebody wants to have read."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    status = Text(default="queued")
    requested = Integer()
    pages = Integer()
    version = Integer(default=0)
    created_at = Timestamptz()
    updated_at = Timestamptz()


class ScrapeResult(Table, tablename="scrape_results"):
    """What was found on one of them."""

    job_id = ForeignKey(ScrapeJob, null=False, primary_key=True)
    position = Integer(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False, primary_key=True)
    user_id = ForeignKey(User, null=False)
    page = Integer()
    source_url = Text()
    normalized_url = Text()
    status = Text(default="pending")
    reason = _optional(Text)
    item = _optional(JSONB)
    version = _optional(Integer)


class BarcodeProduct(Table, tablename="barcode_products"):
    """What catalogues said of a code."""

    gtin = Text(primary_key=True)
    product = _optional(JSONB)
    until = Timestamptz()


class BarcodeProvider(Table, tablename="barcode_providers"):
    """How often a catalogue was asked."""

    provider = Text(primary_key=True)
    minute = Timestamptz()
    minute_calls = Integer()
    day = Timestamptz()
    day_calls = Integer()
    resting_until = Timestamptz()


class Import(Table, tablename="imports"):
    """A file of somebody's that becomes items, row by row."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    file_name = _optional(Text)
    status = Text(default="awaiting_mapping")
    reason = _optional(Text)
    shape = JSONB()
    columns = Array(Text())
    suggested = JSONB()
    sample = JSONB()
    mapping = _optional(JSONB)
    rows = Integer()
    reached = Integer(default=0)
    imported = Integer(default=0)
    failed = Integer(default=0)
    errors = JSONB()
    error_count = Integer(default=0)
    created_at = Timestamptz()
    ended_at = _optional(Timestamptz)


class ItemSync(Table, tablename="item_syncs"):
    """Approved items on their way out."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    target = Text()
    status = Text(default="running")
    code = _optional(Text)
    created_at = Timestamptz()
    ended_at = _optional(Timestamptz)


class ItemSyncResult(Table, tablename="item_sync_results"):
    """What became of one item of a sync."""

    tenant_id = ForeignKey(Tenant, null=False, primary_key=True)
    sync_id = ForeignKey(ItemSync, null=False, primary_key=True)
    item_id = ForeignKey(Item, null=False, primary_key=True)
    user_id = ForeignKey(User, null=False)
    number = Integer()
    version = Integer()
    status = Text(default="pending")
    code = _optional(Text)
    attempts = Integer(default=0)


class Connection(Table, tablename="connections"):
    """A mailbox or a company's accounting that somebody let Gangway read."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    provider = Text()
    status = Text()
    reason = _optional(Text)
    account_id = _optional(Text)
    account_label = _optional(Text)
    accounts = JSONB(default="[]")
    scopes = Array(Text())
    sealed_tokens = _optional(JSONB)
    token_version = Integer(default=1)
    token_expires_at = _optional(Timestamptz)
    refresh_id = _optional(UUID)
    refresh_until = _optional(Timestamptz)
    refresh_tries = Integer(default=0)
    domains = Array(Text())
    cursor = _optional(JSONB)
    synced_at = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()
    disconnected_at = _optional(Timestamptz)


class Consent(Table, tablename="consents"):
    """Somebody was sent to a provider to consent."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    provider = Text()
    state_hash = Bytea(unique=True)
    browser_hash = Bytea()
    sealed_verifier = _optional(JSONB)
    sealed_code = _optional(JSONB)
    return_to = Text()
    realm = _optional(Text)
    created_at = Timestamptz()
    expires_at = Timestamptz()
    used_at = _optional(Timestamptz)


class ConnectionRun(Table, tablename="connection_runs"):
    """What a connection brought at one time."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    connection_id = ForeignKey(Connection, null=False)
    kind = Text()
    status = Text(default="queued")
    code = _optional(Text)
    fetched = Integer(default=0)
    added = Integer(default=0)
    changed = Integer(default=0)
    removed = Integer(default=0)
    failed = Integer(default=0)
    created_at = Timestamptz()
    started_at = _optional(Timestamptz)
    ended_at = _optional(Timestamptz)


class Order(Table, tablename="orders"):
    """An order that a connection brought."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    connection_id = ForeignKey(Connection, null=False)
    external_id = Text()
    status = Text(default="open")
    read_by = Text()
    supplier = _optional(Text)
    number = _optional(Text)
    ordered_on = _optional(Date)
    total = _optional(Numeric)
    currency = _optional(Text)
    lines = Integer()
    changed_at = _optional(Timestamptz)
    created_at = Timestamptz()
    updated_at = Timestamptz()


class OrderLine(Table, tablename="order_lines"):
    """What was ordered. The key is (tenant_id, order_id, line); Piccolo knows one column of it."""

    tenant_id = ForeignKey(Tenant, null=False)
    order_id = ForeignKey(Order, null=False)
    line = Text(primary_key=True)
    user_id = ForeignKey(User, null=False)
    position = Integer()
    name = _optional(Text)
    sku = _optional(Text)
    quantity = _optional(Numeric)
    unit_price = _optional(Numeric)
    amount = _optional(Numeric)


class MailJob(Table, tablename="mail_jobs"):
    """A mailbox is looked through, for suppliers or for their orders."""

    id = UUID(primary_key=True)
    tenant_id = ForeignKey(Tenant, null=False)
    user_id = ForeignKey(User, null=False)
    connection_id = ForeignKey(Connection, null=False)
    kind = Text()
    status = Text(default="queued")
    code = _optional(Text)
    domains = Array(Text())
    place = _optional(JSONB)
    messages = Integer(default=0)
    orders = Integer(default=0)
    failed = Integer(default=0)
    version = Integer(default=0)
    found = JSONB(default="[]")
    created_at = Timestamptz()
    ended_at = _optional(Timestamptz)


class MailMessage(Table, tablename="mail_messages"):
    """A message that was read. The key is (tenant_id, connection_id, message_id)."""

    tenant_id = ForeignKey(Tenant, null=False)
    connection_id = ForeignKey(Connection, null=False)
    message_id = Text(primary_key=True)
    user_id = ForeignKey(User, null=False)
    outcome = Text()
    read_at = Timestamptz()


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
    EventWord,
    AwsAccount,
    MonitoringConfig,
    Task,
    TaskComment,
    TaskStatusChange,
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
    ConfigChange,
    RefusedSave,
    StuckRun,
    Alert,
    Scan,
    ScanOrder,
    Image,
    PhotoAnalysis,
    CaptureSession,
    CaptureItem,
    CaptureScan,
    Item,
    ItemSource,
    ScrapeJob,
    ScrapeResult,
    FunnelStep,
    FunnelCount,
    EventCount,
    BarcodeProduct,
    BarcodeProvider,
    Import,
    ItemSync,
    ItemSyncResult,
    Connection,
    Consent,
    ConnectionRun,
    Order,
    OrderLine,
    MailJob,
    MailMessage,
]

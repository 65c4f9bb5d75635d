"""Every setting of Gangway: one frozen struct, read from the environment once, in the `__main__` files.

The name of a setting is its field name in upper case. `docs/settings.md` documents each one; a test fails
when it does not.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from dotenv import dotenv_values
from msgspec import Meta

from onboarding.ai_money import read_prices

Port = Annotated[int, Meta(ge=1, le=65535)]
Positive = Annotated[int, Meta(ge=1)]
LogLevel = Annotated[str, Meta(pattern="(?i)^(debug|info|warning|error)$")]


_ADDRESSES = (
    "ai_service_url",
    "barcode_lookup_base_url",
    "open_food_facts_base_url",
    "upcitemdb_base_url",
    "item_sink_url",
    "frontend_origin",
    "api_url",
    "gmail_authorize_url",
    "gmail_token_url",
    "gmail_revoke_url",
    "gmail_userinfo_url",
    "gmail_api_base",
    "quickbooks_authorize_url",
    "quickbooks_token_url",
    "quickbooks_revoke_url",
    "quickbooks_api_base",
    "xero_authorize_url",
    "xero_token_url",
    "xero_revoke_url",
    "xero_api_base",
)
"""Settings that requests are sent below."""


class InvalidSettings(Exception):
    """A setting is missing, malformed or too weak; the message names each one."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a process needs to know about its surroundings. Times are in seconds unless the name says so."""

    gangway_home: Path = Path(".gangway")
    host: str = "127.0.0.1"
    port: Port = 8000
    worker_health_port: Port = 8001
    log_level: LogLevel = "info"
    git_sha: str = "dev"

    database_url: str | None = None
    database_owner_url: str | None = None
    database_pool_min: int = 2
    database_pool_max: int = 16
    database_timeout_seconds: float = 5.0

    temporal_address: str | None = None
    temporal_namespace: str = "default"
    temporal_port: Port = 7233
    temporal_ui_port: Port = 8233
    temporal_ui_url: str | None = None
    temporal_api_key: str | None = None
    temporal_tls: bool = False
    task_queue: str = "gangway"
    worker_cached_workflows: int = 6000
    update_timeout_seconds: float = 8.0

    s3_endpoint_url: str | None = None
    s3_port: Port = 8333
    s3_bucket: str = "gangway"
    s3_region: str = "us-east-1"
    s3_access_key_id: str | None = None
    s3_secret_access_key: str | None = None
    image_max_bytes: Annotated[int, Meta(ge=1, le=20_971_520)] = 5_242_880

    capture_session_ttl_seconds: Annotated[int, Meta(ge=60, le=604_800)] = 86_400
    capture_limit_per_minute: Positive = 300
    barcode_lookup_api_key: str | None = None
    barcode_lookup_base_url: str = "https://api.barcodelookup.com"
    open_food_facts_base_url: str = "https://world.openfoodfacts.org"
    open_food_facts_contact: str = ""
    upcitemdb_base_url: str = "https://api.upcitemdb.com"
    upcitemdb_user_key: str | None = None
    scrape_allow_hosts: str = ""
    item_sink_url: str | None = None
    item_sink_token: str | None = None
    item_sink_patience_seconds: float = 120.0

    connections_enabled: str = "gmail"
    frontend_origin: str | None = None
    api_url: str | None = None
    gmail_client_id: str | None = None
    gmail_client_secret: str | None = None
    gmail_authorize_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    gmail_token_url: str = "https://oauth2.googleapis.com/token"
    gmail_revoke_url: str = "https://oauth2.googleapis.com/revoke"
    gmail_userinfo_url: str = "https://openidconnect.googleapis.com/v1/userinfo"
    gmail_api_base: str = "https://gmail.googleapis.com"
    quickbooks_client_id: str | None = None
    quickbooks_client_secret: str | None = None
    quickbooks_webhook_verifier_token: str | None = None
    quickbooks_authorize_url: str = "https://appcenter.intuit.com/connect/oauth2"
    quickbooks_token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"
    quickbooks_revoke_url: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"
    quickbooks_api_base: str = "https://quickbooks.api.intuit.com"
    xero_client_id: str | None = None
    xero_client_secret: str | None = None
    xero_authorize_url: str = "https://login.xero.com/identity/connect/authorize"
    xero_token_url: str = "https://identity.xero.com/connect/token"
    xero_revoke_url: str = "https://identity.xero.com/connect/revocation"
    xero_api_base: str = "https://api.xero.com"

    encryption_key_file: Path | None = None
    jwt_secret: str | None = None
    jwt_algorithm: str = "HS256"
    access_token_expire_minutes: Positive = 30
    refresh_token_expire_days: Positive = 30
    password_min_length: Positive = 8
    password_min_score: Annotated[int, Meta(ge=0, le=4)] = 2
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65536
    argon2_parallelism: int = 4

    cognito_user_pool_id: str | None = None
    cognito_client_id: str | None = None
    cognito_region: str | None = None
    cognito_jwks_url: str | None = None
    oidc_issuers: str = ""
    tenant_auto_create: bool = True

    kms_key_id: str | None = None
    smtp_url: str | None = None
    mail_from: str = "gangway@localhost"
    mail_folder: Path | None = None
    app_url: str = "http://localhost:3000"

    default_tenant: str = "default"
    default_flow: str = "fitness"
    cors_origins: str = ""
    rate_limit_per_minute: int = 100
    sign_in_limit_per_minute: int = 20
    ingest_limit_per_minute: int = 1000
    trusted_proxies: str = ""
    body_max_bytes: int = 1_000_000
    dashboard_cache_seconds: Annotated[float, Meta(ge=0, le=300)] = 15.0

    ai_base_url: str | None = None
    ai_api_key: str | None = None
    ai_models: str = ""
    ai_vision_models: str = ""
    gemini_api_key: str | None = None
    ai_timeout_seconds: Annotated[float, Meta(gt=0, le=120)] = 30.0
    ai_suggestion_timeout_seconds: Annotated[float, Meta(gt=0, le=30)] = 4.0
    ai_prices: str = ""
    ai_budget_run: Annotated[float, Meta(ge=0)] = 0.5
    ai_budget_tenant_day: Annotated[float, Meta(ge=0)] = 5.0
    ai_budget_tenant_month: Annotated[float, Meta(ge=0)] = 100.0
    chat_limit_per_minute: Positive = 60
    chat_limit_burst: Positive = 10
    suggestion_limit_per_hour: Positive = 20
    scan_limit_per_minute: Positive = 30
    ai_stub_port: Port = 8083
    ai_service_url: str | None = None
    ai_service_timeout_seconds: Annotated[float, Meta(gt=0, le=300)] = 60.0
    ai_service_standin_port: Port = 8082

    archive_after_days: int = 30
    retention_days: int = 365

    @property
    def cors_allowed(self) -> list[str]:
        """The exact origins that a browser may call from."""
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]


def load_settings(environ: Mapping[str, str] | None = None, *, dotenv: Path | None = None) -> Settings:
    """Read the settings from `.env` and the environment; the environment wins.

    Raises:
        InvalidSettings: naming the setting that does not hold what it must.
    """
    file: dict[str, str | None] = dict(dotenv_values(dotenv or Path(".env")))
    source = {**file, **(os.environ if environ is None else environ)}
    given: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        value = source.get(field.name.upper())
        if value is not None and value != "":
            given[field.name] = value
    for name in ("database_url", "database_owner_url"):
        if name in given and not _leads_to_postgres(given[name]):
            # Without what it holds, which may be a password.
            raise InvalidSettings(f"{name.upper()}: Expected `postgresql://user:password@host:port/database`")
    try:
        read_prices(given.get("ai_prices", ""))
    except ValueError as error:
        raise InvalidSettings(f"AI_PRICES: {error}") from None
    for name in _ADDRESSES:
        if name in given and not leads_to_http(given[name]):
            raise InvalidSettings(f"{name.upper()}: Expected `https://host/path`, without a query")
    try:
        return msgspec.convert(given, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise InvalidSettings(_readable(error)) from None


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for a child process."""
    return {
        name.upper(): str(value)
        for name, value in msgspec.structs.asdict(settings).items()
        if value is not None and value != ""
    }


def _leads_to_postgres(url: str) -> bool:
    try:
        parts = urlsplit(url)
        for host in parts.netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    return parts.scheme in ("postgresql", "postgres")


def leads_to_http(url: str) -> bool:
    """Whether requests can be sent to paths below this address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    clean = url.isascii() and url.isprintable() and " " not in url
    return (
        clean and parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query + parts.fragment
    )


def _decode(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)


def _readable(error: msgspec.ValidationError) -> str:
    text, _, path = str(error).partition(" - at ")
    name = path.strip("`$.").upper()
    return f"{name}: {text}" if name else text

"""RFC 9457 problem details: the one form in which an error leaves the API."""

from enum import StrEnum
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.types import Send
from msgspec import UNSET, Struct, UnsetType

from onboarding.payloads import FieldError
from onboarding.progress import Requirements
from runtime.context import current_request

PROBLEM_JSON = "application/problem+json"


class Code(StrEnum):
    """Every code that a client can meet. They are stable; `docs/api-versioning.md` says what that means."""

    VALIDATION_ERROR = "validation_error"
    MALFORMED_JSON = "malformed_json"
    STATE_NOT_OPTIONAL = "state_not_optional"
    ONBOARDING_INCOMPLETE = "onboarding_incomplete"
    AUTH_MISSING_TOKEN = "auth_missing_token"
    AUTH_INVALID_TOKEN = "auth_invalid_token"
    AUTH_EXPIRED_TOKEN = "auth_expired_token"
    INVALID_CREDENTIALS = "invalid_credentials"
    WRONG_PASSWORD = "wrong_password"
    NO_PASSWORD = "no_password"
    RESET_TOKEN_INVALID = "reset_token_invalid"
    RESET_TOKEN_EXPIRED = "reset_token_expired"
    SIGN_IN_LOCKED = "sign_in_locked"
    SIGN_IN_BUSY = "sign_in_busy"
    ACCOUNT_INACTIVE = "account_inactive"
    ACCOUNT_EXISTS = "account_exists"
    TENANT_REQUIRED = "tenant_required"
    TENANT_UNKNOWN = "tenant_unknown"
    TENANT_MISMATCH = "tenant_mismatch"
    FORBIDDEN = "forbidden"
    ONBOARDING_REQUIRED = "onboarding_required"
    NOT_FOUND = "not_found"
    RUN_NOT_FOUND = "run_not_found"
    PROFILE_NOT_FOUND = "profile_not_found"
    SUGGESTION_NOT_FOUND = "suggestion_not_found"
    ASSIGNEE_NOT_FOUND = "assignee_not_found"
    UNKNOWN_FLOW = "unknown_flow"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    REQUEST_TIMEOUT = "request_timeout"
    STATE_MISMATCH = "state_mismatch"
    ONBOARDING_ALREADY_COMPLETE = "onboarding_already_complete"
    RUN_ABANDONED = "run_abandoned"
    ANOTHER_RUN_OPEN = "another_run_open"
    REMINDERS_OFF = "reminders_off"
    REMINDED_RECENTLY = "reminded_recently"
    EMAIL_TAKEN = "email_taken"
    AWS_ACCOUNT_EXISTS = "aws_account_exists"
    OWN_ROLE = "own_role"
    LAST_ADMIN = "last_admin"
    INVITATION_NOT_FOUND = "invitation_not_found"
    INVITATION_OTHER_EMAIL = "invitation_other_email"
    INVITATION_USED = "invitation_used"
    INVITATION_EXPIRED = "invitation_expired"
    INVITATION_REVOKED = "invitation_revoked"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    REQUEST_IN_PROGRESS = "request_in_progress"
    TURN_IN_PROGRESS = "turn_in_progress"
    NOT_TAKEN_OVER = "not_taken_over"
    SYNC_IN_PROGRESS = "sync_in_progress"
    ITEMS_NOT_APPROVED = "items_not_approved"
    ITEMS_NEED_ATTENTION = "items_need_attention"
    NOTHING_TO_SYNC = "nothing_to_sync"
    AGENT_NOT_ALLOWED = "agent_not_allowed"
    RUN_EXPIRED = "run_expired"
    SESSION_EXPIRED = "session_expired"
    SESSION_FULL = "session_full"
    KIND_NOT_TAKEN = "kind_not_taken"
    TOO_MANY_SESSIONS = "too_many_sessions"
    VERSION_CONFLICT = "version_conflict"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    RATE_LIMITED = "rate_limited"
    INTERNAL_ERROR = "internal_error"
    WORKFLOW_UNAVAILABLE = "workflow_unavailable"
    DATABASE_UNAVAILABLE = "database_unavailable"
    KEYS_UNAVAILABLE = "keys_unavailable"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    SCAN_REFUSED = "scan_refused"
    IMAGE_UNREADABLE = "image_unreadable"
    IMAGE_NOT_UPLOADED = "image_not_uploaded"
    AI_SERVICE_ERROR = "ai_service_error"
    AI_SERVICE_UNAVAILABLE = "ai_service_unavailable"
    BARCODE_INVALID = "barcode_invalid"
    PRODUCT_NOT_FOUND = "product_not_found"
    LOOKUP_UNAVAILABLE = "lookup_unavailable"
    CSV_UNREADABLE = "csv_unreadable"
    IMPORT_ENDED = "import_ended"
    TOO_MANY_IMPORTS = "too_many_imports"
    CONNECTION_DISABLED = "connection_disabled"
    CONNECTION_NOT_CONNECTED = "connection_not_connected"
    NOT_A_MAILBOX = "not_a_mailbox"
    MAIL_JOB_IN_PROGRESS = "mail_job_in_progress"
    TOO_MANY_DOMAINS = "too_many_domains"
    TOO_MANY_CONNECTIONS = "too_many_connections"
    NO_ACCOUNT_TO_CHOOSE = "no_account_to_choose"
    REAUTH_REQUIRED = "reauth_required"
    CHOOSE_ACCOUNT = "choose_account"
    DISCONNECTED = "disconnected"
    SIGNATURE_INVALID = "signature_invalid"
    WEBHOOK_NOT_CONFIGURED = "webhook_not_configured"


_WAIT = {Code.REQUEST_IN_PROGRESS, Code.TURN_IN_PROGRESS}
"""Conflicts that pass by themselves."""


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong: `errors` names every failing field, `retryable` says whether trying again may help.

    `onboarding_progress` stands in each `onboarding_required`, also as null before the start.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: Code
    errors: list[FieldError]
    request_id: str | None
    retryable: bool
    current_state: int | None = None
    requirements: Requirements | None = None
    onboarding_progress: int | UnsetType | None = UNSET


class ProblemError(Exception):
    """An error that already knows how it is told.

    Args:
        status: the HTTP status.
        code: the stable code.
        detail: one sentence for people; never anything internal.
        errors: every failing field.
        headers: for example `Retry-After`.
        extra: fields of `Problem` beyond these.
    """

    def __init__(
        self,
        status: int,
        code: Code,
        detail: str,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(code.value)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        self.extra = extra


def problem_at(path: str, error: ProblemError) -> Problem:
    """What a request to this path is told of an error."""
    context = current_request.get()
    return Problem(
        type=f"urn:gangway:problem:{error.code.value}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        detail=error.detail,
        instance=path,
        code=error.code,
        errors=list(error.errors),
        request_id=context.request_id if context else None,
        retryable=error.status in (408, 429, 502, 503) or error.code in _WAIT,
        **error.extra,
    )


def problem_response(request: Request[Any, Any, Any], error: ProblemError) -> Response[Problem]:
    """The answer to a request that met an error."""
    # The address as a whole is not looked at: its Host may name no place.
    body = problem_at(request.scope["path"], error)
    return Response(body, status_code=error.status, media_type=PROBLEM_JSON, headers=error.headers)


async def send_problem(path: str, error: ProblemError, send: Send) -> None:
    """The same, where the framework is not at hand."""
    body = msgspec.json.encode(problem_at(path, error))
    headers = {"Content-Type": PROBLEM_JSON, "Content-Length": str(len(body)), **error.headers}
    await send(
        {
            "type": "http.response.start",
            "status": error.status,
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})


def internal_error() -> ProblemError:
    """An error of ours, of which nothing is told."""
    detail = "Something went wrong on our side. Quote the request id when you ask about it."
    return ProblemError(500, Code.INTERNAL_ERROR, detail)

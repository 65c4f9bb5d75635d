"""The one table from errors to problems."""

from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from api import phones
from api.deps import not_for_repeats
from api.gateway import RefusedByRun, RunClosed, WorkflowsUnavailable
from api.paging import cursor_error
from api.parameters import also_wrong, field_error
from api.passwords import TooBusy
from api.problems import Code, Problem, ProblemError, internal_error, problem_response
from api.tokens import unauthorised
from db.aws_accounts import AwsAccountExists
from db.capture_sessions import SessionEnded, SessionNotFound, TooManySessions
from db.captures import CaptureItemNotFound, KindNotTaken, SessionFull
from db.chat import MessageIdReused, TurnInProgress
from db.connections import TooManyConnections
from db.images import ImageGone
from db.invitations import (
    InvitationExpired,
    InvitationNotFound,
    InvitationRevoked,
    InvitationUsed,
    RoleAbove,
)
from db.item_lists import ItemNotFound
from db.orders import ConnectionGone
from db.pool import DatabaseUnavailable
from db.runs import PersonGone, PredecessorOpen
from db.suggestions import SuggestionNotFound
from db.tasks import AssigneeNotFound, TaskNotFound
from db.tenant import CallerChanged, Deactivated, PhoneRefused, RoleChanged, SignedOut
from db.users import EmailTaken, LastAdmin, OwnRole, UserNotFound
from onboarding.errors import GangwayError, Refused, RunNotFound, UnknownFlow
from onboarding.payloads import Refusal
from runtime.health import RETRY_AFTER_SECONDS
from runtime.pictures import ImageUnreadable
from runtime.storage import StorageUnavailable
from runtime.wrapping import KeysUnavailable

log = structlog.get_logger()

STATUS_OF: dict[str, int] = {
    "validation_error": 400,
    "state_not_optional": 400,
    "onboarding_incomplete": 400,
    "state_mismatch": 409,
    "onboarding_already_complete": 409,
    "run_abandoned": 409,
    "another_run_open": 409,
    "reminders_off": 409,
    "reminded_recently": 429,
    "run_expired": 410,
    "version_conflict": 412,
}
"""The HTTP status of each refusal."""


OUTSIDE_THE_RULES: dict[type[GangwayError], tuple[int, Code, str]] = {
    RunNotFound: (404, Code.RUN_NOT_FOUND, RunNotFound.detail),
    UnknownFlow: (404, Code.UNKNOWN_FLOW, UnknownFlow.detail),
    AwsAccountExists: (409, Code.AWS_ACCOUNT_EXISTS, AwsAccountExists.detail),
    EmailTaken: (409, Code.EMAIL_TAKEN, "This e-mail address has an account."),
    OwnRole: (403, Code.OWN_ROLE, OwnRole.detail),
    LastAdmin: (409, Code.LAST_ADMIN, LastAdmin.detail),
    RoleAbove: (403, Code.FORBIDDEN, RoleAbove.detail),
    InvitationNotFound: (404, Code.INVITATION_NOT_FOUND, InvitationNotFound.detail),
    InvitationUsed: (409, Code.INVITATION_USED, InvitationUsed.detail),
    InvitationExpired: (410, Code.INVITATION_EXPIRED, InvitationExpired.detail),
    InvitationRevoked: (410, Code.INVITATION_REVOKED, InvitationRevoked.detail),
    TurnInProgress: (409, Code.TURN_IN_PROGRESS, TurnInProgress.detail),
    MessageIdReused: (409, Code.IDEMPOTENCY_KEY_REUSED, MessageIdReused.detail),
    SuggestionNotFound: (404, Code.SUGGESTION_NOT_FOUND, SuggestionNotFound.detail),
    TaskNotFound: (404, Code.NOT_FOUND, TaskNotFound.detail),
    ItemNotFound: (404, Code.NOT_FOUND, ItemNotFound.detail),
    AssigneeNotFound: (404, Code.ASSIGNEE_NOT_FOUND, AssigneeNotFound.detail),
    ImageGone: (404, Code.NOT_FOUND, ImageGone.detail),
    ImageUnreadable: (400, Code.IMAGE_UNREADABLE, ImageUnreadable.detail),
    StorageUnavailable: (503, Code.STORAGE_UNAVAILABLE, StorageUnavailable.detail),
    SessionNotFound: (404, Code.NOT_FOUND, SessionNotFound.detail),
    CaptureItemNotFound: (404, Code.NOT_FOUND, CaptureItemNotFound.detail),
    SessionEnded: (410, Code.SESSION_EXPIRED, SessionEnded.detail),
    SessionFull: (409, Code.SESSION_FULL, SessionFull.detail),
    KindNotTaken: (409, Code.KIND_NOT_TAKEN, KindNotTaken.detail),
    TooManySessions: (409, Code.TOO_MANY_SESSIONS, TooManySessions.detail),
    TooManyConnections: (409, Code.TOO_MANY_CONNECTIONS, TooManyConnections.detail),
    ConnectionGone: (409, Code.DISCONNECTED, ConnectionGone.detail),
    # Deleted while their request was under way; the next one meets the same answer at the door.
    UserNotFound: (401, Code.AUTH_INVALID_TOKEN, "The access token is not valid."),
    PersonGone: (401, Code.AUTH_INVALID_TOKEN, "The access token is not valid."),
    # It closed twice between being found and being asked.
    RunClosed: (503, Code.WORKFLOW_UNAVAILABLE, RunClosed.detail),
    PredecessorOpen: (503, Code.DATABASE_UNAVAILABLE, "An earlier change is still being written."),
}
"""How errors are told that are no refusals."""


MEANWHILE: dict[type[CallerChanged], tuple[int, Code, str]] = {
    SignedOut: (401, Code.AUTH_INVALID_TOKEN, SignedOut.detail),
    Deactivated: (403, Code.ACCOUNT_INACTIVE, Deactivated.detail),
    RoleChanged: (403, Code.FORBIDDEN, RoleChanged.detail),
}
"""What a caller is told who is no longer who they were when their request began."""


def of_refusal(refusal: Refusal) -> ProblemError:
    """A refusal that came from the workflow."""
    extra: dict[str, Any] = {}
    if refusal.current_state is not None:
        extra["current_state"] = refusal.current_state
    headers: dict[str, str] = {}
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    code = Code(refusal.code)
    return ProblemError(
        STATUS_OF[refusal.code], code, refusal.detail, errors=refusal.errors, headers=headers, **extra
    )


def unavailable(code: Code, detail: str) -> ProblemError:
    """A dependency is away; the same request may work shortly."""
    return ProblemError(503, code, detail, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _on_problem(request: Request[Any, Any, Any], error: ProblemError) -> Response[Problem]:
    return problem_response(request, error)


def _on_domain_error(request: Request[Any, Any, Any], error: GangwayError) -> Response[Problem]:
    if isinstance(error, Refused):
        return problem_response(request, of_refusal(error.refusal))
    return _told(request, *OUTSIDE_THE_RULES[type(error)])


def _on_changed(request: Request[Any, Any, Any], error: CallerChanged) -> Response[Problem]:
    not_for_repeats(request)
    if isinstance(error, PhoneRefused):
        return problem_response(request, phones.refused(Code.AUTH_INVALID_TOKEN, error.detail))
    return _told(request, *MEANWHILE[type(error)])


def _told(request: Request[Any, Any, Any], status: int, code: Code, detail: str) -> Response[Problem]:
    match status:
        case HTTPStatus.SERVICE_UNAVAILABLE:
            problem = unavailable(code, detail)
        case HTTPStatus.UNAUTHORIZED:
            problem = unauthorised(code, detail)
        case _:
            problem = ProblemError(status, code, detail)
    return problem_response(request, problem)


def _on_database(request: Request[Any, Any, Any], error: DatabaseUnavailable) -> Response[Problem]:
    log.warning("database unavailable", error=type(error.__cause__ or error).__name__)
    return problem_response(request, unavailable(Code.DATABASE_UNAVAILABLE, "The database is away."))


def _on_busy(request: Request[Any, Any, Any], _: TooBusy) -> Response[Problem]:
    return problem_response(request, unavailable(Code.SIGN_IN_BUSY, "Too many sign in now; try again shortly."))


def _on_refused_by_run(request: Request[Any, Any, Any], error: RefusedByRun) -> Response[Problem]:
    return problem_response(request, of_refusal(error.refusal))


def _on_workflows(request: Request[Any, Any, Any], error: WorkflowsUnavailable) -> Response[Problem]:
    log.warning("workflows unavailable", error=type(error.__cause__ or error).__name__)
    return problem_response(request, unavailable(Code.WORKFLOW_UNAVAILABLE, error.detail))


def _on_keys(request: Request[Any, Any, Any], error: KeysUnavailable) -> Response[Problem]:
    log.error("key encryption unavailable", error=str(error))
    return problem_response(request, unavailable(Code.KEYS_UNAVAILABLE, error.detail))


def _on_invalid(request: Request[Any, Any, Any], error: ValidationException) -> Response[Problem]:
    """A path, query or header parameter; bodies are read by `api.body`."""
    details: list[Any] = error.extra if isinstance(error.extra, list) else []
    if any(item.get("key") == "data" for item in details):
        return problem_response(request, ProblemError(400, Code.MALFORMED_JSON, "A JSON body is needed."))
    errors = tuple(field_error(request, item) for item in details) + cursor_error(request)
    named = {each.field for each in errors}
    errors += tuple(each for each in also_wrong(request) if each.field not in named)
    problem = ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=errors)
    return problem_response(request, problem)


_HTTP_CODES: dict[int, tuple[Code, str]] = {
    400: (Code.VALIDATION_ERROR, "The request is not valid."),
    401: (Code.AUTH_INVALID_TOKEN, "Sign in first."),
    403: (Code.FORBIDDEN, "This is not allowed."),
    404: (Code.NOT_FOUND, "There is nothing here."),
    405: (Code.METHOD_NOT_ALLOWED, "This method is not allowed here."),
    413: (Code.PAYLOAD_TOO_LARGE, "The body is too large."),
    415: (Code.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON."),
}


def _on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    code, detail = _HTTP_CODES.get(error.status_code, (Code.INTERNAL_ERROR, "Something went wrong."))
    headers = dict(error.headers or {})
    return problem_response(request, ProblemError(error.status_code, code, detail, headers=headers))


def _on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    log.error("unhandled error", exc_info=error, path=request.scope["path"])
    return problem_response(request, internal_error())


EXCEPTION_HANDLERS: dict[int | type[Exception], Any] = {
    ProblemError: _on_problem,
    GangwayError: _on_domain_error,
    CallerChanged: _on_changed,
    RefusedByRun: _on_refused_by_run,
    WorkflowsUnavailable: _on_workflows,
    DatabaseUnavailable: _on_database,
    KeysUnavailable: _on_keys,
    TooBusy: _on_busy,
    ValidationException: _on_invalid,
    NotFoundException: _on_http,
    MethodNotAllowedException: _on_http,
    HTTPException: _on_http,
    Exception: _on_bug,
}

"""Builds the HTTP application."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from api.admin_runs import AdminRunsController
from api.ai_usage import AdminAiUsageController, AiUsageController
from api.alerts import AlertsController
from api.auth import AuthController
from api.aws_accounts import AwsAccountsController
from api.body import StrictRequest
from api.callbacks import CallbackController
from api.capture_items import CaptureItemsController
from api.capture_page import capture_pages
from api.capture_photos import CapturePhotosController
from api.capture_stream import CaptureStreamController
from api.captures import CaptureSessionsController
from api.config_changes import ConfigChangesController
from api.connection_runs import ConnectionRunsController
from api.connection_webhooks import ConnectionWebhooksController
from api.connections import ConnectionsController
from api.consents import ConsentsController
from api.cors import CrossOrigin
from api.dashboard import DashboardController
from api.deps import Deps, deps_of, message_id_of, principal_of
from api.docs import assets, openapi_config
from api.entry import Entry, tell_limits
from api.erasures import ErasureController, PersonErasureController
from api.errors import EXCEPTION_HANDLERS
from api.event_export import EventExportController
from api.events import EventsController
from api.funnel import FunnelController
from api.general_chat import GeneralChatController
from api.health import HealthController
from api.idempotency import Idempotency
from api.images import ImagesController, ImageUploadsController
from api.imports import ImportsController
from api.industries import IndustriesController
from api.ingest import IngestController
from api.invitations import InvitationsController
from api.items import ItemsController
from api.live import LiveController
from api.lookups import LookupsController
from api.mail_jobs import MailJobsController
from api.monitoring import MonitoringController
from api.onboarding_chat import OnboardingChatController
from api.password_changes import PasswordController
from api.people import MeController
from api.photos import PhotosController
from api.profiles import ProfileController
from api.registration import RegistrationController
from api.request_ids import RequestIds
from api.runs import RunsController
from api.scans import ScansController
from api.schedule import ScheduleController
from api.scrapes import ScrapesController
from api.sessions import SessionsController
from api.staff import StaffController
from api.suggestions import SuggestionFeedbackController, SuggestionsController
from api.syncs import SyncsController
from api.takeout import TakeoutController
from api.task_comments import TaskCommentsController
from api.tasks import EventTasksController, TasksController
from api.tenant import TenantController
from api.users import UsersController
from api.well_known import key_set
from api.wizard import WizardController
from runtime.settings import Settings

Opening = Callable[[Settings], AbstractAsyncContextManager[Deps]]

ANYWHERE = [
    AuthController,
    PasswordController,
    SessionsController,
    RegistrationController,
    MeController,
    UsersController,
    PersonErasureController,
    ErasureController,
    TakeoutController,
    InvitationsController,
    TenantController,
    MonitoringController,
    ConfigChangesController,
    ProfileController,
    ScheduleController,
    OnboardingChatController,
    GeneralChatController,
    AdminRunsController,
    StaffController,
    AiUsageController,
    AdminAiUsageController,
    SuggestionFeedbackController,
    EventsController,
    EventExportController,
    IngestController,
    TasksController,
    TaskCommentsController,
    EventTasksController,
    AwsAccountsController,
    AlertsController,
    ScansController,
    ScrapesController,
    ItemsController,
    SyncsController,
    ImageUploadsController,
    ImagesController,
    CapturePhotosController,
    PhotosController,
    DashboardController,
    FunnelController,
    LookupsController,
    ImportsController,
    CaptureSessionsController,
    CaptureItemsController,
    CaptureStreamController,
    MailJobsController,
    ConnectionsController,
    ConsentsController,
    CallbackController,
    ConnectionRunsController,
    ConnectionWebhooksController,
]
"""Served under `/api/v1` and, for older clients, under `/api`."""

VERSIONED_ONLY = [RunsController, LiveController]
"""Unversioned `/api/onboarding` is the company wizard's."""

UNVERSIONED_ONLY = [IndustriesController, SuggestionsController, WizardController]
"""The company wizard, whose published interface has no version."""


def create_app(settings: Settings, opening: Opening) -> Litestar:
    """The application; what it works with is opened when it starts."""

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with opening(settings) as deps:
            app.state.deps = deps
            yield

    return Litestar(
        route_handlers=[
            Router("/api/v1", route_handlers=[*VERSIONED_ONLY, *ANYWHERE]),
            Router("/api", route_handlers=ANYWHERE, include_in_schema=False),
            Router("/api", route_handlers=UNVERSIONED_ONLY),
            HealthController,
            key_set,
            assets,
            capture_pages(settings),
        ],
        state=State(),
        lifespan=[lifespan],
        request_class=StrictRequest,
        request_max_body_size=settings.body_max_bytes,
        middleware=[Entry(), Idempotency()],
        before_send=[tell_limits],
        exception_handlers=EXCEPTION_HANDLERS,
        dependencies={
            "deps": Provide(deps_of, sync_to_thread=False),
            "principal": Provide(principal_of, sync_to_thread=False),
            "message_id": Provide(message_id_of, sync_to_thread=False),
        },
        cors_config=CORSConfig(
            allow_origins=settings.cors_allowed,
            allow_credentials=True,
            expose_headers=["X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After", "Idempotent-Replayed"],
        )
        if settings.cors_allowed
        else None,
        openapi_config=openapi_config(),
        logging_config=None,
        debug=False,
    )


def outermost(app: Litestar, settings: Settings) -> ASGIApp:
    """What every answer passes through, the framework's own included."""
    return RequestIds(CrossOrigin(app, settings.cors_allowed))  # pyright: ignore

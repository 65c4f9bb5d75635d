"""Builds the HTTP application."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from litestar import Litestar, Router
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from api.ai_usage import AdminAiUsageController, AiUsageController
from api.auth import AuthController
from api.body import StrictRequest
from api.cors import CrossOrigin
from api.deps import Deps, deps_of, message_id_of, principal_of
from api.docs import assets, complete, openapi_config
from api.entry import Entry, tell_limits
from api.erasures import ErasureController, PersonErasureController
from api.errors import EXCEPTION_HANDLERS
from api.general_chat import GeneralChatController
from api.health import HealthController
from api.idempotency import Idempotency
from api.industries import IndustriesController
from api.invitations import InvitationsController
from api.live import LiveController
from api.onboarding_chat import OnboardingChatController
from api.password_changes import PasswordController
from api.people import MeController
from api.profiles import ProfileController
from api.registration import RegistrationController
from api.request_ids import RequestIds
from api.runs import RunsController
from api.schedule import ScheduleController
from api.sessions import SessionsController
from api.staff import StaffController
from api.suggestions import SuggestionFeedbackController, SuggestionsController
from api.takeout import TakeoutController
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
    ProfileController,
    ScheduleController,
    OnboardingChatController,
    GeneralChatController,
    StaffController,
    AiUsageController,
    AdminAiUsageController,
    SuggestionFeedbackController,
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

    app = Litestar(
        route_handlers=[
            Router("/api/v1", route_handlers=[*VERSIONED_ONLY, *ANYWHERE]),
            Router("/api", route_handlers=ANYWHERE, include_in_schema=False),
            Router("/api", route_handlers=UNVERSIONED_ONLY),
            HealthController,
            key_set,
            assets,
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
    complete(app)
    return app


def outermost(app: Litestar, settings: Settings) -> ASGIApp:
    """What every answer passes through, the framework's own included."""
    return RequestIds(CrossOrigin(app, settings.cors_allowed))  # pyright: ignore

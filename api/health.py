"""Whether this process lives, and can do its work."""

from litestar import Controller, Response, get
from litestar.openapi import ResponseSpec
from msgspec import Struct

from api.deps import WithDeps
from runtime.health import RETRY_AFTER_SECONDS, Readiness, readiness


class Alive(Struct, frozen=True):
    """The process answers."""

    alive: bool


class Version(Struct, frozen=True):
    """What is running."""

    git_sha: str


class HealthController(Controller):
    """Health for orchestrators."""

    path = "/"
    tags = ("health",)
    opt = {"entry": "open"}  # noqa: RUF012 - the framework's own way of declaring it

    @get("/livez")
    async def livez(self) -> Alive:
        """The process answers."""
        return Alive(alive=True)

    @get("/readyz", responses={503: ResponseSpec(Readiness, generate_examples=False)})
    async def readyz(self, deps: WithDeps) -> Response[Readiness]:
        """PostgreSQL, Temporal, S3 and the migrations, one line each; 503 when one is away."""
        state = await readiness(deps.checks)
        if state.ready:
            return Response(state)
        return Response(state, status_code=503, headers={"Retry-After": RETRY_AFTER_SECONDS})

    @get("/version")
    async def version(self, deps: WithDeps) -> Version:
        """What is running."""
        return Version(git_sha=deps.settings.git_sha)

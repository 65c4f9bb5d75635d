"""A server of models whose every answer a test decides; real HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

import msgspec
import uvicorn

from cli.stub_ai.__main__ import config
from cli.stub_ai.app import StubApp
from cli.stub_ai.models import MODELS, decide
from cli.stub_ai.reaction import Reaction, Request
from runtime.settings import Settings
from tests.stack import bound, until

Script = Callable[[Request], Reaction] | Iterable[Reaction]


class AiServer:
    """The stub of `gangway dev --stub-ai`, under a test's command.

    Attributes:
        url: the base URL, for `AI_BASE_URL`.
        requests: what was asked, in order.
        script: what it does: a function of the request, or one reaction after the other. By default it is what the
            model's name says (`cli/stub_ai/models.py`).
    """

    def __init__(self, script: Script = decide) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self.script = script

    @property
    def script(self) -> Script:
        return self._script

    @script.setter
    def script(self, script: Script) -> None:
        self._script: Script = script if callable(script) else iter(script)

    def settings(self, models: str = "stub", settings: Settings | None = None, **more: object) -> Settings:
        """Settings that lead here."""
        return msgspec.structs.replace(settings or Settings(), ai_base_url=self.url, ai_models=models, **more)

    def decide(self, request: Request) -> Reaction:
        """Note the request, and do as the script says."""
        self.requests.append(request)
        return self._script(request) if callable(self._script) else next(iter(self._script))


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to pytest."""
        yield


@asynccontextmanager
async def ai_server(script: Script = decide, *, port: int | None = None) -> AsyncGenerator[AiServer]:
    """The server, on a free port, for as long as this is entered."""
    serving = AiServer(script)
    listening = bound(port)
    port = listening.getsockname()[1]
    server = _Server(config(StubApp(serving.decide, MODELS), port))
    task = asyncio.create_task(server.serve([listening]))
    await until(lambda: server.started or task.done())
    serving.url = f"http://127.0.0.1:{port}/v1"
    try:
        yield serving
    finally:
        server.should_exit = True
        await task

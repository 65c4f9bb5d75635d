"""A server of models under the test's command, books, and questions."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from activities.ai.models import Models
from cli.stub_ai.models import decide
from tests.activities.ai.books import Books
from tests.ai_server import AiServer, ai_server

Opened = Callable[[str], Models]


@pytest.fixture(scope="session")
async def one_server() -> AsyncIterator[AiServer]:
    """The server, started once."""
    async with ai_server() as server:
        yield server


@pytest.fixture
def server(one_server: AiServer) -> AiServer:
    """The server as if it had just been started."""
    one_server.requests.clear()
    one_server.script = decide
    return one_server


@pytest.fixture
def books() -> Books:
    """Empty books."""
    return Books()


@pytest.fixture
async def opened(server: AiServer, books: Books) -> AsyncIterator[Opened]:
    """Opens the client with these models on the server, and closes it afterwards."""
    async with AsyncExitStack() as exits:

        def open_models(names: str) -> Models:
            models = Models(server.settings(names), books)
            exits.push_async_callback(models.aclose)
            return models

        yield open_models

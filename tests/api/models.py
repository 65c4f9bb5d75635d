"""The whole of Gangway with a model server that a test decides about."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
from msgspec import Struct
from msgspec.structs import replace
from temporalio.client import Client

from activities.ai.ledger import Books
from activities.ai.models import Models
from cli.embedded import local_client
from db.pool import Database
from runtime.encryption import Keys
from runtime.settings import Settings
from tests.ai_server import AiServer, Script, ai_server
from tests.stack import served
from worker.app import build_worker


class Talking(Struct, frozen=True, kw_only=True):
    """A model server, and a client of the application that asks it."""

    models: AiServer
    client: httpx.AsyncClient
    settings: Settings


@asynccontextmanager
async def talking(
    settings: Settings, temporal: Client, keys: Keys, script: Script, **changes: object
) -> AsyncGenerator[Talking]:
    """A worker and an API of their own, on a queue of their own."""
    async with ai_server(script) as server:
        own = replace(
            server.settings("stub", settings),
            task_queue=f"test-{uuid4()}",
            **{"ai_prices": '{"stub": {"input": 1, "output": 2}}', **changes},
        )
        assert own.database_url
        database = await Database.open(own.database_url, min_size=1, max_size=8)
        books = Books(database, own)
        async with (
            Models(own, books) as models,
            build_worker(temporal, database, keys, books, models, own),
            served(own) as address,
            local_client(base_url=address, timeout=60) as client,
        ):
            yield Talking(models=server, client=client, settings=own)
        await database.close()

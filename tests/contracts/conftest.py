"""People for the tests that send requests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from db.pool import Database
from runtime.settings import Settings
from tests.api.company import found
from tests.stack import Person, sign_up


@pytest.fixture(scope="module")
async def newcomer(api: httpx.AsyncClient) -> Person:
    """Somebody with a run in its middle."""
    person = await sign_up(api)
    await person.saved_until(3)
    return person


@pytest.fixture(scope="module")
async def veteran(api: httpx.AsyncClient) -> Person:
    """Somebody with a profile."""
    person = await sign_up(api)
    await person.completed()
    return person


@pytest.fixture(scope="module")
async def boss(api: httpx.AsyncClient, settings: Settings) -> AsyncIterator[Person]:
    """The admin of a tenant."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=1, max_size=1)
    yield (await found(api, database, settings)).admin
    await database.close()

"""Somebody new for each test."""

import httpx
import pytest

from tests.stack import Person, sign_up


@pytest.fixture
async def person(api: httpx.AsyncClient) -> Person:
    """Somebody who has just registered and signed in."""
    return await sign_up(api)

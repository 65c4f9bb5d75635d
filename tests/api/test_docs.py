"""The documentation page."""

import re

import httpx
import msgspec
import pytest

from tests.contracts.document import exported
from tests.stack import ok


@pytest.mark.parametrize("path", ["/schema", "/schema/", "/schema/swagger"])
async def test_the_page_loads_nothing_from_elsewhere(api: httpx.AsyncClient, path: str) -> None:
    """The page is there for everybody, and every script and style of it comes from here."""
    page = await api.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    loaded = re.findall(r"""<(?:script|link)[^>]+(?:src|href)=["']?([^"'\s>]+)""", page.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/schema/assets/"), address
        asset = await api.get(address)
        assert asset.status_code == 200
        assert len(asset.content) > 500
        assert asset.headers["content-type"].split(";")[0] in {"text/javascript", "text/css", "image/png"}


async def test_the_document(api: httpx.AsyncClient) -> None:
    """The served document is the exported one."""
    assert ok(await api.get("/schema/openapi.json")) == msgspec.json.decode(exported())

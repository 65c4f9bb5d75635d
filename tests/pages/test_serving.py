"""How the pages are served."""

import hashlib
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from api.capture_page import FOLDERS, assets, policy
from runtime.settings import Settings
from runtime.storage import Objects
from tests.pages.standin import StandIn

STATIC = Path(str(files("api").joinpath("static")))
ZXING = FOLDERS[1]


@pytest.fixture
async def client(standin: StandIn) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the server of the pages."""
    async with httpx.AsyncClient(base_url=standin.url) as client:
        yield client


async def test_headers(client: httpx.AsyncClient) -> None:
    """Pages and scripts allow nothing from elsewhere and nothing inline, and tell no address of theirs."""
    for path in ("/capture", f"/capture/{UUID(int=1)}?kind=photo", "/capture/assets/page/reader-worker.js"):
        headers = (await client.get(path)).headers
        parts = headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'"} <= set(parts)
        assert {"frame-ancestors 'none'", "form-action 'none'", "style-src 'self'"} <= set(parts)
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["permissions-policy"].startswith("camera=(self)")
        assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("http://127.0.0.1:8333", "us-east-1"),
        ("https://s3.example.org/files", "us-east-1"),
        (None, "us-east-1"),
        (None, "eu-central-1"),
        (None, "cn-north-1"),
    ],
)
async def test_pictures_come_from_the_storage(endpoint: str | None, region: str) -> None:
    """The one origin beside the own one is that of the addresses that are signed for pictures."""
    settings = Settings(
        s3_endpoint_url=endpoint, s3_region=region, s3_access_key_id="key", s3_secret_access_key="secret"
    )
    link = urlsplit(await Objects(settings).link("a.jpg", "image/jpeg", seconds=60))
    assert f"img-src 'self' blob: data: {link.scheme}://{link.netloc};" in policy(settings)


async def test_types_and_caching(client: httpx.AsyncClient) -> None:
    """Each file has its type; what may change is asked for again with its tag, what has a version never."""
    page = await client.get("/capture/assets/page/phone.js")
    assert page.headers["content-type"] == "text/javascript; charset=utf-8"
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["cache-control"] == "no-cache"
    again = await client.get("/capture/assets/page/phone.js", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await client.get("/capture/assets/page/phone.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == page.content
    assert plain.headers["etag"] != page.headers["etag"]
    wasm = await client.get(f"/capture/assets/{ZXING}/zxing_reader.wasm")
    assert wasm.headers["content-type"] == "application/wasm"
    assert "immutable" in wasm.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "/capture/not-a-session",
        "/capture/assets/page",
        "/capture/assets/page/none.js",
        "/capture/assets/../app.py",
        "/capture/assets/page/..%2f..%2f..%2fapp.py",
        "/capture/assets/..%2f../__init__.py",
        "/capture/assets/page/%2e%2e",
        "/capture/assets/page/%00phone.js",
        "/capture/assets//etc/passwd",
    ],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    """No path leads to a file that is not one of the pages'."""
    request = client.build_request("GET", "/")
    request.url = request.url.copy_with(raw_path=path.encode())
    assert (await client.send(request)).status_code == 404


def test_the_reader_is_the_published_one() -> None:
    """What was taken from npm is unchanged, and the note beside it has its sums, its version and its licences."""
    note = (STATIC / ZXING / "README.md").read_text()
    assert ZXING.removeprefix("zxing-") in note.splitlines()[0]
    for name in ("reader.js", "zxing_reader.wasm"):
        assert hashlib.sha256((STATIC / ZXING / name).read_bytes()).hexdigest() in note
    assert "MIT License" in (STATIC / ZXING / "LICENSE").read_text()
    assert "Apache License" in (STATIC / ZXING / "LICENSE-zxing-cpp").read_text()
    assert f'"../{ZXING}/"' in (STATIC / "page" / "reader-worker.js").read_text()


class _Reading(HTMLParser):
    """What a page refers to, and what stands in it that its policy would forbid."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name, value in attrs if name in ("src", "href") and value]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.inline += [tag] * (tag == "style" or (tag == "script" and "src" not in given))


def test_pages_refer_to_what_is_there() -> None:
    """Every address in a page or an import is a file that is served; nothing is inline or from elsewhere."""
    for page in (STATIC / "page").glob("*.html"):
        reading = _Reading()
        reading.feed(page.read_text())
        assert reading.inline == []
        assert {each.removeprefix("/capture/assets/") for each in reading.addresses} <= set(assets())
    for script in (STATIC / "page").glob("*.js"):
        text = script.read_text()
        imported = re.findall(r'from "\./([^"]+)"', text)
        assert {f"page/{name}" for name in imported} <= set(assets())
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://", text)
        assert len(text.splitlines()) < 200

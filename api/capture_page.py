"""The page for capturing: `/capture/<session>` on the phone, `/capture` on the desktop; plain files, no CDN."""

import gzip
import hashlib
import mimetypes
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from runtime.settings import Settings
from runtime.storage import origin_of

FOLDERS = ("page", "zxing-3.1.4")
"""Of `api/static`. A folder whose name has a version never changes."""

TYPES = {".js": "text/javascript", ".wasm": "application/wasm"}

REVALIDATED = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"


class Asset(Struct, frozen=True, kw_only=True):
    """A file as it is sent."""

    body: bytes
    zipped: bytes
    media_type: str
    etag: str
    cache_control: str


@cache
def assets() -> dict[str, Asset]:
    """All files, by `folder/name`. Whatever is not in here is not served, so no path leads out of the folders."""
    root = files("api").joinpath("static")
    named = [(folder, file) for folder in FOLDERS for file in root.joinpath(folder).iterdir() if file.is_file()]
    return {f"{folder}/{file.name}": _asset(folder, file) for folder, file in named}


def _asset(folder: str, file: Traversable) -> Asset:
    body = file.read_bytes()
    suffix = f".{file.name.rpartition('.')[2]}"
    return Asset(
        body=body,
        zipped=gzip.compress(body, mtime=0),
        media_type=TYPES.get(suffix) or mimetypes.guess_type(file.name)[0] or "text/plain",
        etag=hashlib.sha256(body).hexdigest()[:32],
        cache_control=REVALIDATED if folder == "page" else FOR_EVER,
    )


# In threads: the first request reads and compresses a megabyte.
@get("/", sync_to_thread=True)
def desktop_page(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The page that opens a session and shows what comes in."""
    return _answer("page/desktop.html", request)


@get("/{session_id:uuid}", sync_to_thread=True)
def phone_page(session_id: FromPath[UUID], request: Request[Any, Any, Any]) -> Response[bytes]:  # noqa: ARG001
    """The page that scans. It is the same for every session, which it reads from its own address."""
    return _answer("page/phone.html", request)


@get("/assets/{folder:str}/{name:str}", sync_to_thread=True)
def page_asset(folder: FromPath[str], name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """A script, a style or a picture of the pages."""
    return _answer(f"{folder}/{name}", request)


def capture_pages(settings: Settings) -> Router:
    """The pages, open to everybody: what they show is asked of the API with a token."""
    headers = {
        # Of scripts too: a worker lives under the policy that its own script came with.
        "Content-Security-Policy": policy(settings),
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Router(
        "/capture",
        route_handlers=[desktop_page, phone_page, page_asset],
        opt={"entry": "open"},
        include_in_schema=False,
        response_headers=headers,
    )


def _answer(path: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    asset = assets().get(path)
    if asset is None:
        raise NotFoundException
    is_zipped = "gzip" in request.headers.get("accept-encoding", "")
    etag = f'"{asset.etag}-gzip"' if is_zipped else f'"{asset.etag}"'
    headers = {"Cache-Control": asset.cache_control, "ETag": etag, "Vary": "Accept-Encoding"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(b"", status_code=304, headers=headers)
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.zipped if is_zipped else asset.body, media_type=asset.media_type, headers=headers)


def policy(settings: Settings) -> str:
    """What the pages may load: what is served here, and pictures from the storage where they are kept."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "worker-src 'self'",
            "style-src 'self'",
            f"img-src 'self' blob: data: {origin_of(settings)}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )

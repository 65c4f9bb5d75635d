"""Pictures as they are kept: looked at, turned upright and written anew, so that nothing of the file but what is
seen gets on. Decoding blocks, and eats memory, so it is done in two threads, and what is large one at a time.
"""

import asyncio
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from typing import Any, ClassVar, TypeVar

import structlog
from msgspec import Struct
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from onboarding.errors import GangwayError
from onboarding.images import EXTENSIONS, Kind, real_kind

PIXELS_AT_MOST = 50_000_000
"""More than a phone's camera makes by default; three bytes each when decoded, twice that while it is turned."""

SIDE_AT_MOST = 20_000
LARGE_PIXELS = 16_000_000
PROFILE_BYTES = 128 * 1024
"""Of a colour profile; a camera's has a few hundred to four thousand."""

THUMBNAIL_SIDE = 320
THUMBNAIL_KIND = "image/webp"
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
_QUALITY = 90
_T = TypeVar("_T")

_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="pictures")
_large = threading.Lock()
log = structlog.get_logger()


class ImageUnreadable(GangwayError):
    """It is no picture, a damaged one, or too large a one to be decoded."""

    code: ClassVar[str] = "image_unreadable"
    detail: ClassVar[str] = "The picture cannot be read."


class OtherKind(ImageUnreadable):
    """It is a picture, of another kind than it is said to be."""

    detail: ClassVar[str] = "The picture is of another type than it is said to be."


class Picture(Struct, frozen=True, kw_only=True):
    """A picture to be stored, with its small copy. `width` and `height` are those of how it is seen."""

    content: bytes
    thumbnail: bytes
    kind: Kind
    width: int
    height: int

    @property
    def extension(self) -> str:
        """Of its file."""
        return EXTENSIONS[self.kind]


async def cleaned(content: bytes, declared: Kind) -> Picture:
    """A picture without anything that its maker did not mean to show: no place, no camera, no comments.

    The first of several frames counts. Orientation is worked into the pixels; the colour profile stays.

    Raises:
        ImageUnreadable: see there.
        OtherKind: it is not what it is said to be.
    """
    kind = real_kind(content[:12])
    if kind is None:
        raise ImageUnreadable
    if kind != declared:
        raise OtherKind
    return await in_thread(lambda: decoded(content, kind, lambda image: _picture(image, kind)))


async def shrunk(content: bytes, kind: Kind, side: int) -> bytes:
    """A picture as a JPEG whose longer side has so many pixels at most.

    Raises:
        ImageUnreadable: see there.
    """

    def small(image: Image.Image) -> bytes:
        fitting = _fitting(ImageOps.exif_transpose(image), side)
        return _written(fitting.convert("RGB"), {"format": "JPEG", "quality": 80})

    return await in_thread(lambda: decoded(content, kind, small))


async def in_thread(call: Callable[[], _T]) -> _T:
    """Do something with a picture where it keeps nobody waiting."""
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


def decoded(content: bytes, kind: Kind, use: Callable[[Image.Image], _T]) -> _T:
    """Decode a picture of this kind, within bounds, and do something with it. Blocks.

    Raises:
        ImageUnreadable: see there.
    """
    _know_heic()
    try:
        with Image.open(io.BytesIO(content), formats=[FORMATS[kind]]) as image:
            width, height = image.size
            # Before anything is decoded: a file of a few bytes may claim any size.
            if not (0 < width <= SIDE_AT_MOST and 0 < height <= SIDE_AT_MOST) or width * height > PIXELS_AT_MOST:
                raise ImageUnreadable
            with _large if width * height > LARGE_PIXELS else nullcontext():
                image.load()
                return use(image)
    except ImageUnreadable:
        raise
    except Exception as error:  # noqa: BLE001 - of bytes that were made to break them, decoders raise anything
        log.info("a picture was not read", kind=kind, error=type(error).__name__)
        raise ImageUnreadable from None


@cache
def _know_heic() -> None:
    """On first use: the library brings two codecs along, which most processes never need."""
    from pillow_heif import register_heif_opener  # pyright: ignore

    register_heif_opener(thumbnails=False, decode_threads=1)


def _picture(image: Image.Image, kind: Kind) -> Picture:
    options: dict[str, Any] = {"format": FORMATS[kind], **_profile(image)}
    if kind == "image/heic":
        options["format"] = FORMATS["image/jpeg"]
    if isinstance(image, JpegImageFile):
        # As coarse as it was, no coarser: neither does it grow.
        options |= {"qtables": image.quantization, "subsampling": get_sampling(image)}
    elif options["format"] != "PNG":
        options |= {"quality": _QUALITY}
    upright = _upright(image, options)
    stored: Kind = "image/jpeg" if kind == "image/heic" else kind
    return Picture(
        content=_written(upright, options),
        thumbnail=_thumbnail(upright, _profile(image)),
        kind=stored,
        width=upright.width,
        height=upright.height,
    )


def _upright(image: Image.Image, options: dict[str, Any]) -> Image.Image:
    """As it is seen, in a mode that its format has; of what its file said beside the pixels only transparency."""
    turned = ImageOps.exif_transpose(image)
    turned.info = {name: value for name, value in image.info.items() if name == "transparency"}
    if options["format"] == "JPEG" and turned.mode not in ("L", "RGB"):
        if turned.mode == "CMYK":
            # What tells how these are seen is of no use for other colours.
            for name in ("icc_profile", "qtables", "subsampling"):
                options.pop(name, None)
            options["quality"] = _QUALITY
        return turned.convert("RGB")
    return turned


def _profile(image: Image.Image) -> dict[str, bytes]:
    profile = image.info.get("icc_profile")
    return {"icc_profile": profile} if isinstance(profile, bytes) and 0 < len(profile) <= PROFILE_BYTES else {}


def _written(image: Image.Image, options: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    image.save(file, **options)
    return file.getvalue()


def _thumbnail(image: Image.Image, profile: dict[str, bytes]) -> bytes:
    if image.mode == "CMYK":
        profile = {}
    return _written(_fitting(image, THUMBNAIL_SIDE), {"format": "WEBP", "quality": 80, **profile})


def _fitting(image: Image.Image, side: int) -> Image.Image:
    """Into a square of so many pixels; what is smaller stays as it is."""
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    scale = min(side / image.width, side / image.height, 1.0)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)

"""Pictures for tests: drawn here, with what phones write beside them, and broken on purpose."""

import io
import random
import struct
import zlib
from typing import Any

import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

PLACE = b"48 51 29.6 N"
"""Of the camera, as it is hidden in texts of a file."""

GPS, ORIENTATION = 0x8825, 0x0112


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """A picture whose upper left corner is red, on white."""
    picture = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 2 - 1, height // 2 - 1), fill="red")
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """As a file."""
    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    file = io.BytesIO()
    picture.save(file, format=kind, **options)
    return file.getvalue()


def told(orientation: int = 1) -> Image.Exif:
    """EXIF as a phone writes it: how it was held, its name, and where."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "A phone"
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    return exif


def opened(content: bytes) -> Image.Image:
    """What a file shows, to whoever opens it."""
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


def barcode(text: str, kind: str, *, scale: int = 3) -> Image.Image:
    """A barcode as it is printed, with paper around it."""
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    pixels = memoryview(zxingcpp.write_barcode_to_image(code, scale=scale))
    printed = Image.frombytes("L", (pixels.shape[1], pixels.shape[0]), bytes(pixels))
    paper = Image.new("L", (printed.width + 120, printed.height + 120), 255)
    paper.paste(printed, (60, 60))
    return paper


def photographed(
    paper: Image.Image, *, turn: float = 0, blur: float = 0, noise: int = 0, dark: int = 0
) -> Image.Image:
    """Paper as a camera sees it: leaning, out of focus, grainy, in bad light; the same each time."""
    seen = paper.rotate(turn, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    seen = seen.filter(ImageFilter.GaussianBlur(blur)) if blur else seen
    dice = random.Random(7)
    if noise:
        grain = Image.frombytes("L", seen.size, dice.randbytes(seen.width * seen.height))
        seen = Image.blend(seen, grain, noise / 100)
    return seen.point(lambda value: max(value - dark, 0)) if dark else seen

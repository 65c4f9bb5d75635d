"""Barcodes in a picture, read here: no model is asked, and nothing leaves the house."""

import zxingcpp
from PIL import Image

from onboarding.gtin import CODE_CHARACTERS, read_code
from onboarding.images import Kind
from onboarding.photos import Barcode
from runtime.pictures import decoded, in_thread

SIDE_AT_MOST = 2000
"""Pixels of what is looked at: a code that needs more than that is not in the middle of the picture."""

TURNS = (0, 30, 60)
"""Degrees. Codes that lie are found at any; bars that lean more than some fifteen are not, so they are turned."""

CODES_AT_MOST = 20

_NAMES = {
    "EAN-13": "ean_13",
    "EAN-8": "ean_8",
    "UPC-A": "upc_a",
    "UPC-E": "upc_e",
    "Code 128": "code_128",
    "Code 39": "code_39",
    "Code 93": "code_93",
    "Codabar": "codabar",
    "ITF": "itf",
    "ITF-14": "itf_14",
    "QR Code": "qr_code",
    "Data Matrix": "data_matrix",
    "PDF417": "pdf417",
    "Aztec Code": "aztec",
    "DataBar": "databar",
}


async def barcodes_in(content: bytes, kind: Kind) -> tuple[Barcode, ...]:
    """What is printed on things in a picture, each code once.

    Raises:
        ImageUnreadable: see there.
    """
    return await in_thread(lambda: decoded(content, kind, _read))


def _read(image: Image.Image) -> tuple[Barcode, ...]:
    scale = min(SIDE_AT_MOST / max(image.size), 1.0)
    size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
    grey = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0) if scale < 1 else image
    grey = _on_white(grey)
    for turn in TURNS:
        turned = grey.rotate(turn, expand=True, fillcolor=255) if turn else grey
        # At half the size, grain is gone that breaks bars, or makes others of them.
        for looked_at in (turned, turned.reduce(2)):
            found = zxingcpp.read_barcodes(looked_at)
            if found and not _contradict(found):
                codes = [_barcode(each) for each in found[:CODES_AT_MOST] if 0 < len(each.text) <= CODE_CHARACTERS]
                return tuple({(code.format, code.text): code for code in codes}.values())
    return ()


def _contradict(found: list[zxingcpp.Barcode]) -> bool:
    """Whether the same bars were read in two ways: one check digit in a hundred is right by chance."""
    for place, code in enumerate(found):
        middle = _middle(code)
        if any(other.text != code.text and _is_inside(middle, other) for other in found[:place]):
            return True
    return False


def _corners(code: zxingcpp.Barcode) -> list[zxingcpp.Point]:
    at = code.position
    return [at.top_left, at.top_right, at.bottom_right, at.bottom_left]


def _middle(code: zxingcpp.Barcode) -> tuple[float, float]:
    corners = _corners(code)
    return sum(corner.x for corner in corners) / 4, sum(corner.y for corner in corners) / 4


def _is_inside(point: tuple[float, float], code: zxingcpp.Barcode) -> bool:
    """Roughly: bars are read along a few lines, of which no two readings need take the same."""
    xs, ys = [corner.x for corner in _corners(code)], [corner.y for corner in _corners(code)]
    around = max(max(xs) - min(xs), max(ys) - min(ys)) / 8
    x, y = point
    return min(xs) - around <= x <= max(xs) + around and min(ys) - around <= y <= max(ys) + around


def _on_white(image: Image.Image) -> Image.Image:
    """In shades of grey; what is transparent is paper."""
    if image.has_transparency_data:
        above = image.convert("RGBA")
        image = Image.new("RGBA", above.size, "white")
        image.alpha_composite(above)
    return image.convert("L")


def _barcode(found: zxingcpp.Barcode) -> Barcode:
    name = _NAMES.get(str(found.format)) or str(found.format).lower().replace(" ", "_").replace("-", "_")
    text = found.text
    if name == "ean_13" and text.startswith("0"):
        # The same bars: goods whose number begins with 0 are known by the twelve digits below them.
        name, text = "upc_a", text[1:]
    return Barcode(text=text, format=name, gtin=read_code(text, name).gtin)

"""Barcodes are read from photos as people take them, without asking anybody."""

import io

import pytest
from PIL import Image

from runtime.barcodes import barcodes_in
from runtime.pictures import ImageUnreadable
from tests.pictures import barcode, drawn, photographed, saved

CODES = {
    "UPCA": ("036000291452", "upc_a", "036000291452", "00036000291452"),
    "EAN13": ("4006381333931", "ean_13", "4006381333931", "04006381333931"),
    "EAN8": ("96385074", "ean_8", "96385074", "00000096385074"),
    "UPCE": ("04252614", "upc_e", "0042100005264", "00042100005264"),
    "Code128": ("SN-1234/7", "code_128", "SN-1234/7", None),
    "QRCode": ("https://example.org/p/1", "qr_code", "https://example.org/p/1", None),
}
"""By name: what is drawn, and what is read of it: format, text and GTIN."""

CONDITIONS = {
    "straight": {},
    "leaning": {"turn": 12},
    "lying": {"turn": 90},
    "upside down": {"turn": 180},
    "aslant": {"turn": 37},
    "blurred": {"blur": 1.2},
    "grainy": {"noise": 30},
    "dark": {"dark": 120},
    "all of it": {"turn": 8, "blur": 0.8, "noise": 12, "dark": 60},
}


async def read(picture: Image.Image) -> list[tuple[str, str, str | None]]:
    """What is read in a JPEG of it, as a phone saves it."""
    found = await barcodes_in(saved(picture, quality=80), "image/jpeg")
    return [(code.format, code.text, code.gtin) for code in found]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("kind", CODES)
async def test_codes(kind: str, condition: str) -> None:
    """Each kind is read in each condition, with the number of the trade where it is one."""
    drawn_as, *expected = CODES[kind]
    seen = photographed(barcode(drawn_as, kind, scale=4), **CONDITIONS[condition])  # type: ignore[arg-type]
    assert await read(seen) == [tuple(expected)]


async def test_several() -> None:
    """All codes in a picture are told, each once."""
    codes = [barcode(CODES[kind][0], kind) for kind in ("EAN13", "Code128", "QRCode", "EAN13")]
    paper = Image.new("L", (max(code.width for code in codes), sum(code.height for code in codes)), 255)
    for place, code in enumerate(codes):
        paper.paste(code, (0, sum(each.height for each in codes[:place])))
    assert sorted(each[0] for each in await read(paper)) == ["code_128", "ean_13", "qr_code"]


async def test_in_a_large_photo() -> None:
    """A code that is a part of a photo of twelve megapixels is read."""
    photo = Image.new("L", (4000, 3000), 200)
    code = barcode("4006381333931", "EAN13", scale=8)
    photo.paste(code, (1200, 900))
    assert await read(photo) == [("ean_13", "4006381333931", "04006381333931")]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1"])
async def test_modes(mode: str) -> None:
    """Black on nothing, as apps draw codes, is black on white."""
    code = barcode("4006381333931", "EAN13")
    given = code.convert("1" if mode == "1" else mode)
    if mode in ("RGBA", "LA"):
        given = Image.new(mode, code.size)
        given.putalpha(code.point(lambda value: 255 - value))
    file = io.BytesIO()
    given.save(file, "PNG")
    assert [each.text for each in await barcodes_in(file.getvalue(), "image/png")] == ["4006381333931"]


async def test_none() -> None:
    """A photo without a code has none, and what is no photo is unreadable."""
    assert await read(drawn(400, 300)) == []
    with pytest.raises(ImageUnreadable):
        await barcodes_in(b"\xff\xd8\xff nothing", "image/jpeg")

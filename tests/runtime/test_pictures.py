"""Pictures are looked at before they are kept, and nothing but what they show is kept of them."""

import asyncio

import pytest
from PIL import Image

from onboarding.images import Kind
from runtime.pictures import THUMBNAIL_SIDE, ImageUnreadable, OtherKind, cleaned
from tests.pictures import GPS, ORIENTATION, PLACE, drawn, opened, png_claiming, saved, told

FORMATS: dict[Kind, str] = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}


def is_red(picture: Image.Image, x: int, y: int) -> bool:
    """Whether a pixel is, as far as compressed ones can be."""
    red, green, blue = picture.convert("RGB").getpixel((x, y))  # type: ignore[misc]
    return red > 180 and green < 90 and blue < 90  # type: ignore[operator]


@pytest.mark.parametrize("kind", FORMATS)
async def test_what_is_kept(kind: Kind) -> None:
    """Each kind is kept as what it shows; HEIC becomes JPEG, and a small copy fits into 320 pixels."""
    picture = await cleaned(saved(drawn(800, 500), FORMATS[kind]), kind)
    stored = opened(picture.content)
    assert (picture.width, picture.height, stored.size) == (800, 500, (800, 500))
    assert picture.kind == ("image/jpeg" if kind == "image/heic" else kind)
    assert stored.format == FORMATS[picture.kind]
    assert is_red(stored, 10, 10)
    assert not is_red(stored, 790, 490)
    small = opened(picture.thumbnail)
    assert (small.format, small.size) == ("WEBP", (320, 200))
    assert is_red(small, 5, 5)
    assert max(small.size) == THUMBNAIL_SIDE


@pytest.mark.parametrize("kind", FORMATS)
async def test_no_place_and_no_camera(kind: Kind) -> None:
    """Neither coordinates nor the camera's name, comments or XMP are in what is kept, nor in its small copy."""
    xmp = b"<x:xmpmeta><exif:GPSLatitude>" + PLACE + b"</exif:GPSLatitude></x:xmpmeta>"
    options = {} if kind == "image/png" else {"xmp": xmp}
    if kind == "image/jpeg":
        options |= {"comment": b"taken at " + PLACE}
    content = saved(drawn(), FORMATS[kind], exif=told(), **options)
    assert GPS in opened(content).getexif()
    picture = await cleaned(content, kind)
    for kept in (picture.content, picture.thumbnail):
        assert dict(opened(kept).getexif()) == {}
        assert not {"exif", "xmp", "comment"} & opened(kept).info.keys()
        assert PLACE not in kept
        assert b"A phone" not in kept


async def test_texts_of_a_png() -> None:
    """What a PNG says in its texts is not kept."""
    from PIL.PngImagePlugin import PngInfo

    texts = PngInfo()
    texts.add_text("Comment", PLACE.decode())
    texts.add_itxt("XML:com.adobe.xmp", PLACE.decode())
    content = saved(drawn(), "PNG", pnginfo=texts)
    assert PLACE in content
    assert PLACE not in (await cleaned(content, "image/png")).content


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_it_stands_upright(orientation: int) -> None:
    """However the phone was held, the pixels themselves are as they are seen, and nothing says to turn them."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    lying = drawn(80, 60).transpose(back[orientation]) if orientation in back else drawn(80, 60)
    picture = await cleaned(saved(lying, exif=told(orientation), quality=95), "image/jpeg")
    stored = opened(picture.content)
    assert (picture.width, picture.height, stored.size) == (80, 60, (80, 60))
    assert is_red(stored, 5, 5)
    assert not is_red(stored, 70, 50)
    assert ORIENTATION not in stored.getexif()
    assert is_red(opened(picture.thumbnail), 5, 5)


@pytest.mark.parametrize(
    ("mode", "format"),
    [
        ("L", "JPEG"),
        ("CMYK", "JPEG"),
        ("1", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("RGBA", "WEBP"),
    ],
)
async def test_modes(mode: str, format: str) -> None:
    """Pictures in grey, with few colours, deep, for print, or transparent are kept, transparency too."""
    given = drawn(40, 30, "L" if mode == "I;16" else mode)
    given = given.convert("I").point(lambda value: value * 255).convert("I;16") if mode == "I;16" else given
    if mode in ("LA", "RGBA"):
        given.putalpha(100)
    kind: Kind = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}[format]  # type: ignore[assignment]
    picture = await cleaned(saved(given, format), kind)
    assert opened(picture.content).size == (40, 30)
    assert opened(picture.content).has_transparency_data == (mode in ("LA", "RGBA"))
    assert opened(picture.thumbnail).has_transparency_data == (mode in ("LA", "RGBA"))


async def test_a_colour_profile_stays() -> None:
    """How the colours are meant is kept; a profile larger than any camera's is not."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert opened((await cleaned(saved(drawn(), icc_profile=profile), "image/jpeg")).content).info["icc_profile"]
    large = profile + b"\0" * 200_000
    assert (
        "icc_profile" not in opened((await cleaned(saved(drawn(), icc_profile=large), "image/jpeg")).content).info
    )


@pytest.mark.parametrize(
    ("width", "height"), [(30_000, 30_000), (8_000, 8_000), (2**31 - 1, 1), (21_000, 2), (0, 1), (2, 2**30)]
)
async def test_bombs(width: int, height: int) -> None:
    """A file of a few bytes that claims to be huge is refused before it is decoded."""
    with pytest.raises(ImageUnreadable):
        await cleaned(png_claiming(width, height), "image/png")


@pytest.mark.parametrize("kind", FORMATS)
async def test_truncated(kind: Kind) -> None:
    """A file that ends too early is refused wherever it ends, down to its first bytes."""
    whole = saved(drawn(200, 150), FORMATS[kind])
    for end in (3, 12, 40, len(whole) // 4, len(whole) // 2, len(whole) - len(whole) // 8):
        with pytest.raises(ImageUnreadable):
            await cleaned(whole[:end], kind)


@pytest.mark.parametrize("kind", FORMATS)
async def test_damaged(kind: Kind) -> None:
    """A file with bytes changed is refused or shows something; it raises nothing else."""
    import random

    whole, dice = saved(drawn(60, 40), FORMATS[kind]), random.Random(3)
    for _ in range(25):
        broken = bytearray(whole)
        for _ in range(dice.choice((1, 3, 20))):
            broken[dice.randrange(4, len(broken))] = dice.randrange(256)
        try:
            assert (await cleaned(bytes(broken), kind)).content
        except ImageUnreadable:
            continue


@pytest.mark.parametrize("kind", FORMATS)
async def test_another_kind(kind: Kind) -> None:
    """What is a picture of another kind than it is said to be is told apart from what is none."""
    for other in FORMATS.keys() - {kind}:
        with pytest.raises(OtherKind):
            await cleaned(saved(drawn(), FORMATS[kind]), other)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + b"\0" * 40,
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff",
        b"x" * 99,
    ],
)
async def test_no_picture(content: bytes) -> None:
    """What is none of ours is unreadable."""
    with pytest.raises(ImageUnreadable):
        await cleaned(content, "image/jpeg")


async def test_avif_is_no_heic() -> None:
    """Its relative in the same container is not taken for it, whatever it says at the beginning."""
    heic = saved(drawn(), "HEIF")
    with pytest.raises(ImageUnreadable):
        await cleaned(heic[:8] + b"avif" + heic[12:], "image/heic")


@pytest.mark.parametrize(
    "tail", [b"<script>alert(1)</script>", b"PK\x03\x04" + b"\0" * 40, b"<?php system($_GET[0]);"]
)
async def test_polyglots(tail: bytes) -> None:
    """What hangs on to a picture, or hides in its comment, to be taken for something else, does not get on."""
    for kind, content in (
        ("image/jpeg", saved(drawn(), comment=tail) + tail),
        ("image/png", saved(drawn(), "PNG") + tail),
        ("image/webp", saved(drawn(), "WEBP") + tail),
    ):
        assert tail not in (await cleaned(content, kind)).content  # type: ignore[arg-type]


async def test_of_many_frames_the_first() -> None:
    """Of a picture that moves, what it shows first is kept."""
    frames = [drawn(60, 40), Image.new("RGB", (60, 40), "blue")]
    for kind, format in (("image/png", "PNG"), ("image/webp", "WEBP")):
        content = saved(frames[0], format, save_all=True, append_images=frames[1:] * 50, duration=10)
        stored = opened((await cleaned(content, kind)).content)  # type: ignore[arg-type]
        assert getattr(stored, "n_frames", 1) == 1
        assert is_red(stored, 3, 3)
    two = saved(frames[0], "MPO", save_all=True, append_images=frames[1:])
    stored = opened((await cleaned(two, "image/jpeg")).content)
    assert (stored.format, stored.size) == ("JPEG", (60, 40))


async def test_nobody_waits() -> None:
    """While pictures are decoded the loop goes on."""
    content = saved(drawn(2000, 1500), "PNG")
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.005)

    beating = asyncio.create_task(beat())
    await asyncio.gather(*(cleaned(content, "image/png") for _ in range(2)))
    beating.cancel()
    assert beats > 5

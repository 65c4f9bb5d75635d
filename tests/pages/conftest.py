"""A browser without a window, whose camera sees a barcode."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.pages.standin import StandIn, standing_in

EAN_13 = "4006381333931"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ASKING = Callable[..., Awaitable[Page]]

expect.set_options(timeout=60_000)


def chromium() -> str | None:
    """Where a browser is, if there is one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def film(path: Path, code: str) -> Path:
    """What a camera sees that is held over a barcode: two frames, grey, over and over."""
    drawn = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.EAN13).to_image(scale=4)
    height, width = drawn.shape
    frame = Image.new("L", (640, 480), 190)
    frame.paste(Image.frombytes("L", (width, height), bytes(memoryview(drawn))), (90, 120))
    planes = frame.tobytes() + bytes([128]) * (640 * 480 // 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + (b"FRAME\n" + planes) * 2)
    return path


@pytest.fixture(scope="package")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """The browser, once for all tests of the pages."""
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on PATH, and CHROMIUM names none")
    camera = film(tmp_path_factory.mktemp("camera") / "camera.y4m", EAN_13)
    flags = [
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={camera}",
    ]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--headless=new", *flags])
        yield browser
        await browser.close()


@pytest.fixture
async def standin() -> AsyncIterator[StandIn]:
    """A server of one's own."""
    async with standing_in() as standin:
        yield standin


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A browser that has seen nothing yet, of the size of a small phone."""
    context = await browser.new_context(viewport={"width": 360, "height": 640})
    yield context
    await context.close()


@pytest.fixture
async def visit(context: BrowserContext) -> AsyncIterator[ASKING]:
    """Opens an address. At the end no page may have complained: no error, and nothing that its policy forbade."""
    complaints: list[str] = []

    async def opened(url: str) -> Page:
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        await page.goto(url)
        return page

    yield opened
    # The browser itself writes down every answer above 399, and every request without a network.
    unexpected = [text for text in complaints if not text.startswith("Failed to load resource")]
    assert unexpected == []

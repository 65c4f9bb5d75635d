"""The desktop's page in a real browser, against a server that speaks the routes."""

import asyncio
import io
import time

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from tests.pages.conftest import ASKING
from tests.pages.standin import EMAIL, PASSWORD, StandIn
from tests.stack import until


async def _signed_in(standin: StandIn, visit: ASKING) -> Page:
    page = await visit(f"{standin.url}/capture")
    await page.set_viewport_size({"width": 1100, "height": 760})
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    return page


@pytest.fixture
async def desktop(standin: StandIn, visit: ASKING) -> Page:
    """Signed in, with an open session that listens."""
    page = await _signed_in(standin, visit)
    await page.get_by_role("button", name="Open a session").click()
    await expect(page.locator("#live")).to_have_text("Live")
    return page


def _scan(standin: StandIn, code: str) -> None:
    standin.scan({"barcode": code, "client_item_id": f"{code}/{len(standin.scans)}"})


async def test_a_wrong_password(standin: StandIn, visit: ASKING) -> None:
    """Who cannot sign in is told why, and can try again; the password is in no address."""
    page = await visit(f"{standin.url}/capture")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("E-mail or password is wrong.")).to_be_visible()
    await expect(page.get_by_label("Password")).to_be_visible()
    assert not [each for each in standin.arrived if "wrong" in each.url]


async def test_the_code_leads_to_the_session(standin: StandIn, desktop: Page) -> None:
    """What a phone reads from the picture on the screen is the link with its token."""
    shot = await desktop.locator("#qr").screenshot()
    picture = Image.open(io.BytesIO(shot))
    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [standin.link]
    assert await desktop.get_by_label("Link", exact=True).input_value() == standin.link


async def test_captures_appear(standin: StandIn, desktop: Page) -> None:
    """A capture is on the screen within a second, newest first; the same again counts up in its place."""
    took: list[float] = []
    for code in ("A-1", "A-2"):
        started = time.monotonic()
        _scan(standin, code)
        await expect(desktop.locator("#items .code").first).to_have_text(code)
        took.append(time.monotonic() - started)
    assert min(took) < 1  # the machine may stand still for one of them
    _scan(standin, "A-1")
    await expect(desktop.get_by_label("Quantity of A-1")).to_have_value("2")
    await expect(desktop.locator("#items .code")).to_have_text(["A-2", "A-1"])
    await expect(desktop.locator("#count")).to_have_text("2")


async def test_editing(standin: StandIn, desktop: Page) -> None:
    """Name and quantity are changed in place, and what somebody types is not written over by what arrives."""
    _scan(standin, "A-1")
    name = desktop.get_by_label("Name of A-1")
    await name.press_sequentially("Blue m")
    _scan(standin, "A-1")
    await expect(desktop.get_by_label("Quantity of A-1")).to_have_value("2")
    await name.press_sequentially("ug")
    await name.press("Tab")
    item = next(iter(standin.items.values()))
    await until(lambda: item["name"] == "Blue mug")
    await desktop.get_by_label("Quantity of A-1").fill("7")
    await desktop.keyboard.press("Enter")
    await until(lambda: item["quantity"] == 7)
    await name.fill(" ")
    await name.press("Enter")
    await until(lambda: item["name"] is None)
    await desktop.get_by_label("Quantity of A-1").fill("0")
    await desktop.keyboard.press("Enter")
    await expect(desktop.get_by_label("Quantity of A-1")).to_have_value("7")


async def test_one_edit_after_the_other(standin: StandIn, desktop: Page) -> None:
    """Who goes on typing while an edit is under way does not meet their own edit as somebody else's."""
    _scan(standin, "A-1")
    standin.edit_seconds = 0.3
    await desktop.get_by_label("Name of A-1").fill("Mug")
    await desktop.get_by_label("Quantity of A-1").fill("7")
    await desktop.keyboard.press("Enter")
    item = next(iter(standin.items.values()))
    await until(lambda: (item["name"], item["quantity"]) == ("Mug", 7))


async def test_an_edit_that_came_too_late(standin: StandIn, desktop: Page) -> None:
    """Who edits what another device has changed is told, and sees that."""
    _scan(standin, "A-1")
    await expect(desktop.get_by_label("Name of A-1")).to_be_visible()
    next(iter(standin.items.values()))["version"] = 99
    await desktop.get_by_label("Name of A-1").fill("Mug")
    await desktop.keyboard.press("Enter")
    await expect(desktop.get_by_text("changed on another device")).to_be_visible()
    await expect(desktop.get_by_label("Name of A-1")).to_have_value("")


async def test_deleting(standin: StandIn, desktop: Page) -> None:
    """An item is deleted here, or by another device, and goes from the list either way."""
    _scan(standin, "A-1")
    _scan(standin, "A-2")
    await desktop.get_by_role("button", name="Delete A-1").click()
    await expect(desktop.locator("#items .code")).to_have_text(["A-2"])
    standin.note({**standin.items.popitem()[1], "deleted_at": "2026-01-01T00:00:00Z"})
    await expect(desktop.locator("#items .code")).to_have_count(0)
    await expect(desktop.get_by_text("Nothing yet.")).to_be_visible()


async def test_text_is_text(standin: StandIn, desktop: Page) -> None:
    """A code or name that is markup is shown, not run."""
    code = "<img src=x onerror=alert(1)>"
    item = standin.scan({"barcode": code, "client_item_id": "1"})
    standin.note({**standin.items[item["id"]], "name": "<script>alert(1)</script>"})
    await expect(desktop.get_by_text(code)).to_be_visible()
    await expect(desktop.locator("#items img[src=x], #items script")).to_have_count(0)


async def test_a_photo_shows_its_picture(standin: StandIn, desktop: Page) -> None:
    """The picture comes from where its signed address leads, which was asked for with the token."""
    standin.note(standin.made("photo", quantity=1, image_id="0190"))
    picture = desktop.locator("#items img")
    await expect(picture).to_be_visible()
    assert await picture.get_attribute("src") == f"{standin.url}/capture/assets/page/icon.svg"


async def test_the_stream_goes_on(standin: StandIn, context: BrowserContext, desktop: Page) -> None:
    """After the connection was lost the list goes on behind the last change that was seen."""
    _scan(standin, "A-1")
    await expect(desktop.locator("#items .code")).to_have_text(["A-1"])
    standin.hang_up.set()
    await asyncio.sleep(0)
    _scan(standin, "A-2")
    await expect(desktop.locator("#items .code")).to_have_text(["A-2", "A-1"])
    streams = [each for each in standin.arrived if each.url.endswith("/stream")]
    assert streams[-1].headers["last-event-id"] == "1"


async def test_a_reload_resumes(standin: StandIn, visit: ASKING, desktop: Page) -> None:
    """Who signs in again finds the open session and its items; a new link replaces the one that is gone."""
    _scan(standin, "A-1")
    old = standin.token
    await desktop.reload()
    await expect(desktop.get_by_label("Password")).to_be_visible()
    page = await _signed_in(standin, visit)
    await expect(page.locator("#items .code")).to_have_text(["A-1"])
    await expect(page.locator("#qr")).to_be_hidden()
    await page.get_by_role("button", name="New link").click()
    await expect(page.locator("#qr")).to_be_visible()
    assert standin.token != old
    assert await page.get_by_label("Link", exact=True).input_value() == standin.link


async def test_closing(standin: StandIn, desktop: Page) -> None:
    """A session that is closed is gone from the screen, and another can be opened."""
    await desktop.get_by_role("button", name="Close session").click()
    await expect(desktop.get_by_text("This session is over.")).to_be_visible()
    assert not standin.is_open
    await desktop.get_by_role("button", name="Open a session").click()
    await expect(desktop.locator("#qr")).to_be_visible()


async def test_signing_out(standin: StandIn, desktop: Page) -> None:
    """Nothing of the session stays on the screen of who signs out."""
    _scan(standin, "A-1")
    await desktop.get_by_role("button", name="Sign out").click()
    await expect(desktop.get_by_label("Password")).to_be_visible()
    await expect(desktop.get_by_text("A-1")).to_have_count(0)
    assert await desktop.get_by_label("Password").input_value() == ""
    assert await desktop.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"

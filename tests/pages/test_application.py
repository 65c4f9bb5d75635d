"""The pages against the whole application: a phone scans, the desktop shows it."""

import time

import httpx
from playwright.async_api import Browser, expect

from tests.pages.conftest import EAN_13
from tests.stack import PASSWORD, sign_up


async def test_a_scan_shows_on_the_desktop(server: str, browser: Browser) -> None:
    """What a phone that follows the link sees is on the desktop in a second, photos too; what is deleted goes."""
    async with httpx.AsyncClient(base_url=server) as client:
        person = await sign_up(client)
    desk = await browser.new_context(viewport={"width": 1100, "height": 760})
    pocket = await browser.new_context(viewport={"width": 360, "height": 640})
    complaints: list[str] = []
    try:
        desktop, phone = await desk.new_page(), await pocket.new_page()
        for page in (desktop, phone):
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Policy" in said.text else None)
        await desktop.goto(f"{server}/capture")
        await desktop.get_by_label("E-mail").fill(person.email)
        await desktop.get_by_label("Password").fill(PASSWORD)
        await desktop.keyboard.press("Enter")
        await desktop.get_by_role("button", name="Open a session").click()
        await expect(desktop.locator("#live")).to_have_text("Live")

        await phone.goto(await desktop.get_by_label("Link", exact=True).input_value())
        async with phone.expect_request("**/barcodes"):
            await phone.get_by_role("button", name="Start camera").click()
        await expect(desktop.locator("#items .code")).to_have_text([EAN_13])
        await expect(phone.locator("#captured")).to_contain_text("Sent")

        await desktop.get_by_label(f"Name of {EAN_13}").fill("Marker, blue")
        await desktop.keyboard.press("Enter")
        await expect(desktop.get_by_text("Saved.")).to_be_visible()
        await phone.get_by_label("Photos").check()
        await phone.get_by_role("button", name="Take photo").click()
        picture = desktop.locator("#items img").first
        await expect(picture).to_be_visible()
        await expect(picture).to_have_js_property("complete", True)
        assert await picture.evaluate("image => image.naturalWidth") > 0

        await desktop.get_by_role("button", name="Delete Marker, blue").click()
        await expect(desktop.get_by_text("Deleted.")).to_be_visible()
        await phone.get_by_role("button", name="Stop camera").click()
        await phone.get_by_label("Barcodes").check()
        # What the stream says of the deleted item has come by then: it came before these.
        there = ["Photo"]
        took: list[float] = []
        for number in range(3):
            await phone.get_by_label("Or type the code").fill(f"A-{number}")
            started = time.monotonic()
            await phone.keyboard.press("Enter")
            there.insert(0, f"A-{number}")
            await expect(desktop.locator("#items .code")).to_have_text(there)
            took.append(time.monotonic() - started)
        assert min(took) < 1

        await desktop.get_by_role("button", name="Close session").click()
        await expect(desktop.get_by_text("This session is over.")).to_be_visible()
        await phone.get_by_label("Or type the code").fill("A-3")
        await phone.keyboard.press("Enter")
        await expect(phone.get_by_role("alert")).to_contain_text("This session is over.")
        assert complaints == []
    finally:
        await desk.close()
        await pocket.close()

"""The phone's page in a real browser, whose camera sees one barcode, against a server that speaks the routes."""

import io
import re

from litestar import Response
from PIL import Image
from playwright.async_api import BrowserContext, Page, expect

from tests.pages.conftest import ASKING, EAN_13
from tests.pages.standin import StandIn, problem
from tests.stack import until


async def _type(page: Page, code: str) -> None:
    await page.get_by_label("Or type the code").fill(code)
    await page.keyboard.press("Enter")


async def test_a_scan_reaches_the_server_once(standin: StandIn, visit: ASKING) -> None:
    """A code that stays before the camera is sent once, as what it is, by the reader that is shipped."""
    page = await visit(standin.link)
    await page.get_by_role("button", name="Start camera").click()
    await expect(page.get_by_text(f"Captured {EAN_13}.")).to_be_visible()
    await until(lambda: standin.quantities() == {EAN_13: 1})
    await page.wait_for_timeout(2500)  # Longer than it takes to count again what comes back into view.
    assert standin.quantities() == {EAN_13: 1}
    assert len(standin.posts("barcodes")) == 1
    assert '"barcode_type":"ean_13"' in standin.posts("barcodes")[0].body.decode()
    assert [each.url for each in standin.arrived if each.url.endswith("zxing_reader.wasm")]
    await page.get_by_role("button", name="Stop camera").click()
    assert await page.evaluate("document.querySelector('video').srcObject") is None


async def test_the_browsers_own_reader_comes_first(
    standin: StandIn, context: BrowserContext, visit: ASKING
) -> None:
    """Where the browser reads barcodes itself, nothing is loaded for it."""
    await context.add_init_script("""
        globalThis.BarcodeDetector = class {
          static getSupportedFormats = async () => ["ean_13"];
          detect = async () => [{ rawValue: "96385074", format: "ean_8" }];
        }""")
    page = await visit(standin.link)
    await page.get_by_role("button", name="Start camera").click()
    await until(lambda: standin.quantities() == {"96385074": 1})
    assert not [each for each in standin.arrived if "zxing" in each.url]


async def test_the_token_stays_out_of_addresses(standin: StandIn, visit: ASKING) -> None:
    """The token is in no address, no referrer and no history, and a reload does not lose it."""
    page = await visit(standin.link)
    await _type(page, "A-1")
    await until(lambda: standin.quantities() == {"A-1": 1})
    assert standin.token not in page.url
    await page.reload()
    await _type(page, "A-2")
    await until(lambda: standin.quantities() == {"A-1": 1, "A-2": 1})
    for each in standin.arrived:
        assert standin.token not in each.url
        assert "referer" not in each.headers
    assert standin.posts("barcodes")[-1].headers["authorization"] == f"Capture {standin.token}"


async def test_nothing_is_lost_without_a_network(standin: StandIn, context: BrowserContext, visit: ASKING) -> None:
    """What is captured in a cellar outlives the page, is shown as waiting, and is sent once later on."""
    page = await visit(standin.link)
    await context.set_offline(True)
    for code in ("A-1", "A-2", "A-1"):
        await _type(page, code)
    await expect(page.locator("#waiting")).to_contain_text("3 waiting")
    await page.close()
    await context.set_offline(False)
    again = await visit(standin.link)
    await expect(again.locator("#waiting")).to_have_text("All sent")
    assert standin.quantities() == {"A-1": 2, "A-2": 1}


async def test_the_network_comes_back(standin: StandIn, context: BrowserContext, visit: ASKING) -> None:
    """The page sends by itself as soon as the browser is online again."""
    page = await visit(standin.link)
    await context.set_offline(True)
    await _type(page, "A-1")
    await expect(page.locator("#waiting")).to_contain_text("1 waiting")
    await context.set_offline(False)
    await until(lambda: standin.quantities() == {"A-1": 1})
    await expect(page.locator("#waiting")).to_have_text("All sent")


async def test_a_lost_answer_does_not_count_twice(standin: StandIn, visit: ASKING) -> None:
    """What the server took although its answer was lost is sent again under the same id, and counts once."""
    standin.lose_answer = True
    page = await visit(standin.link)
    await _type(page, "A-1")
    await until(lambda: len(standin.posts("barcodes")) == 2)
    await expect(page.locator("#waiting")).to_have_text("All sent")
    assert standin.quantities() == {"A-1": 1}


async def test_too_many_requests(standin: StandIn, visit: ASKING) -> None:
    """After 429 nothing is sent for as long as the server asked, whatever else is captured."""
    standin.refuse.append(problem(429, "rate_limited", "Too many requests.", **{"Retry-After": "6"}))
    page = await visit(standin.link)
    await _type(page, "A-1")
    await expect(page.locator("#waiting")).to_have_text("1 waiting for 6 s")
    await _type(page, "A-2")
    await page.wait_for_timeout(1000)
    assert len(standin.posts("barcodes")) == 1
    await expect(page.locator("#waiting")).to_have_text("All sent", timeout=20_000)
    assert standin.quantities() == {"A-1": 1, "A-2": 1}


async def test_a_full_session(standin: StandIn, visit: ASKING) -> None:
    """What a full session does not take is kept with the reason, and is sent when somebody says so."""
    full = problem(409, "session_full", "The session has 500 barcodes.")
    standin.refuse.append(full)
    page = await visit(standin.link)
    await _type(page, "A-1")
    await expect(page.locator("#captured")).to_contain_text("The session has 500 barcodes.")
    await _type(page, "A-2")
    await until(lambda: standin.quantities() == {"A-2": 1})
    await page.reload()
    await expect(page.locator("#captured")).to_contain_text("The session has 500 barcodes.")
    await page.get_by_role("button", name="Try again").click()
    await until(lambda: standin.quantities() == {"A-2": 1, "A-1": 1})
    await expect(page.get_by_role("button", name="Try again")).to_be_hidden()


async def test_one_bad_code_does_not_hold_up_the_others(
    standin: StandIn, context: BrowserContext, visit: ASKING
) -> None:
    """A batch that is refused is sent one by one, so that only what is wrong with it stays behind."""
    page = await visit(standin.link)
    await context.set_offline(True)
    for code in ("A-1", "A-2", "A-3"):
        await _type(page, code)
    wrong: list[Response[dict[str, object]]] = [problem(400, "barcode_invalid", "The check digit is wrong.")] * 2
    standin.refuse.extend(wrong)
    await context.set_offline(False)
    await until(lambda: standin.quantities() == {"A-2": 1, "A-3": 1})
    await expect(page.locator("#captured")).to_contain_text("The check digit is wrong.")
    await page.get_by_role("button", name="Discard").click()
    await expect(page.locator("#captured li")).to_have_count(2)


async def test_the_session_is_over(standin: StandIn, context: BrowserContext, visit: ASKING) -> None:
    """Whoever goes on in a session that has expired is told so, and what was not sent."""
    page = await visit(standin.link)
    await page.wait_for_load_state("networkidle")  # It has asked whether its link is good.
    standin.is_open = False
    await _type(page, "A-1")
    await expect(page.get_by_role("alert")).to_have_text("This session is over. 1 capture was not sent.")
    await expect(page.get_by_role("button", name="Start camera")).to_be_hidden()
    await page.get_by_role("button", name="Discard").click()
    await expect(page.locator("#captured li")).to_have_count(0)
    later = await visit(standin.link)
    await expect(later.get_by_role("alert")).to_have_text("This session is over.")


async def test_another_link(standin: StandIn, visit: ASKING) -> None:
    """When the link was replaced, captures stay on the phone, and go with the new link."""
    old, new = standin.link, "N" * 43
    page = await visit(old)
    await page.wait_for_load_state("networkidle")
    standin.token = new
    await _type(page, "A-1")
    await expect(page.get_by_role("alert")).to_contain_text("are sent with the new link")
    await page.goto(standin.link)  # The same page, another fragment.
    await until(lambda: standin.quantities() == {"A-1": 1})


async def test_a_link_without_its_token(standin: StandIn, visit: ASKING) -> None:
    """Half a link says so, and asks the server for nothing."""
    page = await visit(standin.link.partition("#")[0])
    await expect(page.get_by_role("alert")).to_contain_text("not complete")
    assert not [each for each in standin.arrived if "/api/" in each.url]


async def test_a_photo(standin: StandIn, visit: ASKING) -> None:
    """A photo of the camera arrives as a JPEG with its id, and so does a file, made smaller."""
    page = await visit(standin.link.replace("barcode", "photo"))
    await page.get_by_role("button", name="Start camera").click()
    await page.get_by_role("button", name="Take photo").click()
    await until(lambda: len(standin.items) == 1)
    body = standin.posts("photos")[0].body
    assert b"\xff\xd8\xff" in body
    assert re.search(rb'name="client_item_id"\r\n\r\n[0-9a-f]{32}\r\n', body)
    assert not standin.posts("barcodes")


async def test_a_chosen_picture(standin: StandIn, visit: ASKING) -> None:
    """A chosen file is made smaller before it is sent; what is no picture is told, not sent."""
    page = await visit(standin.link.replace("barcode", "photo"))
    written = io.BytesIO()
    Image.new("RGB", (2400, 600), "teal").save(written, "png")
    chooser = page.get_by_label("Or choose pictures")
    await chooser.set_input_files({"name": "notes.txt", "mimeType": "image/png", "buffer": b"no picture"})
    await expect(page.get_by_text("This file is not a picture")).to_be_visible()
    await chooser.set_input_files({"name": "huge.png", "mimeType": "image/png", "buffer": written.getvalue()})
    await until(lambda: len(standin.items) == 1)
    picture = standin.posts("photos")[0].body.partition(b"image/jpeg\r\n\r\n")[2]
    assert Image.open(io.BytesIO(picture)).size == (1600, 400)


async def test_without_a_pointer(standin: StandIn, visit: ASKING) -> None:
    """Everything has a name, is reached with the keyboard in the order of reading, and fits a narrow screen."""
    page = await visit(standin.link)
    await expect(page.get_by_role("button", name="Start camera")).to_be_visible()
    reached: list[str] = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    assert reached == ["barcodes", "start", "code", "Add"]
    await page.get_by_label("Barcodes").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_label("Or choose pictures")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await page.evaluate("document.documentElement.lang") == "en"

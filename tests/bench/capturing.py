"""Capture: from the phone to the desktop, pages that take a second each, a long CSV, and a sync that is killed."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from msgspec import Struct

from cli.embedded import until
from onboarding.gtin import check_digit
from tests.bench.load import Sample
from tests.bench.people import People, Person
from tests.bench.report import Target, table, times
from tests.bench.stack import PLENTY, Stack
from tests.scan_service import listening

SESSIONS, SCANS = 50, 10
PAGES, PAGE_SECONDS = 50, 1.0
ROWS = 20_000
SENT = 1000
KILLED_AT = (250, 600)
_PRODUCT = b"""<!doctype html><html><head><title>Mug</title><script type="application/ld+json">
{"@type": "Product", "name": "Mug %d", "offers": {"@type": "Offer", "price": "4.50", "priceCurrency": "EUR"}}
</script></head><body><h1>Mug</h1></body></html>"""


class Capturing(Struct, frozen=True):
    """What was measured. Times in seconds, memory in MB; of the sink, how often each item came."""

    seen: Sample
    scraped_seconds: float
    scraped: int
    import_seconds: float
    imported: int
    import_memory: float
    sync_seconds: float
    at_sink: int
    repeats: int
    kills: int


class Outside:
    """What Gangway talks to: shops whose pages take a second, a catalogue that knows every code, and a sink."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.taken: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """An ASGI application."""
        path: str = scope["path"]
        while (await receive()).get("more_body"):
            pass
        if path.startswith("/page/"):
            await asyncio.sleep(PAGE_SECONDS)
            await _answer(send, 200, b"text/html", _PRODUCT % int(path.rpartition("/")[2]))
        elif path == "/robots.txt":
            await _answer(send, 404, b"text/plain", b"")
        elif path.startswith("/sink"):
            key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
            self.taken[key] += 1
            await asyncio.sleep(0.02)
            await _answer(send, 201, b"application/json", b"{}")
        else:
            await _answer(send, 200, b"application/json", b'{"items": [{"title": "Mug", "brand": "Mill"}]}')


async def _answer(send: Any, status: int, kind: bytes, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


async def measure(folder: Path, *, quick: bool) -> Capturing:
    """On a stack of its own."""
    outside = Outside()
    async with (
        listening(outside) as url,
        Stack(
            folder / "capture",
            capture_limit_per_minute=PLENTY,
            upcitemdb_base_url=url,
            scrape_allow_hosts=url.removeprefix("http://"),
            item_sink_url=f"{url}/sink",
        ) as stack,
    ):
        sessions, rows, sent = (10, 2000, 200) if quick else (SESSIONS, ROWS, SENT)
        (person,) = await People(stack.settings).new(1)
        async with _client(stack, person) as api:
            scraped, scraped_seconds = await _scrape(api, url)
            imported, import_seconds, memory = await _import(stack, api, rows)
            sync_seconds, kills = await _sync(stack, api, outside, sent)
        # Last, since the codes are looked up for long after they were scanned.
        seen = await _phone_to_desktop(stack, sessions)
    return Capturing(
        seen=seen,
        scraped_seconds=scraped_seconds,
        scraped=scraped,
        import_seconds=import_seconds,
        imported=imported,
        import_memory=memory,
        sync_seconds=sync_seconds,
        at_sink=len(outside.taken),
        repeats=sum(outside.taken.values()) - len(outside.taken),
        kills=kills,
    )


@asynccontextmanager
async def _client(stack: Stack, person: Person) -> AsyncGenerator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {person.token}"}
    async with httpx.AsyncClient(
        base_url=f"{stack.url}/api/v1", headers=headers, trust_env=False, timeout=60
    ) as client:
        yield client


async def _phone_to_desktop(stack: Stack, sessions: int) -> Sample:
    """Each desktop has its stream open; each phone scans something new, sees it there, and scans again."""
    began = time.perf_counter()
    found = await asyncio.gather(
        *(_one_session(stack, person, n) for n, person in enumerate(await People(stack.settings).new(sessions)))
    )
    latencies = [seconds for each in found for seconds in each]
    return Sample(latencies=latencies, seconds=time.perf_counter() - began)


async def _one_session(stack: Stack, person: Person, number: int) -> list[float]:
    async with _client(stack, person) as desktop:
        made = (await desktop.post("/capture/sessions", json={})).raise_for_status().json()
        token = made["mobile_barcode_url"].rpartition("#")[2]
        path, phone = f"/capture/sessions/{made['session_id']}", {"Authorization": f"Capture {token}"}
        lines: asyncio.Queue[str] = asyncio.Queue()
        async with desktop.stream("GET", f"{path}/stream") as stream:
            reading = asyncio.create_task(_read(stream, lines))
            await lines.get()  # what there is at the beginning
            found: list[float] = []
            for scan in range(SCANS):
                await asyncio.sleep(random.uniform(0, 1))  # people do not scan in step
                code = _gtin(number * SCANS + scan)
                began = time.perf_counter()
                sent = desktop.post(f"{path}/barcodes", json={"barcode": code}, headers=phone)
                (await sent).raise_for_status()
                while code not in await lines.get():
                    pass
                found.append((time.perf_counter() - began) * 1000)
            reading.cancel()
        return found


async def _read(stream: httpx.Response, lines: asyncio.Queue[str]) -> None:
    async for line in stream.aiter_lines():
        if line.startswith("data:"):
            lines.put_nowait(line)


def _gtin(number: int) -> str:
    digits = f"40{number:010d}"
    return digits + check_digit(digits)


async def _scrape(api: httpx.AsyncClient, url: str) -> tuple[int, float]:
    began = time.perf_counter()
    urls = [f"{url}/page/{n}" for n in range(PAGES)]
    answer = (await api.post("/urls/scrape", json={"urls": urls})).raise_for_status().json()
    ended = await _until(api, f"/urls/jobs/{answer['job_id']}", lambda job: job["status"] == "completed")
    done = sum(result["status"] == "success" for result in ended["results"])
    return done, time.perf_counter() - began


async def _import(stack: Stack, api: httpx.AsyncClient, rows: int) -> tuple[int, float, float]:
    """A CSV from its upload to its end, and the most memory that the worker had meanwhile."""
    lines = ["name,brand,barcode,sku,price,currency,quantity"]
    lines += [
        f'"Mug, {n}",Mill,{_gtin(10_000_000 + n)},M-{n},"1.299,{n % 100:02d}",EUR,{n % 9 + 1}' for n in range(rows)
    ]
    began, peak = time.perf_counter(), [0.0]
    watching = asyncio.create_task(_watch(stack.pids()["worker"], peak))
    file = {"file": ("goods.csv", "\n".join(lines).encode(), "text/csv")}
    made = (await api.post("/imports/csv", files=file)).raise_for_status().json()
    path = f"/imports/{made['import_id']}"
    (await api.post(f"{path}/confirm", json={"mapping": made["suggested_mapping"]})).raise_for_status()
    ended = await _until(api, path, lambda each: each["status"] == "completed")
    seconds = time.perf_counter() - began
    watching.cancel()
    return ended["imported"], seconds, peak[0]


async def _watch(pid: int, peak: list[float]) -> None:
    process = psutil.Process(pid)
    while True:
        peak[0] = max(peak[0], process.memory_info().rss / 1e6)
        await asyncio.sleep(0.05)


async def _sync(stack: Stack, api: httpx.AsyncClient, outside: Outside, sent: int) -> tuple[float, int]:
    """Approve so many items, send them, and kill the worker twice while they are on their way."""
    items: list[str] = []
    cursor = ""
    while len(items) < sent:
        page = (await api.get(f"/items?limit=100&source=csv{cursor}")).raise_for_status().json()
        items += [item["id"] for item in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    for first in range(0, sent, 100):
        body = {"item_ids": items[first : first + 100], "action": "approve"}
        (await api.post("/items/bulk", json=body)).raise_for_status()
    began = time.perf_counter()
    made = (await api.post("/items/sync", json={})).raise_for_status().json()
    kills = 0
    for share in KILLED_AT:
        bound = share * sent // 1000
        await _when(lambda bound=bound: _is(len(outside.taken) >= bound))
        os.kill(stack.pids()["worker"], signal.SIGKILL)
        kills += 1
        await asyncio.sleep(1)  # `gangway dev` sees that it is gone
        await _when(stack.is_ready)
    await _until(api, f"/items/syncs/{made['sync_id']}", lambda sync: sync["status"] == "completed")
    return time.perf_counter() - began, kills


async def _is(holds: bool) -> bool:
    return holds


async def _until(api: httpx.AsyncClient, path: str, holds: Callable[[Any], bool]) -> Any:
    answer: Any = None

    async def asked() -> bool:
        nonlocal answer
        answer = (await api.get(path)).raise_for_status().json()
        return holds(answer)

    await _when(asked)
    return answer


async def _when(holds: Callable[[], Awaitable[bool]], seconds: float = 120) -> None:
    if not await until(holds, seconds, every=0.1):
        raise TimeoutError


def print_capturing(measured: Capturing) -> None:
    """The four promises."""
    table(
        "From the phone to the desktop",
        ("", "p50 ms", "p95 ms", "p99 ms", "per s"),
        [(f"{SESSIONS} sessions at once", *times(measured.seen))],
    )
    table(
        "Other ways in, and the way out",
        ("", "how many", "seconds"),
        [
            (f"pages of {PAGE_SECONDS:.0f} s each", str(measured.scraped), f"{measured.scraped_seconds:.1f}"),
            ("rows of a CSV", str(measured.imported), f"{measured.import_seconds:.1f}"),
            (f"items to a sink, {measured.kills} kills", str(measured.at_sink), f"{measured.sync_seconds:.1f}"),
        ],
    )


def targets_of_capturing(measured: Capturing) -> list[Target]:
    """What page 40 promises."""
    return [
        Target("a scan on the desktop, p95", measured.seen.percentile(95), "ms", 1000),
        Target(f"{PAGES} pages of a second each", measured.scraped_seconds, "s", 12),
        Target(f"{ROWS} rows of a CSV", measured.import_seconds, "s", 20),
        Target("worker memory while they are imported", measured.import_memory, "MB", 300),
    ]


def capturing_as_json(measured: Capturing) -> dict[str, Any]:
    """For the file."""
    return {
        "phone_to_desktop": {"p50_ms": measured.seen.percentile(50), "p95_ms": measured.seen.percentile(95)},
        "scraped": [measured.scraped, measured.scraped_seconds],
        "imported": [measured.imported, measured.import_seconds, measured.import_memory],
        "synced": [measured.at_sink, measured.repeats, measured.sync_seconds, measured.kills],
    }

"""What is understood of an item sink, whatever it answers."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cli.embedded.ports import free_ports
from runtime.item_sink import ANSWER_BYTES, Answer, ItemSink
from runtime.settings import Settings
from tests.item_sink import SinkServer, Told, item_sink

SECONDS = 0.3
"""For a sink that does not answer; one that does has as long as a slow machine takes."""

BIG = b'{"code": "too_big", "x": "' + b"x" * ANSWER_BYTES + b'"}'


@pytest.fixture(scope="module")
async def sink() -> AsyncIterator[SinkServer]:
    """A sink."""
    async with item_sink() as sink:
        yield sink


async def sent(url: str, token: str | None = None, seconds: float = 15.0) -> Answer:
    """What is understood when an item is sent there."""
    settings = Settings(item_sink_url=url, item_sink_token=token)
    async with ItemSink(settings, seconds=seconds).connected() as connected:
        return await connected.send("k", b'{"name": "Mug"}')


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(status=204, body=b""), Answer(kind="taken")),
        (Told(status=422, body=b'{"code": "bad_sku"}'), Answer(kind="refused", code="bad_sku")),
        (Told(status=422, body=b'{"code": "Bad SKU <b>"}'), Answer(kind="refused", code="http_422")),
        (Told(status=400, body=b'[{"code": "x"}]'), Answer(kind="refused", code="http_400")),
        (Told(status=400, body=b"\xff" * 10), Answer(kind="refused", code="http_400")),
        (Told(status=400, body=b"[" * 60_000), Answer(kind="refused", code="http_400")),
        (Told(status=413, body=BIG), Answer(kind="refused", code="http_413")),
        (Told(status=307, headers={"Location": "/elsewhere"}), Answer(kind="refused", code="http_307")),
        (Told(status=403), Answer(kind="shut", code="http_403")),
        (Told(status=500), Answer(kind="again", code="http_500")),
        (Told(status=503), Answer(kind="again", code="http_503", fault="sink")),
        (
            Told(status=429, headers={"Retry-After": "7"}),
            Answer(kind="again", code="http_429", fault="rate", wait_seconds=7),
        ),
        (Told(status=409, headers={"Retry-After": "soon"}), Answer(kind="again", code="http_409")),
        (Told(pause_seconds=2 * SECONDS), Answer(kind="again", code="unreachable", fault="sink")),
    ],
    ids=lambda each: f"{each.status}-{len(each.body)}" if isinstance(each, Told) else each.kind,
)
async def test_answers(sink: SinkServer, told: Told, expected: Answer) -> None:
    """Taken, refused with a code that is one, to be tried again, or shut."""
    sink.script = lambda _: told
    assert await sent(sink.url, seconds=SECONDS if told.pause_seconds else 15.0) == expected


async def test_a_time_to_come_back(sink: SinkServer) -> None:
    """`Retry-After` may be a date; one that has passed is now."""
    for ahead, low, high in ((60, 50, 60), (-60, 0, 0)):
        at = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)
        sink.script = lambda _, at=at: Told(status=429, headers={"Retry-After": at})
        answer = await sent(sink.url)
        assert answer.wait_seconds is not None
        assert low <= answer.wait_seconds <= high


async def test_what_is_sent(sink: SinkServer) -> None:
    """The token stands in the header where there is one, and nowhere else."""
    sink.reset()
    await sent(sink.url)
    await sent(f"{sink.url}/deep/path", "t0ken")
    assert [got.headers.get("authorization") for got in sink.got] == [None, "Bearer t0ken"]
    assert sink.got[0].item == {"name": "Mug"}


async def test_nobody_listens() -> None:
    """A closed port is a sink that is away."""
    assert await sent(f"http://127.0.0.1:{free_ports(1)[0]}") == Answer(
        kind="again", code="unreachable", fault="sink"
    )


async def test_none_is_set() -> None:
    """Without a setting there is nothing to connect to."""
    with pytest.raises(ValueError, match="no item sink"):
        async with ItemSink(Settings()).connected():
            pass

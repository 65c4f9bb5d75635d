"""Posts to a Slack webhook, whatever answers there."""

import logging
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from cli.embedded.ports import free_ports
from runtime import slack
from runtime.settings import Settings
from runtime.slack import Slack, SlackAway, SlackRefused
from tests.slack_server import Answer, SlackServer, endless, hangs_up, nonsense, silence, slack_server, status

SETTINGS = Settings()


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    """A stand-in of Slack."""
    async with slack_server() as server:
        yield server


async def test_posted_once(server: SlackServer, caplog: pytest.LogCaptureFixture) -> None:
    """A message arrives as it is, and no log knows the address."""
    with caplog.at_level(logging.INFO):
        await Slack(SETTINGS).post(server.url, {"text": "a <b> & ñ"})
    assert [(each.path, each.body) for each in server.posts] == [
        ("/services/T0/B0/canary-secret", {"text": "a <b> & ñ"})
    ]
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    ("answer", "reason", "wait"),
    [
        (status(500), "http_500", None),
        (status(503, Retry_After="90"), "http_503", 90.0),
        (status(429, Retry_After="7"), "http_429", 7.0),
        (status(429, Retry_After="99999999999999999999"), "http_429", 3600.0),
        (status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), "http_429", 0.0),
        (status(429, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"), "http_429", 3600.0),
        (status(429, Retry_After="soon"), "http_429", None),
        (status(429, Retry_After="-1"), "http_429", None),
        (hangs_up, "connection_failed", None),
        (nonsense, "connection_failed", None),
        (endless(header=True), "connection_failed", None),
    ],
    ids=[
        *("500", "503", "429", "far too long", "in the past", "far ahead", "no time", "negative"),
        *("hangs up", "nonsense", "endless header"),
    ],
)
async def test_later(server: SlackServer, answer: Answer, reason: str, wait: float | None) -> None:
    """What may be mended is for later, and not before Slack says; an hour is the longest that it may say."""
    server.answers = [answer]
    with pytest.raises(SlackAway, match=rf"^{reason}$") as raised:
        await Slack(SETTINGS).post(server.url, {})
    assert raised.value.wait == wait
    assert len(server.posts) == 1


@pytest.mark.parametrize("code", [301, 307, 400, 403, 404, 410])
async def test_refused_for_good(server: SlackServer, code: int) -> None:
    """A refusal is final, and so is a redirect, which nobody follows."""
    server.answers = [status(code, Location=server.url)]
    with pytest.raises(SlackRefused, match=rf"^http_{code}$"):
        await Slack(SETTINGS).post(server.url, {})
    assert len(server.posts) == 1


async def test_a_huge_answer_is_not_read(server: SlackServer) -> None:
    """How an answer goes on after its status is nobody's business."""
    server.answers = [endless()]
    await Slack(SETTINGS).post(server.url, {})


async def test_silence(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing is not waited for."""
    monkeypatch.setattr(slack, "TIMEOUT_SECONDS", 0.2)
    server.answers = [silence]
    with pytest.raises(SlackAway, match=r"^timeout$"):
        await Slack(SETTINGS).post(server.url, {})


async def test_nobody_there() -> None:
    """A closed port, and a name that leads nowhere."""
    for address in (f"http://127.0.0.1:{free_ports(1)[0]}/x", "https://canary.invalid/x"):
        with pytest.raises(SlackAway, match=r"^not_reachable$"):
            await Slack(SETTINGS).post(address, {})


async def test_tls_is_verified(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not prove its name over TLS is told nothing."""
    monkeypatch.setattr(slack, "CONNECT_SECONDS", 0.2)
    with pytest.raises(SlackAway, match=r"^not_reachable$"):
        await Slack(SETTINGS).post(server.url.replace("http:", "https:"), {})
    assert server.posts == []


@pytest.mark.parametrize(
    "address",
    [
        *(
            "http://example.org/x",
            "http://169.254.169.254/latest",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "file:///x",
        ),
        *(
            "canary",
            "https://",
            "http://[",
            "http://127.0.0.1@example.org/",
            "https://x\x00y/",
            "gopher://127.0.0.1/",
        ),
    ],
)
async def test_not_allowed(address: str) -> None:
    """Only TLS, and plain HTTP to this machine; what is no address is none."""
    with pytest.raises(SlackRefused, match=r"^address_not_allowed$"):
        await Slack(SETTINGS).post(address, {})


async def test_plain_http_is_for_development(server: SlackServer) -> None:
    """Where `APP_URL` is somewhere else, nobody makes Gangway talk to this machine."""
    with pytest.raises(SlackRefused, match=r"^address_not_allowed$"):
        await Slack(replace(SETTINGS, app_url="https://app.example.org")).post(server.url, {})
    assert server.posts == []

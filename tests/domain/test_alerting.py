"""What alerts say: nothing that stands in an event becomes a header, a link, a mention or markup."""

import json
import re
import unicodedata
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from onboarding.alerting import (
    DayFigures,
    EventText,
    Figures,
    Group,
    Notice,
    mail,
    of_day,
    of_event,
    of_hour,
    shown,
    slack,
)

AT = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=300),
    st.lists(
        st.sampled_from(
            [
                *(
                    "\r\n",
                    "\n",
                    "\t",
                    "\x00",
                    "\x1b[31m",
                    "\u202e",
                    "\u2028",
                    "\u200b",
                    "\x85",
                    "`",
                    "```",
                    "*",
                    "_",
                ),
                *(
                    "<!channel>",
                    "<!here|x>",
                    "<@U123>",
                    "<https://x.org|y>",
                    "&lt;!channel&gt;",
                    "@here",
                    "&",
                    "<",
                ),
                *(
                    "Bcc: a@x.org",
                    "=?utf-8?q?=0d=0aBcc:_a=40x.org?=",
                    "http://x.org",
                    "WWW.x.org",
                    "mailto:a@x.org",
                ),
                *(
                    "\ud800",
                    "'",
                    '"',
                    "://",
                    "www",
                    ".",
                    "javascript",
                    ":",
                    "=",
                    "?",
                    "\U0001f468\u200d\U0001f469",
                ),
            ]
        ),
        max_size=40,
    ).map("".join),
)


def an_event(text: str = "x", *, detail: str = "{}", level: int = 4) -> EventText:
    """An event with a text wherever anybody may have put one."""
    return EventText(
        id="0193",
        source=text,
        detail_type=text,
        detail=detail or text,
        severity="critical",
        severity_level=level,
        account="123456789012",
        region=text,
        resources=[text, text],
        run_id=None,
        published_at=AT,
    )


def notices(text: str) -> list[Notice]:
    """Every kind of notice, with this text wherever anybody may have put one."""
    figures = Figures(
        total=123,
        severities={"high": 100, "critical": 23},
        sources=[(text, 123)] * 5,
        groups=[Group(severity="high", source=text, detail_type=text, count=100)] * 10,
    )
    day = DayFigures(events=figures, started=3, completed=2, abandoned=1, ai_cost_micros=1_234_567)
    return [of_event(an_event(text, detail="")), of_hour(AT, figures), of_day(date(2026, 3, 2), day)]


def texts_of(message: dict[str, Any]) -> list[str]:
    """All that Slack shows of a message."""
    return [message["text"], *(block["text"]["text"] for block in message["blocks"])]


@given(HOSTILE)
@example("a\r\nBcc: b@x.org")
@example("=?utf-8?q?=0d=0aBcc:_b=40x.org?=")
def test_a_mail_has_the_headers_that_it_was_given(text: str) -> None:
    """Whatever stands in an event, its mail has one subject of one line, no header more, and short lines."""
    for notice in notices(text):
        subject, body = mail(notice)
        message = EmailMessage()
        message["Subject"] = subject
        message.set_content(body, cte="8bit")
        raw = bytes(message)
        arrived = message_from_bytes(raw, policy=default)
        assert sorted(arrived) == sorted(["Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"])
        assert re.sub(r"\s+", " ", arrived["Subject"]).strip() == re.sub(r"\s+", " ", subject).strip()
        assert arrived["Subject"].strip().startswith("[Gangway] ")
        assert len(subject) <= 200
        assert max(map(len, raw.split(b"\n"))) <= 998


@given(HOSTILE)
def test_nothing_is_invisible_and_nothing_is_a_link(text: str) -> None:
    """No text has a control character, a reversal of direction, or an address to follow."""
    for notice in notices(text):
        subject, body = mail(notice)
        for told in (subject, *body.splitlines(), *"\n".join(texts_of(slack(notice))).split("\n")):
            assert not [c for c in told if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
            assert not re.search(r"(?i)://|www\.|mailto:|javascript:", told)


@given(HOSTILE)
@example("<!channel> <https://x.org|here> `code` *bold*")
def test_slack_sees_no_markup_but_ours(text: str) -> None:
    """No mention, link or entity of an event's making, and its words stand in code, which they cannot leave."""
    for notice in notices(text):
        message = slack(notice)
        assert len(message["blocks"]) <= 50
        assert (message["parse"], message["link_names"]) == ("none", False)
        for told in texts_of(message):
            assert len(told) <= 3000
            assert "<" not in told
            assert ">" not in told
            assert re.fullmatch(r"(?s)([^&]|&(amp|lt|gt);)*", told)
        for block in message["blocks"]:
            assert block["text"]["verbatim"] is True
            outside = re.sub(r"(?s)^```[^`]*```$|`[^`\n]+`", "", block["text"]["text"])
            assert "`" not in outside
            assert re.fullmatch(r"(\*[A-Za-z0-9 -]+\* ?\n?)*", outside), outside
        json.dumps(message).encode("ascii")


@given(HOSTILE, st.integers(1, 300))
def test_shown_is_bounded(text: str, most: int) -> None:
    """Shown text has so many characters at most, and showing it again changes nothing."""
    once = shown(text, most)
    assert len(once) <= most
    assert shown(once, most) == once


def test_quotes_and_tabs_are_legible() -> None:
    """Log lines keep their quotes; tabs, line breaks and colours are spelled out."""
    line = 'level=error msg="can\'t\topen"\n\x1b[31m<b>&\x1b[0m'
    subject, body = mail(of_event(an_event(line)))
    assert subject == '[Gangway] Critical: level=error msg="can\'t\\topen"\\n\\x1b[31m<b>&\\x1b[0m'
    assert subject.partition(": ")[2] in body
    told = texts_of(slack(of_event(an_event(line))))[1]
    assert 'level=error msg="can\'t\\topen"\\n\\x1b[31m&lt;b&gt;&amp;' in told


def test_an_event_is_told_whole() -> None:
    """A mail tells where it happened, when and what; a long detail is cut, in lines."""
    event = an_event("aws.guardduty", detail=json.dumps({"finding": "é" * 100_000}), level=5)
    subject, body = mail(of_event(event))
    assert subject == "[Gangway] Critical: aws.guardduty"
    assert "Severity: critical (5)\nAccount: 123456789012\n" in body
    assert "Happened: 2026-03-02 12:30:00 UTC\nEvent: 0193\n\nDetail:\n" in body
    assert len(body) < 5000


@pytest.mark.parametrize(
    ("notice", "subject", "line"),
    [
        (notices("x")[1], "[Gangway] And 123 more alerts", "Between: 2026-03-02 12:30 to 13:30 UTC"),
        (notices("x")[2], "[Gangway] Report of 2026-03-02", "Runs: 3 started, 2 completed, 1 abandoned"),
        (notices("x")[2], "[Gangway] Report of 2026-03-02", "AI cost: 1.23 USD"),
        (
            notices("x")[2],
            "[Gangway] Report of 2026-03-02",
            "By severity: 23 critical, 100 high, 0 medium, 0 low, 0 unknown",
        ),
        (notices("x")[2], "[Gangway] Report of 2026-03-02", "High: 100 x x (x)"),
    ],
    ids=["digest", "runs", "cost", "severities", "kinds"],
)
def test_figures_are_told(notice: Notice, subject: str, line: str) -> None:
    """Digests and reports tell their figures, zeros too."""
    told, body = mail(notice)
    assert told == subject
    assert line in body.splitlines()

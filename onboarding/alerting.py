"""What an alert says, by mail and in Slack, whatever stands in the event that it is about.

Events come from outside, and anybody may have chosen their words. They are shown on one line, with what cannot be
seen made visible, and cannot become a header, a link, a mention or markup of ours.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from onboarding.ai_money import dollars
from onboarding.monitoring import Severity

SUBJECT_CHARACTERS = 120
FACT_CHARACTERS = 200
DETAIL_CHARACTERS = 4000
LINE_CHARACTERS = 100
SLACK_LINES = 10
SLACK_CHARACTERS = 2600
"""Of one block; Slack takes 3000. Ten facts with their labels are fewer."""

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Programs that show text make links of these by themselves.
_LINKS = re.compile(r"(?i)(www)\.|:(?=//)|(mailto|tel|sms|javascript|data):")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "\u02cb"}
_SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "unknown")


class EventText(Struct, frozen=True, kw_only=True):
    """An event that staff are alerted to; `detail` is the beginning of its JSON."""

    id: str
    source: str
    detail_type: str
    detail: str
    severity: Severity
    severity_level: int
    account: str | None
    region: str | None
    resources: list[str]
    run_id: str | None
    published_at: datetime


class Group(Struct, frozen=True, kw_only=True):
    """Events of one kind, counted."""

    severity: Severity
    source: str
    detail_type: str
    count: int


class Figures(Struct, frozen=True, kw_only=True):
    """Events of an hour or a day: all of them, by severity, by source (most first), and the worst kinds."""

    total: int
    severities: dict[Severity, int]
    sources: list[tuple[str, int]]
    groups: list[Group]


class DayFigures(Struct, frozen=True, kw_only=True):
    """What happened in a tenant in a day."""

    events: Figures
    started: int
    completed: int
    abandoned: int
    ai_cost_micros: int


class Notice(Struct, frozen=True, kw_only=True):
    """What is to be told. The `heading` and the names of `facts` are ours, all else may be anybody's words."""

    heading: str
    subject: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    detail: str = ""


def of_event(event: EventText) -> Notice:
    """An alert to one event."""
    facts = {
        "Source": event.source,
        "Severity": f"{event.severity} ({event.severity_level})",
        "Account": event.account,
        "Region": event.region,
        "Resources": ", ".join(event.resources),
        "Run": event.run_id,
        "Happened": f"{event.published_at:%Y-%m-%d %H:%M:%S} UTC",
        "Event": event.id,
    }
    return Notice(
        heading=event.severity.capitalize(),
        subject=event.detail_type,
        facts=tuple((name, value) for name, value in facts.items() if value),
        detail=event.detail,
    )


def of_hour(since: datetime, figures: Figures) -> Notice:
    """A digest: what came in an hour beyond the alerts that went out one by one."""
    hour = f"{since:%Y-%m-%d %H:%M} to {since + timedelta(hours=1):%H:%M} UTC"
    return Notice(
        heading=f"And {figures.total} more alerts",
        facts=(("Between", hour), ("By severity", _by_severity(figures)), *_sources(figures), *_worst(figures)),
    )


def of_day(day: date, figures: DayFigures) -> Notice:
    """The report of a day."""
    runs = f"{figures.started} started, {figures.completed} completed, {figures.abandoned} abandoned"
    return Notice(
        heading=f"Report of {day}",
        facts=(
            ("Events", str(figures.events.total)),
            ("By severity", _by_severity(figures.events)),
            ("Runs", runs),
            ("AI cost", f"{dollars(figures.ai_cost_micros):.2f} USD"),
            *_sources(figures.events),
            *_worst(figures.events),
        ),
    )


def mail(notice: Notice) -> tuple[str, str]:
    """The subject and the text of a mail."""
    # Not even what looks like an encoded word: mail programs would show what is in it.
    subject = shown(notice.subject, SUBJECT_CHARACTERS).replace("=?", "= ?")
    title = f"{notice.heading}: {subject}" if subject else notice.heading
    lines = [title, ""] + [f"{name}: {shown(value, FACT_CHARACTERS)}" for name, value in notice.facts]
    if notice.detail:
        lines += ["", "Detail:", *_wrapped(shown(notice.detail, DETAIL_CHARACTERS))]
    lines += ["", "--", "Who gets this is set by your admins, in the monitoring settings of Gangway."]
    return f"[Gangway] {title}", "\n".join(lines) + "\n"


def slack(notice: Notice) -> dict[str, Any]:
    """The body of a message to a Slack webhook: all that is not ours stands in code, where nothing is markup."""
    title = shown(notice.subject, SUBJECT_CHARACTERS)
    lines = [f"*{name}* {_code(value)}" for name, value in notice.facts]
    texts = [f"*{notice.heading}*" + (f" {_code(title)}" if title else "")]
    texts += ["\n".join(lines[at : at + SLACK_LINES]) for at in range(0, len(lines), SLACK_LINES)]
    if notice.detail:
        texts.append(f"```{_escaped(shown(notice.detail, SLACK_CHARACTERS), SLACK_CHARACTERS)}```")
    return {
        "text": notice.heading + (f": {_escaped(title, FACT_CHARACTERS)}" if title else ""),
        # `verbatim`: no links and mentions made of plain words.
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}} for text in texts
        ],
        "parse": "none",
        "link_names": False,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def shown(text: str, most: int) -> str:
    """Text on one line of so many characters at most, in which nothing is invisible and nothing becomes a link.

    >>> shown("a\\tb\\x1b[0m http://x.org", 80)
    'a\\\\tb\\\\x1b[0m http[:]//x.org'
    """
    visible = "".join(_visible(character) for character in text[: most + 1])
    safe = _LINKS.sub(lambda found: f"{found[0][:-1]}[{found[0][-1]}]", visible)
    return safe if len(safe) <= most else f"{safe[: most - 1]}…"


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _INVISIBLE:
        return character
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def _code(value: str) -> str:
    return f"`{_escaped(shown(value, FACT_CHARACTERS), FACT_CHARACTERS).strip() or '-'}`"


def _escaped(text: str, most: int) -> str:
    """As Slack wants it, cut between characters and not within `&amp;`."""
    taken: list[str] = []
    left = most
    for part in (_ENTITIES.get(character, character) for character in text):
        left -= len(part)
        if left < 0:
            return "".join([*taken, "…"])
        taken.append(part)
    return "".join(taken)


def _wrapped(text: str) -> list[str]:
    """Mail servers take lines of 998 bytes."""
    return [text[at : at + LINE_CHARACTERS] for at in range(0, len(text), LINE_CHARACTERS)]


def _by_severity(figures: Figures) -> str:
    return ", ".join(f"{figures.severities.get(each, 0)} {each}" for each in _SEVERITIES)


def _sources(figures: Figures) -> tuple[tuple[str, str], ...]:
    return tuple(("Source", f"{count} x {source}") for source, count in figures.sources)


def _worst(figures: Figures) -> tuple[tuple[str, str], ...]:
    return tuple(
        (each.severity.capitalize(), f"{each.count} x {each.detail_type} ({each.source})")
        for each in figures.groups
    )

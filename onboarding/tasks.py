"""Tasks: what they are, and what becomes of an event that somebody is to look into."""

import re
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from onboarding.monitoring import Severity

Status = Literal["open", "in_progress", "closed"]
Priority = Literal["critical", "high", "medium", "low"]

TITLE_MIN, TITLE_MAX = 3, 200
DESCRIPTION_MIN, DESCRIPTION_MAX = 10, 5000
COMMENT_MAX = 2000
"""Characters, by page 60."""

_PRIORITIES: dict[int, Priority] = {0: "low", 1: "low", 2: "medium", 3: "high", 4: "critical", 5: "critical"}
_NAMED_AT_MOST = 20
_CUT = "…"


class EventDetails(Struct, frozen=True, kw_only=True):
    """What an event said when a task was made from it. What staff noted on it is not in here."""

    id: str
    account: str | None
    region: str | None
    source: str
    detail_type: str
    detail: dict[str, Any]
    severity: Severity
    severity_level: int
    resources: list[str]
    run_id: str | None
    published_at: datetime
    created_at: datetime


def priority_of(severity_level: int) -> Priority:
    """How urgent an event of this level is, by page 60.

    >>> [priority_of(level) for level in range(6)]
    ['low', 'low', 'medium', 'high', 'critical', 'critical']
    """
    return _PRIORITIES[severity_level]


def title_of(event: EventDetails) -> str:
    """A title for the task that an event makes: one line without tags."""
    title = _line(f"{event.source}: {event.detail_type}")
    return _shortened(title, TITLE_MAX) if len(title) >= TITLE_MIN else f"Event {event.id}"


def description_of(event: EventDetails) -> str:
    """What the event says, for people to read; as much of it as a description holds."""
    lines = [f"{event.detail_type} from {event.source}, severity {event.severity}, {event.published_at:%F %T %Z}"]
    if event.account or event.region:
        lines.append(f"Account {event.account or 'unknown'}, region {event.region or 'unknown'}")
    if event.resources:
        lines.append("Resources: " + ", ".join(event.resources[:_NAMED_AT_MOST]))
    if event.detail:
        lines += ["", msgspec.json.format(msgspec.json.encode(event.detail)).decode()]
    return _shortened(_printable("\n".join(lines)), DESCRIPTION_MAX)


def _line(text: str) -> str:
    """The text without what a browser could take for a tag, on one line."""
    return " ".join(_printable(text.replace("<", " ").replace(">", " ")).split())


def _printable(text: str) -> str:
    return re.sub(r"[^\S\n]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", " ", text)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + _CUT

"""What the stand-in looks for: words, by category."""

import re
from collections.abc import Iterator
from typing import Any

AROUND = 60
"""Characters before and after a word that are shown with it."""

AT_MOST = 100

RULES: tuple[tuple[str, str, str], ...] = (
    ("legal", "Unlimited liability", r"unlimited liabilit\w+|without limit\w* of liability|indemnif\w+"),
    ("legal", "Penalty", r"penalt(?:y|ies)|liquidated damages|contractual fine"),
    ("legal", "Automatic renewal", r"automatic(?:ally)? renew\w*|tacit renewal"),
    ("legal", "Termination", r"terminat\w+ (?:without|for) (?:cause|notice|convenience)|immediate termination"),
    ("legal", "Exclusivity", r"exclusiv(?:e|ity)|non-compete|non-solicitation"),
    ("financial", "Late payment", r"late payment|overdue|past due|payment default"),
    ("financial", "Price change", r"price increase|unilateral(?:ly)? (?:change|adjust)\w*|surcharge"),
    ("financial", "Advance payment", r"wire transfer|advance payment|gift cards?|bank details (?:have )?changed"),
    ("privacy", "Personal data", r"personal data|passport|social security|date of birth|medical records?"),
    ("security", "Credentials", r"passwords?|api[ _-]?keys?|private keys?|credentials"),
    (
        "security",
        "Phishing",
        r"verify your account|click (?:here|the link) (?:now|immediately)|urgent(?:ly)? respond",
    ),
    ("delivery", "Delay", r"delay\w*|force majeure|subject to availability"),
)


def findings(text: str) -> list[dict[str, Any]]:
    """Where each rule's words stand in a text, in its order."""
    found = sorted(_found(text), key=lambda each: each[0])
    return [finding for _, finding in found[:AT_MOST]]


def _found(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for category, risk, words in RULES:
        for match in re.finditer(rf"\b(?:{words})", text, re.IGNORECASE):
            around = text[max(match.start() - AROUND, 0) : match.end() + AROUND]
            yield match.start(), {"risk": risk, "category": category, "context": " ".join(around.split())}

"""The search of Gmail, as far as it is used: words, from, subject, times, labels, OR, brackets and braces."""

import re
from calendar import timegm
from collections.abc import Callable
from email.message import EmailMessage
from time import strptime

_TOKEN = re.compile(r'-?[a-z_]*:?\(|-?[a-z_]+:"[^"]*"|[(){}]|"[^"]*"|[^\s(){}]+', re.I)
_DAYS = {"d": 1, "m": 30, "y": 365}
_HIDDEN = ("SPAM", "TRASH")

Test = Callable[[str, str], bool]


def matches(query: str, mail: EmailMessage, at: float, labels: tuple[str, ...], now: float) -> bool:
    """Whether the search finds this message, which arrived at `at`."""
    if "in:anywhere" not in query.lower() and any(label in labels for label in _HIDDEN):
        return False
    return _Search(query, lambda name, value: _holds(name, value.strip('"').lower(), mail, at, labels, now)).all()


class _Search:
    """A query being read: what stands side by side must all hold; of what OR joins, or braces hold, one."""

    def __init__(self, query: str, test: Test) -> None:
        self._tokens: list[str] = _TOKEN.findall(query)
        self._test = test

    def all(self, field: str = "", closing: str = "") -> bool:
        groups: list[list[bool]] = []
        joined = False
        while self._tokens and self._tokens[0] != closing:
            if self._tokens[0] == "OR":
                self._tokens.pop(0)
                joined = True
                continue
            value = self._one(field)
            if joined and groups:
                groups[-1].append(value)
            else:
                groups.append([value])
            joined = False
        if closing and self._tokens:
            self._tokens.pop(0)
        return any(any(group) for group in groups) if closing == "}" else all(any(group) for group in groups)

    def _one(self, field: str) -> bool:
        token = self._tokens.pop(0)
        negative = token.startswith("-")
        token = token.removeprefix("-")
        if token == "{":
            value = self.all(field, "}")
        elif token.endswith("("):
            value = self.all(token[:-1].rstrip(":").lower() or field, ")")
        elif ":" in token and not token.startswith('"'):
            name, _, said = token.partition(":")
            value = self._test(name.lower(), said)
        else:
            value = self._test(field, token)
        return value is not negative


def _holds(name: str, value: str, mail: EmailMessage, at: float, labels: tuple[str, ...], now: float) -> bool:
    match name:
        case "from" | "to" | "subject":
            return value.lstrip("@") in str(mail[name] or "").lower()
        case "after":
            return at >= _moment(value)
        case "before":
            return at < _moment(value)
        case "newer_than":
            return at >= now - int(value[:-1]) * _DAYS[value[-1]] * 86400
        case "older_than":
            return at < now - int(value[:-1]) * _DAYS[value[-1]] * 86400
        case "in" | "label" | "is":
            return value == "anywhere" or value.upper() in labels
        case "category":
            return f"CATEGORY_{value.upper()}" in labels
        case "has":
            return value == "attachment" and any(part.get_filename() for part in mail.walk())
        case "":
            return value in mail.as_string().lower()
        case _:
            raise ValueError(f"{name}: is not searched for here")


def _moment(value: str) -> float:
    return float(value) if value.isdigit() else float(timegm(strptime(value.replace("-", "/"), "%Y/%m/%d")))

"""A model's text as plain words while it streams: no markup, no links, nothing invisible, and an end.

Each character is decided by those before it, and at most a word after it, so that it makes no difference where
the stream is cut. Hardly anything waits: only the beginning of what may be an address.
"""

from collections.abc import Callable

from onboarding.safety.words import INVISIBLE

_State = Callable[[str], str]
_AS_WORDS = str.maketrans("<>＜＞﹤﹥\u2028\u2029", "‹›‹›‹›\n\n")
_SCHEMES = ("http:", "https:", "ftp:", "mailto:", "javascript:", "vbscript:", "data:", "www.")
_PARTS = frozenset(scheme[:length] for scheme in _SCHEMES for length in range(1, len(scheme) + 1))
_DOTS = frozenset(".。．｡")
_CLOSERS = frozenset(")}›\"”»'")
_STOPS = frozenset(".,;:!?…")
_STOPS_KEPT = 3
_DOMAINS = frozenset(
    [
        "com",
        "net",
        "org",
        "edu",
        "gov",
        "io",
        "ai",
        "app",
        "dev",
        "co",
        "info",
        "biz",
        "xyz",
        "me",
        "ly",
        "gg",
        "top",
        "shop",
        "site",
        "online",
        "link",
        "click",
    ]
)
_LABEL_AT_MOST = 63
"""Characters of a part of a host's name, by RFC 1035."""


class Plain:
    """Characters in, plain ones out.

    Angle brackets become quotation marks of their shape, square ones go, and with them the target of a link. An
    address of any kind is dropped: an agent has nobody to send anywhere. Of a host without a path the name may
    stay, but not as a link.

    >>> plain = Plain()
    >>> plain.feed("See [our site](https://x.example/a), www.x.example or evil.example.") + plain.end()
    'See our site, or evil. example.'
    """

    def __init__(self) -> None:
        self._state: _State = self._text
        self._held = ""
        self._last = "\n"
        self._depth = 0

    def feed(self, delta: str) -> str:
        """What is certain after some more characters."""
        return "".join(map(self._step, INVISIBLE.sub("", delta).translate(_AS_WORDS)))

    def end(self) -> str:
        """What was still open."""
        # As if a line ended here, which ends whatever is open.
        return self._step("\n")[:-1]

    def _step(self, char: str) -> str:
        out = self._state(char)
        if out:
            self._last = out[-1]
        return out

    def _text(self, char: str) -> str:
        """In the words."""
        if char == "[":
            return " " if self._last == "!" else ""
        if char == "]":
            self._state = self._bracket
            return ""
        inside = self._last.isalnum()
        if not inside and (char.lower() in _PARTS):
            return self._hold(char, self._scheme)
        if char == "/" and not inside:
            return self._hold(char, self._slash)
        if char == "!" and self._last.isspace():
            return self._hold(char, self._bang)
        if char in _DOTS and inside:
            self._held, self._state = "", self._label
        return char

    def _hold(self, char: str, state: _State) -> str:
        self._held, self._state = char, state
        return ""

    def _free(self, char: str) -> str:
        """What was held is only words after all."""
        held, self._held, self._state = self._held, "", self._text
        if held:
            self._last = held[-1]
        return held + self._text(char)

    def _scheme(self, char: str) -> str:
        """At the beginning of a word that begins as an address does."""
        grown = (self._held + char).lower()
        if grown in _PARTS:
            self._held += char
            return ""
        if self._held.lower() in _SCHEMES and not char.isspace():
            return self._drop(char)
        return self._free(char)

    def _slash(self, char: str) -> str:
        """Behind a slash that begins a word, or follows a colon."""
        return self._drop(char) if char == "/" else self._free(char)

    def _bang(self, char: str) -> str:
        """Behind an exclamation mark that may begin an image."""
        if char == "[":
            self._held, self._state = "", self._text
            return ""
        return self._free(char)

    def _label(self, char: str) -> str:
        """Behind a dot inside a word: held is what may be a part of a host's name."""
        if char in "[]":
            return ""
        if char.isalnum() or char == "-":
            self._held += char
            return self._out_of_label() if len(self._held) > _LABEL_AT_MOST else ""
        held = self._held
        named = len(held) > 1 and any(map(str.isalpha, held)) and not held[0].isdigit()
        if named and (held.lower() in _DOMAINS or char in "/?#@" or held.lower().startswith("xn--")):
            return self._drop(char)
        if char in _DOTS and held:
            self._held = ""
            return (" " if named else "") + held + char
        if named:
            self._held = " " + held
        return self._free(char)

    def _out_of_label(self) -> str:
        held, self._held, self._state = self._held, "", self._text
        return held

    def _bracket(self, char: str) -> str:
        """Behind a closing bracket."""
        if char == "(":
            self._depth, self._state = 1, self._target
            return ""
        self._state = self._text
        return self._text(char)

    def _target(self, char: str) -> str:
        """In the target of a link, which ends with its bracket, or with the line when that is missing."""
        if char == "\n":
            self._state = self._text
            return char
        self._depth += (char == "(") - (char == ")")
        if not self._depth:
            self._state = self._text
        return ""

    def _drop(self, char: str) -> str:
        """An address begins."""
        self._held, self._state = "", self._address
        return self._address(char)

    def _address(self, char: str) -> str:
        """In an address; held are the stops at its end, which belong to the sentence."""
        if char == " " == self._last and not self._held:
            self._state = self._text
            return ""
        if char.isspace() or char in _CLOSERS:
            return self._free(char)
        self._held = (self._held + char)[-_STOPS_KEPT:] if char in _STOPS else ""
        return ""

"""Texts and addresses of a page, as they may be kept: plain, bounded, nothing in them but what is read."""

import html
import re
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from onboarding.items import URL_CHARACTERS

_GIVEN_AT_MOST = 20_000
"""Characters that are looked at for a text; the longest that is kept has a quarter of that."""

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,2000}>|<br\s*/?>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,20});")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def plain(given: object, at_most: int) -> str | None:
    """A text without tags, entities that were escaped twice, control characters and runs of space.

    >>> plain("<p>Mug &amp;amp; saucer</p>\\n<script>alert(1)</script>", 300)
    'Mug & saucer'
    >>> plain("Pot < 20 cm", 300), plain("  ", 300), plain(12.5, 300)
    ('Pot < 20 cm', None, '12.5')
    """
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        return None
    text = str(given)[:_GIVEN_AT_MOST]
    for _ in range(2):
        if _ENTITY.search(text):
            text = html.unescape(text)
    if _TAG.search(text):
        text = _without_tags(text)
    text = _SPACES.sub(" ", _UNSEEN.sub("", text)).strip()
    return text[:at_most].rstrip() or None


def link(given: object, base: str) -> str | None:
    """An absolute address of the web; None for one that is none, or that names a person.

    >>> link("../img/a b.jpg", "https://shop.example/p/mug")
    'https://shop.example/img/a%20b.jpg'
    >>> link("javascript:alert(1)", "https://shop.example/"), link("//cdn.example/a.png", "https://shop.example/")
    (None, 'https://cdn.example/a.png')
    """
    if not isinstance(given, str) or len(given) > URL_CHARACTERS:
        return None
    text = _UNSEEN.sub("", html.unescape(given)).strip()
    try:
        whole = urljoin(base, re.sub(r"\s", "%20", text))
        parts = urlsplit(whole)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return None
    if not text or parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    return whole if len(whole) <= URL_CHARACTERS else None


def same_page(one: str, other: str) -> bool:
    """Whether two addresses lead to one page, as far as host and path tell.

    >>> same_page("https://www.shop.example/p/1/?a=b", "http://shop.example/p/1")
    True
    """
    return _place(one) == _place(other)


def same_host(one: str, other: str) -> bool:
    """Whether two addresses are of one shop."""
    return _place(one)[0] == _place(other)[0]


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


def _without_tags(text: str) -> str:
    tree = LexborHTMLParser(text)
    for node in tree.css("script, style, noscript, template"):
        node.decompose()
    return tree.body.text(separator=" ") if tree.body else ""

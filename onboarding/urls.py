"""Addresses of pages, in the one form by which two are the same page.

Rules: RFC 3986 for the parts; for hosts what browsers make of them (URL Standard, 3.5, and IDNA without the
mappings that differ between its versions). What programs read in different ways is refused rather than guessed.
"""

import ipaddress
import re
import unicodedata
from urllib.parse import quote, unquote, urljoin, urlsplit

URL_CHARACTERS = 2000
"""Of an address as it is given, and of what becomes of it."""

_PORTS = {"http": 80, "https": 443}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"\s]")
_PLACE = re.compile(r"(\[[0-9a-fA-F.]*:[0-9a-fA-F.:%]*\]|[^:\[\]]+)(:[0-9]*)?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_PATH, _QUERY = "/%:@!$&'()*+,;=~-._", "/?%:@!$&'()*+,;=~-._[]"

_TRACKING = re.compile(
    r"utm_.*|gclid|gclsrc|gbraid|wbraid|dclid|fbclid|msclkid|yclid|ttclid|twclid|igshid|srsltid|mc_[ce]id|_g[al]|_hs\w+"
)
"""Names in a query that say where somebody came from, and nothing about the page."""


class BadUrl(ValueError):
    """It is no address of a page; the message says why, in words that follow its field's name."""


def tidy(url: str) -> str:
    """The page that an address leads to, without what does not matter for that.

    Raises:
        BadUrl: it leads to none.

    >>> tidy(" HTTPS://Shop.Example:443/mug?utm_source=x&id=7#top ")
    'https://shop.example/mug?id=7'
    >>> tidy("http://bücher.example")
    'http://xn--bcher-kva.example/'
    """
    address, _, query = read(url).partition("?")
    kept = [part for part in query.split("&") if part and not _TRACKING.fullmatch(_name(part))]
    return f"{address}?{'&'.join(kept)}" if kept else address


def read(url: str) -> str:
    """The same address in its one form, whole but for the fragment: as a server sends somebody on to it.

    Raises:
        BadUrl: it is none of a page, has a user or a password in it, or a host that is written in an odd way.
    """
    text = url.strip()
    if len(text) > URL_CHARACTERS:
        raise BadUrl(f"must have at most {URL_CHARACTERS} characters")
    if _UNSAFE.search(text):
        raise BadUrl("must not have spaces, quotes, angle brackets, backslashes or control characters in it")
    try:
        parts = urlsplit(text)
        name, port = parts.hostname, parts.port
    except ValueError:
        raise BadUrl("is no address of a page") from None
    scheme = parts.scheme
    if scheme not in _PORTS or not name:
        raise BadUrl("must begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise BadUrl("must not have a user or a password in it")
    if port == 0 or not _PLACE.fullmatch(parts.netloc):
        raise BadUrl("has a host or a port that cannot be")
    place = host(name) if port in (None, _PORTS[scheme]) else f"{host(name)}:{port}"
    path = quote(parts.path or "/", safe=_PATH)
    found = f"{scheme}://{place}{path}" + (f"?{quote(parts.query, safe=_QUERY)}" if parts.query else "")
    if len(found) > URL_CHARACTERS:
        raise BadUrl(f"must have at most {URL_CHARACTERS} characters once it is written in ASCII")
    return found


def joined(base: str, location: str) -> str:
    """Where a page sends somebody on to.

    Raises:
        BadUrl: that is no address of a page.
    """
    try:
        whole = urljoin(base, location.strip().replace(" ", "%20"))
    except ValueError:
        raise BadUrl("is no address of a page") from None
    return read(whole)


def host(name: str) -> str:
    """A host in lower case and ASCII, an IPv6 address in brackets.

    Raises:
        BadUrl: no name, and no address in the form that everybody reads in the same way: four decimal numbers.
    """
    if ":" in name:
        return f"[{_ipv6(name)}]"
    ascii = ".".join(_label(label) for label in _folded(name).removesuffix(".").split("."))
    if len(ascii) > 253:
        raise BadUrl("has a host that is too long")
    if _NUMBER.fullmatch(ascii.rpartition(".")[2]):
        # Decimal, octal, hexadecimal, short: what programs make of these differs, and people do not write them.
        try:
            return str(ipaddress.IPv4Address(ascii))
        except ValueError:
            raise BadUrl("has a host that is no usual IP address") from None
    return ascii


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name.translate(_DOTS)).lower())


def _label(label: str) -> str:
    if not label.isascii():
        if any(unicodedata.category(char)[0] not in "LMN" and char != "-" for char in label):
            raise BadUrl("has a host with characters that no name has")
        label = "xn--" + label.encode("punycode").decode()
    if not _LABEL.fullmatch(label):
        raise BadUrl("has a host that is no name")
    return label


def _ipv6(name: str) -> str:
    try:
        if "%" in name:
            raise ValueError(name)
        return str(ipaddress.IPv6Address(name))
    except ValueError:
        raise BadUrl("has a host that is no IP address") from None


def _name(part: str) -> str:
    return unquote(part.partition("=")[0]).lower()

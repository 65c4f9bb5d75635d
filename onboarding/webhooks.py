"""Addresses that are posted to on behalf of a tenant: which of them are let through, and how one is shown."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

MASK = "********"
_INWARDS = (".localhost", ".local", ".internal")


def masked(address: str) -> str:
    """An address without what is secret of it.

    >>> masked("https://hooks.slack.com/services/T0/B0/token")
    'https://hooks.slack.com/********'
    """
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/{MASK}"


def is_masked(address: str) -> bool:
    """Whether an address is one that was shown, and not the whole."""
    return address.endswith(f"/{MASK}")


def objection(address: str, *, here: bool = False) -> str | None:
    """What speaks against an address; None when it may be posted to.

    A tenant is not the operator: where its webhook led inwards, it would have our servers talk to each other. What
    a public name resolves to is for whoever posts to look at.

    Args:
        address: as it was given.
        here: whether this machine may be meant, over plain http too, as in development.

    >>> objection("https://hooks.slack.com/services/T0/B0/token")
    >>> objection("http://169.254.169.254/latest")
    'must begin with https://'
    """
    parts = _split(address)
    if parts is None or not parts.hostname:
        return "must be an address such as https://hooks.slack.com/services/..."
    if here and _is_here(parts.hostname) and parts.scheme in ("http", "https"):
        return None
    if parts.scheme != "https":
        return "must begin with https://"
    return None if _is_outside(parts.hostname) else "must lead to a public host"


def is_here(address: str) -> bool:
    """Whether an address leads to this very machine."""
    parts = _split(address)
    return parts is not None and _is_here(parts.hostname or "")


def _split(address: str) -> SplitResult | None:
    """Its parts; None for what clients read in different ways, and for what should stand in no address."""
    if not address.isascii() or not address.isprintable() or set(address) & set(' \\"<>#@'):
        return None
    try:
        parts = urlsplit(address)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _is_here(host: str) -> bool:
    found = _ip(host)
    return host == "localhost" or (found is not None and found.is_loopback)


def _is_outside(host: str) -> bool:
    """A public address, or a name with a dot that is neither a number in disguise nor for use within."""
    if found := _ip(host):
        return found.is_global and not found.is_multicast
    _, dot, last = host.rstrip(".").rpartition(".")
    return bool(dot) and last[:1].isalpha() and not host.rstrip(".").endswith(_INWARDS)

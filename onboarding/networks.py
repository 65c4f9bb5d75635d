"""Which addresses of the internet a program may be sent to by somebody it does not know.

Rules: the special-purpose registries of IANA (RFC 6890 and its successors), RFC 6761 and RFC 6762 for names, and
where clouds serve what a machine may do. An IPv6 address that holds one of IPv4 is refused, whatever that one is.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_V4 = [
    IPv4Network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata too
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the machine below, in Azure
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
]
_V6_GLOBAL = IPv6Network("2000::/3")
"""All that is given out. Outside are loopback, IPv4-mapped, NAT64, unique local, link-local, multicast."""

_V6 = [
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]

_ENDINGS = (
    *("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"),
    *("onion", "invalid", "arpa"),
)
"""Of names that mean something within a network, or nothing."""


def is_public_address(address: str) -> bool:
    """Whether an IP address is one of the public internet.

    >>> is_public_address("93.184.216.34"), is_public_address("10.0.0.1"), is_public_address("::ffff:1.1.1.1")
    (True, False, False)
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _V4)
    return _is_public_v6(ip)


def is_public_name(host: str) -> bool:
    """Whether a host, in lower case, is a name that means the same everywhere. An IP address passes.

    >>> is_public_name("shop.example"), is_public_name("metadata.google.internal"), is_public_name("intranet")
    (True, False, False)
    """
    bare = host.strip("[]").removesuffix(".")
    if ":" in bare:
        return True
    return "." in bare and not any(bare.endswith(f".{ending}") for ending in _ENDINGS)


def _is_public_v6(ip: IPv6Address) -> bool:
    return ip.scope_id is None and ip in _V6_GLOBAL and not any(ip in network for network in _V6)

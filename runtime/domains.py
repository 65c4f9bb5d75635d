"""Domains that somebody can register: `shop.co.uk` is one, `co.uk` and `mail.shop.co.uk` are none."""

import re
from functools import cache

from publicsuffixlist import PublicSuffixList

from onboarding.urls import BadUrl, host

_NUMBER = re.compile(r"[0-9]+")


def registrable(name: str) -> str | None:
    """The part of a host's name that somebody registered, in ASCII; None where there is none.

    By the public suffix list, with its private part: who sells at `shop.myshopify.com` is not `myshopify.com`.

    >>> registrable("mail.shop.co.uk"), registrable("co.uk"), registrable("127.0.0.1")
    ('shop.co.uk', None, None)
    """
    try:
        ascii = host(name)
    except BadUrl:
        return None
    if ":" in ascii or _NUMBER.fullmatch(ascii.rpartition(".")[2]):
        return None
    return suffixes().privatesuffix(ascii)


@cache
def suffixes() -> PublicSuffixList:
    """The list, as it came with its library. Reading it takes a while: have it done before it is needed."""
    return PublicSuffixList()

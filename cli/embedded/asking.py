"""Asking the servers of this machine, over and over until they answer."""

import ssl
from typing import Any

import httpx

_NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody; what listens here speaks plain HTTP. Reading everybody's authorities takes 20 ms each time."""


def local_client(**options: Any) -> httpx.AsyncClient:
    """A client of a server on this machine, without TLS and past any proxy."""
    return httpx.AsyncClient(verify=_NO_AUTHORITIES, trust_env=False, **options)

"""Fetching pages that somebody else names, without being sent where nobody should be.

`Fetcher` is what to use. Inside: `resolving` asks for the addresses of a host, once; `pinning` checks every one of
them and connects to exactly those; `wire` makes single requests over that; `robots` and `turns` are the manners.
"""

from runtime.fetching.fetcher import Fetcher, Page
from runtime.fetching.turns import HostBusy
from runtime.fetching.wire import NotFetched

__all__ = ["Fetcher", "HostBusy", "NotFetched", "Page"]

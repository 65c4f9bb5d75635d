"""Providers that people connect, as tests want them: real HTTP on loopback, in the test's own loop."""

from tests.providers.faults import Faults
from tests.providers.http import Reply, Request, dripping, huge, nonsense
from tests.providers.server import Providers, providers

__all__ = ["Faults", "Providers", "Reply", "Request", "dripping", "huge", "nonsense", "providers"]

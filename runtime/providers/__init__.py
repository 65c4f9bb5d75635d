"""Providers that people can connect, one file each."""

from collections.abc import Mapping

from onboarding.connections import ProviderKey
from runtime.providers.endpoints import available
from runtime.providers.gmail import Gmail
from runtime.providers.provider import Provider
from runtime.providers.quickbooks import QuickBooks
from runtime.providers.xero import Xero

PROVIDERS: Mapping[ProviderKey, Provider] = {
    "gmail": Gmail(),
    "quickbooks": QuickBooks(),
    "xero": Xero(),
}
"""All of them, also those that are off."""

__all__ = ["PROVIDERS", "available"]

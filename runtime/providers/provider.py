"""What a provider is: a description, and how its accounts and its orders are read. One file each."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from onboarding.connections import Account, Cursor, ProviderKey
from onboarding.orders import Batch
from runtime.providers.asking import Api, Refused

ACCOUNT_CHARACTERS = 255


class Description(Struct, frozen=True, kw_only=True):
    """How one signs in with a provider.

    Attributes:
        key: in paths and settings.
        title: as people know it.
        scopes: that are asked for.
        needs: those of them without which nothing can be read: a consent that leaves one out is refused.
        authorize: more parameters of the consent page.
        client: how the client names itself at the token endpoint (RFC 6749, section 2.3.1).
        issuer: what `iss` must be where the provider sends it (RFC 9207).
        realm: the parameter beside the code that names the company, where there is one.
        revokes: with what the revocation endpoint is called.
        revokes_all: whether that ends all that the person consented to there, other companies too.
    """

    key: ProviderKey
    title: str
    scopes: tuple[str, ...]
    needs: tuple[str, ...]
    authorize: Mapping[str, str] = {}
    client: Literal["client_secret_basic", "client_secret_post"] = "client_secret_basic"
    issuer: str | None = None
    realm: str | None = None
    revokes: Literal["form", "json"] = "form"
    revokes_all: bool = False


def account(id: str, label: str | None) -> Account:
    """An account as a provider tells of it, who may tell anything; without a name it is called by its id.

    Raises:
        Refused: its id is none.
    """
    if not 1 <= len(id) <= ACCOUNT_CHARACTERS or not id.isprintable():
        raise Refused("account_unknown")
    words = " ".join("".join(each if each.isprintable() else " " for each in label or "").split())
    return Account(id=id, label=words[:ACCOUNT_CHARACTERS] or id)


class Provider(Protocol):
    """A provider. What it raises are the errors of `runtime/providers/asking.py`."""

    @property
    def description(self) -> Description:
        """How one signs in with it."""
        ...

    async def accounts(self, api: Api, realm: str | None) -> list[Account]:
        """The accounts that a consent opened; `realm` is what came back beside the code."""
        ...

    def batches(self, api: Api, account_id: str, cursor: Cursor | None, now: datetime) -> AsyncIterator[Batch]:
        """Orders from the cursor on, batch by batch, or from the beginning.

        Each batch carries the cursor that holds once it is stored, so that who reads on after a crash misses
        nothing. One that has nothing to read by schedule gives no batch.
        """
        ...

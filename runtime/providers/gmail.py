"""Gmail: whose mailbox it is. What lies in it is read by the jobs of `activities/mail_jobs.py`."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec import Struct

from onboarding.connections import Account, Cursor
from onboarding.orders import Batch
from runtime.providers.asking import Api
from runtime.providers.provider import Description, account

READS = "https://www.googleapis.com/auth/gmail.readonly"


class _Person(Struct, frozen=True, kw_only=True):
    sub: str
    email: str


class Gmail:
    """A mailbox, known by the id that Google has for the person; people know it by its address."""

    description = Description(
        key="gmail",
        title="Gmail",
        scopes=(READS, "openid", "email"),
        needs=(READS,),
        # Without both there is no refresh token for somebody who consented before.
        authorize={"access_type": "offline", "prompt": "consent"},
        client="client_secret_post",
        issuer="https://accounts.google.com",
    )

    async def accounts(self, api: Api, realm: str | None) -> list[Account]:  # noqa: ARG002 - a mailbox has none
        """The mailbox of whoever consented; `api` asks the address that says who it is."""
        person = await api.get("", _Person)
        return [account(person.sub, person.email)]

    async def batches(
        self,
        api: Api,  # noqa: ARG002
        account_id: str,  # noqa: ARG002
        cursor: Cursor | None,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> AsyncIterator[Batch]:
        """None: mails are read when somebody asks for it."""
        for nothing in ():
            yield nothing

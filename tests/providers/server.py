"""The three providers behind one address."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
from msgspec.structs import replace

from runtime.settings import Settings
from tests.providers.faults import Clock, Faults
from tests.providers.gmail import Gmail
from tests.providers.http import Reply, Request, listening
from tests.providers.oauth import Provider
from tests.providers.quickbooks import QuickBooks
from tests.providers.xero import Xero


class Providers:
    """Gmail, QuickBooks and Xero, with a common clock that a test can move: `fake.clock.skip(seconds)`."""

    def __init__(self) -> None:
        self.url = ""
        self.clock = Clock()
        self.gmail = Gmail(self.clock, Faults(rotates=False))
        self.quickbooks = QuickBooks(self.clock, Faults(grace_seconds=86400))
        self.xero = Xero(self.clock, Faults(token_seconds=1800))

    @property
    def all(self) -> tuple[Provider, ...]:
        """All of them."""
        return self.gmail, self.quickbooks, self.xero

    @property
    def known(self) -> set[str]:
        """Every secret that passed here."""
        return self.gmail.known | self.quickbooks.known | self.xero.known | {self.quickbooks.verifier_token}

    @property
    def marks(self) -> set[str]:
        """What tells that a secret was made here: it stands in each of them, and nowhere else."""
        return {each.mark for each in self.all}

    def set(self, settings: Settings) -> Settings:
        """Settings that lead here, and this API's callbacks as redirect URIs that the providers know."""
        address = (settings.api_url or f"http://{settings.host}:{settings.port}").rstrip("/")
        changes: dict[str, str] = {"connections_enabled": "gmail,quickbooks,xero"}
        for each in self.all:
            each.redirect_uris.add(f"{address}/api/v1/connections/{each.key}/callback")
            here = f"{self.url}/{each.key}"
            changes |= {f"{each.key}_{name}_url": f"{here}/{name}" for name in ("authorize", "token", "revoke")}
            changes |= {f"{each.key}_api_base": f"{here}{each.api_base}"}
            changes |= {f"{each.key}_client_id": each.client_id, f"{each.key}_client_secret": each.client_secret}
        changes |= {"gmail_userinfo_url": f"{self.url}/gmail/userinfo"}
        changes |= {"quickbooks_webhook_verifier_token": self.quickbooks.verifier_token}
        return replace(settings, **changes)

    async def consent(self, authorize_url: str, **more: str) -> str:
        """What the browser does at the consent page: agree, and be sent back; gives the address it is sent to.

        `as_` chooses the account: a mailbox, or a company's id.
        """
        chosen = {name.rstrip("_"): value for name, value in more.items()}
        async with httpx.AsyncClient(trust_env=False) as browser:
            url = httpx.URL(authorize_url).copy_merge_params(chosen)
            answer = await browser.get(url)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def answer(self, request: Request) -> Reply:
        """A request to one of them."""
        for each in self.all:
            if request.path.startswith(f"/{each.key}/"):
                return await each.answer(request, request.path.removeprefix(f"/{each.key}"))
        return Reply(status=404)


@asynccontextmanager
async def providers() -> AsyncGenerator[Providers]:
    """All of them, on a free port, for as long as this is entered."""
    fake = Providers()
    async with listening(fake.answer) as fake.url:
        yield fake

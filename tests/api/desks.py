"""A capture session on a desktop, and the phone that it is shared with."""

from typing import Any

import httpx
from msgspec import Struct

from tests.stack import Json, Person, ok

SESSIONS = "/api/v1/capture/sessions"


class Phone(Struct, frozen=True, kw_only=True):
    """Whoever has the link of a session."""

    client: httpx.AsyncClient
    token: str
    session: str

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request with the token of the link."""
        headers = {"Authorization": f"Capture {self.token}", **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def scan(self, *codes: str | Json) -> httpx.Response:
        """Scan one, or several at once."""
        scans = [{"barcode": code} if isinstance(code, str) else code for code in codes]
        return await self.send(
            "POST", f"{self.session}/barcodes", json=scans[0] if len(scans) == 1 else {"barcodes": scans}
        )


class Desk(Struct, frozen=True, kw_only=True):
    """A session on the desktop, and the phone that it is shared with."""

    person: Person
    opened: Json
    phone: Phone

    @property
    def path(self) -> str:
        """Of the session."""
        return f"{SESSIONS}/{self.opened['session_id']}"

    async def scan(self, code: str, **fields: Any) -> httpx.Response:
        """Scan on the desktop."""
        return await self.person.post(f"{self.path}/barcodes", {"barcode": code, **fields})

    async def items(self, **query: Any) -> Json:
        """What there is."""
        return ok(await self.person.get(f"{self.path}/items", params=query))


async def opened(person: Person, **body: Any) -> Desk:
    """A session of somebody."""
    session = ok(await person.post(SESSIONS, body))
    phone = Phone(
        client=person.client,
        token=(session["mobile_barcode_url"] or session["mobile_photo_url"]).partition("#")[2],
        session=f"{SESSIONS}/{session['session_id']}",
    )
    return Desk(person=person, opened=session, phone=phone)

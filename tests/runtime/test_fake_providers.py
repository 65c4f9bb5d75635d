"""The fake providers are as strict as the real ones, and lose answers when they are told to."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from runtime.settings import Settings
from tests.providers import Providers, providers
from tests.providers.oauth import Provider

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPES = {
    "gmail": "https://www.googleapis.com/auth/gmail.readonly openid email",
    "quickbooks": "com.intuit.quickbooks.accounting",
    "xero": "openid offline_access accounting.invoices.read",
}
Json = dict[str, Any]


@pytest.fixture
async def fake() -> AsyncGenerator[Providers]:
    async with providers() as fake:
        fake.set(Settings())
        yield fake


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


def _page(fake: Providers, each: Provider, **changes: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": each.client_id,
        "redirect_uri": next(iter(each.redirect_uris)),
        "scope": SCOPES[each.key],
        "state": "s" * 43,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        **changes,
    }
    return f"{fake.url}/{each.key}/authorize?{urlencode(asked)}"


async def _ask(fake: Providers, http: httpx.AsyncClient, each: Provider, **form: str) -> httpx.Response:
    client = (each.client_id, each.client_secret)
    return await http.post(f"{fake.url}/{each.key}/token", data=form, auth=client)


async def _code(fake: Providers, each: Provider) -> dict[str, str]:
    back = urlsplit(await fake.consent(_page(fake, each)))
    code = parse_qs(back.query)["code"][0]
    redirect = next(iter(each.redirect_uris))
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": VERIFIER}


async def _tokens(fake: Providers, http: httpx.AsyncClient, each: Provider) -> Json:
    answer = await _ask(fake, http, each, **await _code(fake, each))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _refresh(fake: Providers, http: httpx.AsyncClient, each: Provider, token: str) -> httpx.Response:
    return await _ask(fake, http, each, grant_type="refresh_token", refresh_token=token)


async def test_exact_redirect_uri(fake: Providers) -> None:
    """Nobody is sent to an address that was not entered, not even to one that begins like it."""
    for uri in (f"{next(iter(fake.xero.redirect_uris))}/x", "https://evil.example/"):
        with pytest.raises(AssertionError, match="redirect_uri_mismatch"):
            await fake.consent(_page(fake, fake.xero, redirect_uri=uri))


@pytest.mark.parametrize("key", ["gmail", "quickbooks", "xero"])
async def test_code_is_proven_once(fake: Providers, http: httpx.AsyncClient, key: str) -> None:
    """A code needs client, verifier and redirect URI; a second time it is refused, and its tokens are revoked."""
    each: Provider = getattr(fake, key)
    form = await _code(fake, each)
    wrong = {**form, "code_verifier": "w" * 43}, {**form, "redirect_uri": "https://evil.example/"}
    for tried in wrong:
        answer = await _ask(fake, http, each, **tried)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    nobody = await http.post(f"{fake.url}/{key}/token", data=form, auth=(each.client_id, "wrong"))
    assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
    tokens = (await _ask(fake, http, each, **form)).json()
    assert (await _ask(fake, http, each, **form)).json()["error"] == "invalid_grant"
    assert {tokens["access_token"], tokens["refresh_token"]} <= each.revoked <= each.known


async def test_lost_answer(fake: Providers, http: httpx.AsyncClient) -> None:
    """Who did not hear the answer gets the same pair once more within the grace, and never afterwards."""
    first = (await _tokens(fake, http, fake.xero))["refresh_token"]
    fake.xero.faults.drop_tokens = 1
    with pytest.raises(httpx.RemoteProtocolError):
        await _refresh(fake, http, fake.xero, first)
    again = (await _refresh(fake, http, fake.xero, first)).json()
    assert (await _refresh(fake, http, fake.xero, first)).json() == again
    assert (fake.xero.exchanges, len(fake.xero.asked_for("/token"))) == (1, 4)
    fake.clock.skip(1801)
    assert (await _refresh(fake, http, fake.xero, first)).json()["error"] == "invalid_grant"
    assert (await _refresh(fake, http, fake.xero, again["refresh_token"])).status_code == 200


async def test_access_tokens_end(fake: Providers, http: httpx.AsyncClient) -> None:
    """An access token is refused when its time is over, or its consent was taken back."""
    tokens = await _tokens(fake, http, fake.gmail)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    url = f"{fake.url}/gmail/userinfo"
    assert (await http.get(url, headers=headers)).json()["email"] == "owner@coffee.example"
    fake.clock.skip(3601)
    assert (await http.get(url, headers=headers)).status_code == 401
    renewed = (await _refresh(fake, http, fake.gmail, tokens["refresh_token"])).json()
    assert "refresh_token" not in renewed
    fake.gmail.revoke_all()
    headers = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert (await http.get(url, headers=headers)).status_code == 401
    assert (await _refresh(fake, http, fake.gmail, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_gmail_search(fake: Providers, http: httpx.AsyncClient) -> None:
    """Messages are found by sender and time, newest first, page by page, and read in each format."""
    for number, sender in enumerate(["a@roasters.example", "b@other.example", "c@mugs.example"]):
        mail = EmailMessage()
        mail["From"], mail["Subject"] = sender, f"Order {number}"
        mail.set_content("Thank you")
        mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="order.pdf")
        fake.gmail.deliver(mail.as_bytes(), at=fake.clock.now() - 86400 * (10 - number))
    tokens = await _tokens(fake, http, fake.gmail)
    http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    base = f"{fake.url}/gmail/api/gmail/v1/users/me/messages"
    query = {"q": "from:(roasters.example OR mugs.example) newer_than:1m -in:chats", "maxResults": "1"}
    first = (await http.get(base, params=query)).json()
    second = (await http.get(base, params={**query, "pageToken": first["nextPageToken"]})).json()
    assert "nextPageToken" not in second
    assert first["messages"] != second["messages"]
    found = f"{base}/{first['messages'][0]['id']}"
    chosen = {"format": "metadata", "metadataHeaders": "From"}
    headers = (await http.get(found, params=chosen)).json()["payload"]["headers"]
    assert headers == [{"name": "From", "value": "c@mugs.example"}]
    parts = (await http.get(found)).json()["payload"]["parts"]
    number = parts[1]["body"]["attachmentId"]
    assert (await http.get(f"{found}/attachments/{number}")).json()["size"] == 8
    assert (await http.get(base, params={"q": "from:nobody.example"})).json() == {"resultSizeEstimate": 0}


async def test_quickbooks_orders(fake: Providers, http: httpx.AsyncClient) -> None:
    """Orders come by query in pages; deleted ones are told by change data capture, 30 days back and no longer."""
    fake.quickbooks.orders.many(5)
    fake.quickbooks.orders.delete("2")
    tokens = await _tokens(fake, http, fake.quickbooks)
    http.headers.update({"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"})
    base = f"{fake.url}/quickbooks/api/v3/company/{fake.quickbooks.account}"
    query = (
        "select * from PurchaseOrder where MetaData.LastUpdatedTime > '2020-01-01T00:00:00Z' "
        "orderby MetaData.LastUpdatedTime startposition 3 maxresults 100"
    )
    said = (await http.get(f"{base}/query", params={"query": query})).json()["QueryResponse"]
    assert [order["Id"] for order in said["PurchaseOrder"]] == ["4", "5"]
    since = fake.quickbooks.orders["5"]["MetaData"]["LastUpdatedTime"]
    changes = {"entities": "PurchaseOrder", "changedSince": since}
    told = (await http.get(f"{base}/cdc", params=changes)).json()["CDCResponse"][0]["QueryResponse"][0]
    assert [(each["Id"], each.get("status")) for each in told["PurchaseOrder"]] == [("5", None), ("2", "Deleted")]
    long_ago = {**changes, "changedSince": "2020-01-01T00:00:00Z"}
    assert (await http.get(f"{base}/cdc", params=long_ago)).status_code == 400
    assert (await http.get(f"{base[:-1]}9/query", params={"query": query})).status_code == 403


async def test_xero_orders(fake: Providers, http: httpx.AsyncClient) -> None:
    """Orders come by organisation, in pages, those changed since a time; without the organisation it is 403."""
    ids = fake.xero.orders.many(3)
    fake.xero.add("Second Corner")
    tokens = await _tokens(fake, http, fake.xero)
    http.headers.update({"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"})
    organisations = (await http.get(f"{fake.url}/xero/api/connections")).json()
    assert [each["tenantName"] for each in organisations] == ["Coffee Corner Ltd", "Second Corner"]
    url = f"{fake.url}/xero/api/api.xro/2.0/PurchaseOrders"
    assert (await http.get(url)).status_code == 403
    http.headers["Xero-tenant-id"] = organisations[0]["tenantId"]
    page = {"order": "UpdatedDateUTC ASC", "page": "2", "pageSize": "2"}
    said = (await http.get(url, params=page)).json()
    assert said["pagination"]["pageCount"] == 2
    assert [order["PurchaseOrderID"] for order in said["PurchaseOrders"]] == ids[2:]
    fake.clock.skip(600)
    fake.xero.orders.void(ids[0])
    after = fake.clock.now() - 60
    since = {"If-Modified-Since": formatdate(after, usegmt=True)}
    changed = (await http.get(url, headers=since)).json()["PurchaseOrders"]
    assert [(order["PurchaseOrderID"], order["Status"]) for order in changed] == [(ids[0], "VOIDED")]

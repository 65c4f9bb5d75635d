"""Gmail: consent, whose mailbox it is, and version 1 of its API as far as it is read."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import Any, cast
from zlib import crc32

from msgspec.json import encode

from tests.providers.faults import Clock, Faults
from tests.providers.gmail_search import matches
from tests.providers.http import Reply, Request
from tests.providers.oauth import Grant, Provider

READONLY = "https://www.googleapis.com/auth/gmail.readonly"
USERINFO = "https://www.googleapis.com/auth/userinfo.email"
SCOPES = frozenset({READONLY, USERINFO, "openid", "email", "profile"})
ACCOUNT = "owner@coffee.example"
STATUSES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


@dataclass(kw_only=True, frozen=True)
class Mail:
    """A message in a mailbox; `at` is when it arrived, in milliseconds since 1970."""

    id: str
    raw: bytes
    parsed: EmailMessage
    at: int
    labels: tuple[str, ...]


class Gmail(Provider):
    """Gmail. `deliver` puts a message into a mailbox; who asks sees the newest first."""

    key = "gmail"
    issuer = "https://accounts.google.com"
    client_ways = frozenset({"basic", "post"})

    def __init__(self, clock: Clock, faults: Faults) -> None:
        super().__init__(clock, faults)
        self.mailboxes: dict[str, dict[str, Mail]] = {ACCOUNT: {}}

    @property
    def account(self) -> str:
        return ACCOUNT

    def deliver(
        self, raw: bytes, *, at: float | None = None, labels: tuple[str, ...] = ("INBOX",), to: str = ACCOUNT
    ) -> str:
        """A message arrives: at this time, or at that of its `Date`, or now. Gives its id."""
        parsed = message_from_bytes(raw, policy=policy.default)
        box = self.mailboxes.setdefault(to, {})
        found = f"{len(box) + 0x18F0000000000001:016x}"
        arrived = at if at is not None else _date_of(parsed) or self.clock.now()
        box[found] = Mail(id=found, raw=raw, parsed=parsed, at=int(arrived * 1000), labels=labels)
        return found

    def remove(self, message_id: str, of: str = ACCOUNT) -> None:
        """A message is deleted for good."""
        del self.mailboxes[of][message_id]

    def scopes_known(self, scopes: list[str]) -> bool:
        return set(scopes) <= SCOPES

    def is_offline(self, asked: dict[str, str]) -> bool:
        """Gmail gives no refresh token again to whom it has given one, but after a new consent."""
        return asked.get("access_type") == "offline" and asked.get("prompt") == "consent"

    def beside(self, grant: Grant) -> dict[str, str]:
        return {"scope": " ".join(self.granted(grant)), "authuser": "0", "prompt": "consent"}

    def granted(self, grant: Grant) -> tuple[str, ...]:
        """It names `email` in its own way."""
        return tuple(USERINFO if scope == "email" else scope for scope in grant.scopes)

    def more(self, grant: Grant) -> dict[str, Any]:
        return {"id_token": _token_of({"iss": self.issuer, "email": grant.account})} if self.refers(grant) else {}

    def refers(self, grant: Grant) -> bool:
        """Whether it says who somebody is."""
        return "openid" in grant.scopes

    def revocation(self, request: Request) -> Reply:
        token = request.form.get("token", request.query.get("token", ""))
        return Reply(body={}) if self.revoke(token) else Reply(status=400, body={"error": "invalid_token"})

    def refusal(self, status: int) -> Reply:
        said = {"code": status, "message": "It cannot be done.", "status": STATUSES.get(status, "UNAVAILABLE")}
        return Reply(status=status, body={"error": said})

    def call(self, grant: Grant, request: Request, path: str) -> Reply:
        if path == "/userinfo":
            return self._who(grant) if self.refers(grant) else self.refusal(401)
        parts = path.strip("/").split("/")
        if READONLY not in grant.scopes:
            return self.refusal(403)
        box = self.mailboxes.setdefault(grant.account, {})
        match parts:
            case ["gmail", "v1", "users", "me", "profile"]:
                return Reply(body={"emailAddress": grant.account, "messagesTotal": len(box), "historyId": "1"})
            case ["gmail", "v1", "users", "me", *rest]:
                return self._read(box, rest, request)
            case _:
                return self.refusal(404)

    def _who(self, grant: Grant) -> Reply:
        email = {"email": grant.account, "email_verified": True} if {"email", USERINFO} & set(grant.scopes) else {}
        return Reply(body={"sub": str(crc32(grant.account.encode())).zfill(21), **email})

    def _read(self, box: dict[str, Mail], rest: list[str], request: Request) -> Reply:
        match rest:
            case ["messages"]:
                return self._listed(box, request)
            case ["messages", found] if found in box:
                return self._message(box[found], request)
            case ["messages", found, "attachments", number] if found in box:
                return self._attachment(box[found], number)
            case _:
                return self.refusal(404)

    def _listed(self, box: dict[str, Mail], request: Request) -> Reply:
        asked = request.query
        size = min(int(asked.get("maxResults", "100")), 500)
        start = int(asked.get("pageToken", "0"))
        found = [
            mail
            for mail in sorted(box.values(), key=lambda mail: (-mail.at, mail.id))
            if matches(asked.get("q", ""), mail.parsed, mail.at / 1000, mail.labels, self.clock.now())
        ]
        if not found:
            return Reply(body={"resultSizeEstimate": 0})
        page = [{"id": mail.id, "threadId": mail.id} for mail in found[start : start + size]]
        more = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        return Reply(body={"messages": page, **more, "resultSizeEstimate": len(found)})

    def _message(self, mail: Mail, request: Request) -> Reply:
        kind = request.query.get("format", "full")
        said = {
            "id": mail.id,
            "threadId": mail.id,
            "labelIds": list(mail.labels),
            "snippet": str(mail.parsed["subject"] or ""),
            "historyId": str(mail.at),
            "internalDate": str(mail.at),
            "sizeEstimate": len(mail.raw),
        }
        if kind == "raw":
            return Reply(body={**said, "raw": _base64(mail.raw)})
        if kind == "metadata":
            names = {value.lower() for name, value in request.pairs if name == "metadataHeaders"}
            headers = [each for each in _headers(mail.parsed) if not names or each["name"].lower() in names]
            return Reply(
                body={**said, "payload": {"mimeType": mail.parsed.get_content_type(), "headers": headers}}
            )
        if kind == "minimal":
            return Reply(body=said)
        return Reply(body={**said, "payload": _part(mail.parsed, "")}) if kind == "full" else self.refusal(400)

    def _attachment(self, mail: Mail, number: str) -> Reply:
        for name, part in _parts(mail.parsed, ""):
            if part.get_filename() and _attachment_id(name) == number:
                content = _content(part)
                return Reply(body={"size": len(content), "data": _base64(content)})
        return self.refusal(404)


def _part(part: EmailMessage, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "partId": name,
        "mimeType": part.get_content_type(),
        "filename": part.get_filename() or "",
        "headers": _headers(part),
        "body": {"size": 0},
    }
    if part.is_multipart():
        return {**said, "parts": [_part(each, inner) for inner, each in _inside(part, name)]}
    content = _content(part)
    kept = {"attachmentId": _attachment_id(name)} if part.get_filename() else {"data": _base64(content)}
    return {**said, "body": {**kept, "size": len(content)}}


def _inside(part: EmailMessage, name: str) -> list[tuple[str, EmailMessage]]:
    inner = cast("list[EmailMessage]", part.get_payload())
    return [(f"{name}.{number}".lstrip("."), each) for number, each in enumerate(inner)]


def _parts(part: EmailMessage, name: str) -> Iterator[tuple[str, EmailMessage]]:
    yield name, part
    if part.is_multipart():
        for inner, each in _inside(part, name):
            yield from _parts(each, inner)


def _content(part: EmailMessage) -> bytes:
    return cast("bytes", part.get_payload(decode=True) or b"")


def _attachment_id(name: str) -> str:
    return f"ANGjdJ{urlsafe_b64encode(name.encode()).decode().rstrip('=')}"


def _headers(part: EmailMessage) -> list[dict[str, str]]:
    return [{"name": name, "value": str(value)} for name, value in part.items()]


def _base64(content: bytes) -> str:
    return urlsafe_b64encode(content).decode()


def _date_of(parsed: EmailMessage) -> float | None:
    try:
        return parsedate_to_datetime(str(parsed["date"])).timestamp()
    except (TypeError, ValueError):
        return None


def _token_of(claims: dict[str, Any]) -> str:
    parts = ({"alg": "RS256"}, claims, {"signature": "of nobody"})
    return ".".join(urlsafe_b64encode(encode(part)).decode().rstrip("=") for part in parts)

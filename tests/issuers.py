"""Stand-ins for issuers of tokens: a real HTTP server for key sets, with faults on demand, and keys that sign."""

import asyncio
import base64
import hmac
import json
import uuid
import warnings
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.warnings import InsecureKeyLengthWarning
from msgspec import Struct

from api.__main__ import opened
from api.app import Opening
from api.issuers import others, own
from api.verifier import verifying

Claims = dict[str, Any]


class SigningKey(Struct, frozen=True):
    """A private key, and what a key set says of it."""

    kid: str
    alg: str
    private: Any

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as a set has it."""
        described = jwt.get_algorithm_by_name(self.alg).to_jwk(self.private.public_key(), as_dict=True)
        described.pop("key_ops", None)
        return {**described, "kid": self.kid, "alg": self.alg, "use": "sig"}

    @property
    def pem(self) -> str:
        """The public half, as everybody may know it."""
        text = self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return text.decode()

    def sign(self, claims: Claims, **header: Any) -> str:
        """A token; the header may say anything beside."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)  # the short keys are meant
            return jwt.encode(claims, self.private, self.alg, headers={"kid": self.kid, **header})


@cache
def rs256(kid: str, bits: int = 2048) -> SigningKey:
    """The RSA key of that name: the same each time, since making one takes a while."""
    return SigningKey(kid, "RS256", rsa.generate_private_key(65537, bits))


@cache
def es256(kid: str) -> SigningKey:
    """The key of that name on P-256."""
    return SigningKey(kid, "ES256", ec.generate_private_key(ec.SECP256R1()))


@cache
def eddsa(kid: str) -> SigningKey:
    """The Ed25519 key of that name."""
    return SigningKey(kid, "EdDSA", ed25519.Ed25519PrivateKey.generate())


def now() -> int:
    """Seconds, as tokens have them."""
    return int(datetime.now(UTC).timestamp())


def claims_of(issuer: str, **more: Any) -> Claims:
    """What a right token of somebody new says; a claim that is None is left out."""
    said = {"iss": issuer, "sub": uuid.uuid4().hex, "iat": now(), "exp": now() + 300, **more}
    return {name: value for name, value in said.items() if value is not None}


def raw_token(header: bytes, claims: bytes, signature: bytes = b"x") -> str:
    """Three segments of any content."""
    parts = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (header, claims, signature))
    return ".".join(parts)


def hmac_token(claims: Claims, secret: bytes, **header: Any) -> str:
    """HS256 by hand: the library refuses to sign with a public key."""
    head, _, _ = raw_token(json.dumps({"alg": "HS256", **header}).encode(), b"").partition(".")
    body = raw_token(b"", json.dumps(claims).encode()).split(".")[1]
    mac = hmac.digest(secret, f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


def with_clock(clock: Clock) -> Opening:
    """Opens what the application works with, but for the time that keys go by."""

    @asynccontextmanager
    async def opening(settings: Any) -> AsyncGenerator[Any]:
        async with opened(settings) as deps, verifying([own(deps.tokens), *others(settings)], clock) as verifier:
            fields = {name: getattr(deps, name) for name in deps.__struct_fields__}
            yield type(deps)(**{**fields, "verifier": verifier})

    return opening


class KeyServer:
    """Serves a key set at `url`.

    Attributes:
        keys: the set's keys, as JSON objects.
        fetches: how often it was asked.
        gate: an answer waits until it is set.
        says: the whole answer, bytes of any content, instead of the key set.
        away: hang up without an answer.
    """

    def __init__(self, keys: Iterable[dict[str, Any]]) -> None:
        self.keys = list(keys)
        self.fetches = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.says: bytes | None = None
        self.away = False
        self.requests: list[bytes] = []
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, and goodbye."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            self.fetches += 1
            await self.gate.wait()
            if not self.away:
                body = json.dumps({"keys": self.keys}).encode()
                writer.write(self.says if self.says is not None else http(body))
                await writer.drain()
        writer.close()


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An answer in the form of HTTP."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@asynccontextmanager
async def key_server(*keys: SigningKey) -> AsyncGenerator[KeyServer]:
    """A server with these keys."""
    serving = KeyServer(key.jwk for key in keys)
    server = await asyncio.start_server(serving.answer, "127.0.0.1", 0)
    serving.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    try:
        yield serving
    finally:
        serving.gate.set()
        server.close()
        await server.wait_closed()

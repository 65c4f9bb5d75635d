"""An application that knows other issuers, and the tokens that they sign."""

import json
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from msgspec import Struct
from msgspec.structs import replace

from api.__main__ import opened
from api.app import Opening
from runtime.settings import Settings
from tests.issuers import Claims, KeyServer, SigningKey, claims_of, eddsa, es256, key_server, rs256
from tests.stack import application, problem

ME = "/api/v1/auth/me"
CLIENT = "client-1"
POOL = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool1"
OIDC = "https://id.example.org/"
OTHER = "https://other.example.org"
SUPABASE = "https://abc.supabase.co/auth/v1"
SECRET = "a shared secret of more than 32 characters"
AUDIENCE = "https://gangway.example.org"
TENANT = f"acme-{uuid.uuid4().hex}"


class World(Struct, frozen=True):
    """The application, and the issuers that it knows."""

    client: httpx.AsyncClient
    cognito: KeyServer
    oidc: KeyServer
    other: KeyServer
    settings: Settings

    async def me(self, token: str | bytes, id_token: str | None = None) -> httpx.Response:
        """Who the bearer of a token is."""
        bearer = token if isinstance(token, bytes) else token.encode("latin-1")
        headers = {b"Authorization": b"Bearer " + bearer}
        if id_token is not None:
            headers[b"X-ID-Token"] = id_token.encode()
        return await self.client.get(ME, headers=headers)

    async def refused(self, token: str | bytes, id_token: str | None = None) -> Any:
        """A token that must be 401 `auth_invalid_token`, with the challenge of the standard."""
        answer = await self.me(token, id_token)
        assert answer.headers.get("www-authenticate") == 'Bearer error="invalid_token"'
        body = problem(answer, 401, "auth_invalid_token")
        assert body["detail"] == "The access token is not valid."
        return body


def oidc_issuers(oidc: KeyServer, other: KeyServer) -> str:
    """OIDC_ISSUERS: two with key sets, and Supabase with a secret."""
    common = {"audience": AUDIENCE, "role_claim": "role"}
    return json.dumps(
        [
            {"issuer": OIDC, "jwks_url": oidc.url, **common},
            {"issuer": OTHER, "jwks_url": other.url, **common},
            {
                "issuer": SUPABASE,
                "secret": SECRET,
                "audience": "authenticated",
                "tenant_claim": "app_metadata.tenant",
                "role_claim": "app_metadata.role",
            },
        ]
    )


@asynccontextmanager
async def knowing_issuers(settings: Settings, opening: Opening = opened) -> AsyncGenerator[World]:
    """The application, with Cognito, two OIDC issuers and Supabase."""
    async with (
        key_server(rs256("c1")) as cognito,
        key_server(rs256("o1"), es256("o2"), eddsa("o3")) as oidc,
        key_server(rs256("x1")) as other,
    ):
        known = replace(
            settings,
            cognito_user_pool_id="eu-west-1_Pool1",
            cognito_client_id=CLIENT,
            cognito_region="eu-west-1",
            cognito_jwks_url=cognito.url,
            oidc_issuers=oidc_issuers(oidc, other),
        )
        async with application(known, opening) as client:
            yield World(client, cognito, oidc, other, known)


def cognito_access(**more: Any) -> Claims:
    """What an access token of Cognito says: no audience, no e-mail."""
    said = {"token_use": "access", "client_id": CLIENT, "jti": uuid.uuid4().hex, "username": "ada", **more}
    return claims_of(POOL, **said)


def cognito_id(subject: str, **more: Any) -> Claims:
    """What an ID token of Cognito says."""
    said = {"token_use": "id", "aud": CLIENT, "sub": subject, "custom:tenant": TENANT, **more}
    return claims_of(POOL, **said)


def oidc_claims(**more: Any) -> Claims:
    """What a token of the plain OIDC issuer says."""
    return claims_of(OIDC, **{"aud": AUDIENCE, "tenant": TENANT, **more})


def signed(key: SigningKey | None = None, **more: Any) -> str:
    """A token of the plain OIDC issuer, right unless a claim makes it wrong."""
    return (key or rs256("o1")).sign(oidc_claims(**more))

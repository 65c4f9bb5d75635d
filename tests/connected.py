"""Connections as tests want them: consented to at the fake, and kept as the database has them."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from db.pool import Database
from onboarding.access import Caller
from onboarding.connections import Kept, ProviderKey, Tokens
from onboarding.payloads import ConnectionSync
from runtime.addresses import Owner
from runtime.encryption import Keys
from runtime.providers import PROVIDERS, keeping, oauth
from runtime.providers.asking import Api
from runtime.providers.endpoints import endpoints, redirect_uri
from runtime.settings import Settings
from tests.providers import Providers

VERIFIER = "v" * 43


async def consented(fake: Providers, settings: Settings, key: ProviderKey, account: str | None = None) -> Tokens:
    """The tokens of somebody who consents, to this account or the provider's first one."""
    where, back = endpoints(settings, key), redirect_uri(settings, key)
    assert where
    description = PROVIDERS[key].description
    url = oauth.consent_url(where, description, state="s" * 43, verifier=VERIFIER, redirect_uri=back)
    sent_to = await fake.consent(url, **({"as_": account} if account else {}))
    code = parse_qs(urlsplit(sent_to).query)["code"][0]
    return await oauth.exchange(where, description, code=code, verifier=VERIFIER, redirect_uri=back)


async def api_of(fake: Providers, settings: Settings, key: ProviderKey, account: str | None = None) -> Api:
    """The API as a connection sees it, with a token that outlasts every test."""
    for each in fake.all:
        each.faults.token_seconds = 10**9
    where, tokens = endpoints(settings, key), await consented(fake, settings, key, account)
    assert where

    async def token(stale: str | None) -> str:
        return tokens.access

    return Api(where.api, token)


async def connected(
    database: Database,
    keys: Keys,
    fake: Providers,
    settings: Settings,
    caller: Caller,
    key: ProviderKey,
    account: str | None = None,
) -> ConnectionSync:
    """A connection of somebody, to this account or the first one that the fake has."""
    tokens = await consented(fake, settings, key, account)
    account = account or {each.key: each.account for each in fake.all}[key]
    async with database.transaction(caller) as conn:
        connection_id = await conn.fetchval(
            """
            INSERT INTO connections (id, tenant_id, user_id, provider, status, account_id, account_label,
              sealed_tokens, token_expires_at)
            VALUES (uuidv7(), $1, $2, $3, 'connected', $4, 'Coffee', '[]', now() + make_interval(secs => $5))
            RETURNING id::text
            """,
            caller.tenant_id,
            caller.user_id,
            key,
            account,
            tokens.expires_in,
        )
    order = ConnectionSync(
        tenant_id=caller.tenant_id, user_id=caller.user_id or "", connection_id=connection_id, kind="backfill"
    )
    data_key = await keys.sealing(Owner(order.tenant_id, order.user_id))
    sealed = keeping.sealed(data_key, connection_id, Kept(access=tokens.access, refresh=tokens.refresh))
    async with database.transaction(caller) as conn:
        await conn.execute("UPDATE connections SET sealed_tokens = $2 WHERE id = $1", connection_id, sealed)
    return order


def leading_to(fake: Providers) -> dict[str, Any]:
    """The settings that differ where the providers are these."""
    before, after = Settings(), fake.set(Settings())
    return {
        name: value for name in after.__struct_fields__ if (value := getattr(after, name)) != getattr(before, name)
    }

"""Where a provider is, and who Gangway is there: what the settings say of it."""

from urllib.parse import urlsplit

from msgspec import Struct

from onboarding.connections import PROVIDER_KEYS, ProviderKey
from runtime.settings import Settings


class Endpoints(Struct, frozen=True, kw_only=True):
    """The addresses of a provider and the application there. It shows itself to nobody."""

    authorize: str
    token: str
    revoke: str
    userinfo: str | None
    api: str
    client_id: str
    client_secret: str

    def __repr__(self) -> str:
        return "Endpoints()"

    @property
    def identity(self) -> str:
        """Below which a provider says whose account it is."""
        return self.userinfo or self.api


def endpoints(settings: Settings, key: ProviderKey) -> Endpoints | None:
    """Where it is, None where the settings name no application there."""
    client_id, client_secret = getattr(settings, f"{key}_client_id"), getattr(settings, f"{key}_client_secret")
    if not client_id or not client_secret:
        return None
    return Endpoints(
        authorize=getattr(settings, f"{key}_authorize_url"),
        token=getattr(settings, f"{key}_token_url"),
        revoke=getattr(settings, f"{key}_revoke_url"),
        userinfo=getattr(settings, f"{key}_userinfo_url", None),
        api=getattr(settings, f"{key}_api_base"),
        client_id=client_id,
        client_secret=client_secret,
    )


def available(settings: Settings) -> tuple[ProviderKey, ...]:
    """The providers that can be connected here, whatever a tenant allows."""
    enabled = {each.strip() for each in settings.connections_enabled.split(",")}
    return tuple(key for key in PROVIDER_KEYS if key in enabled and endpoints(settings, key))


def redirect_uri(settings: Settings, key: ProviderKey) -> str:
    """Where people come back to from its consent page, exactly as it is registered there."""
    base = settings.api_url or f"http://{settings.host}:{settings.port}"
    return f"{base.rstrip('/')}{callback_path(key)}"


def callback_path(key: ProviderKey) -> str:
    """The path of that address."""
    return f"/api/v1/connections/{key}/callback"


def frontend(settings: Settings) -> str:
    """The origin that people are sent back to: a scheme and a host, without a slash at its end."""
    parts = urlsplit(settings.frontend_origin or settings.app_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

"""What others may look up about the own issuer."""

from litestar import Response, get
from msgspec import Struct

from api.deps import WithDeps
from api.tokens import PublicKey


class KeySet(Struct, frozen=True, kw_only=True):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[PublicKey]


@get("/.well-known/jwks.json", opt={"entry": "open"}, tags=("auth",))
async def key_set(deps: WithDeps) -> Response[KeySet]:
    """The public keys that access tokens are signed with; none while they are signed with a secret."""
    key = deps.tokens.public_key()
    return Response(KeySet(keys=[key] if key else []), headers={"Cache-Control": "public, max-age=300"})

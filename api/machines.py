"""Programs that send events: who they are, by a token that was made for them."""

from msgspec import Struct

from api.deps import Deps
from api.mailing import digest_of
from api.problems import Code, ProblemError
from db import ingest
from db.ingest import Sender
from db.tenant import SIGN_IN

SCHEME = "Event"
TOKEN_CHARACTERS = 200


class Machine(Struct, frozen=True, kw_only=True):
    """A program that was let in."""

    sender: Sender


async def machine_of(deps: Deps, authorization: str) -> Machine:
    """The account that a request comes from.

    Raises:
        ProblemError: 401 without a token that is somebody's, 403 for an account that is not active.
    """
    scheme, _, token = authorization.strip().partition(" ")
    if scheme.lower() != SCHEME.lower() or not token.strip():
        raise refused(Code.AUTH_MISSING_TOKEN, "Send the token of an AWS account: `Authorization: Event <token>`.")
    sender = None
    if len(token) <= TOKEN_CHARACTERS:
        async with deps.database.transaction(SIGN_IN) as connection:
            sender = await ingest.sender(connection, digest_of(token.strip()))
    if sender is None:
        raise refused(Code.AUTH_INVALID_TOKEN, "This token is none of an AWS account.")
    if not sender.is_active:
        raise ProblemError(403, Code.ACCOUNT_INACTIVE, "This AWS account is not active.")
    return Machine(sender=sender)


def refused(code: Code, detail: str) -> ProblemError:
    """401, with the challenge that the standard asks for."""
    return ProblemError(401, code, detail, headers={"WWW-Authenticate": SCHEME})

"""A new password, for who knows the old one and for who forgot it: `/auth/password`."""

from collections.abc import Iterator
from typing import Annotated, Any

from litestar import Controller, Request, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from api.body import Body
from api.deps import Deps, SignedIn, WithDeps
from api.emails import email_of
from api.entry import address_of
from api.mailing import RESET, digest_of, link_to, new_token, write
from api.mailing import post as send
from api.people import Secret
from api.problems import Code, ProblemError
from api.strength import strong_enough
from db import credentials, resets, runs, sessions, users
from db.tenant import SIGN_IN
from onboarding.access import Caller, Role
from onboarding.payloads import FieldError
from runtime.settings import Settings

Token = Annotated[str, Meta(min_length=1, max_length=200, extra={"verbatim": True})]


class ChangePasswordBody(Body, frozen=True, kw_only=True):
    """The old password and the new one."""

    current_password: Secret
    new_password: Secret


class ForgotBody(Body, frozen=True, kw_only=True):
    """Who forgot theirs."""

    email: Annotated[str, Meta(min_length=3, max_length=254, extra={"verbatim": True})]


class ResetBody(Body, frozen=True, kw_only=True):
    """The token of the mail and the new password."""

    token: Token
    new_password: Secret


class Accepted(Struct, frozen=True, kw_only=True):
    """The same for everybody: whether somebody has this e-mail is not told."""

    detail: str = "If somebody signs in with this e-mail, a mail is on its way."


def _strong_enough(settings: Settings, body: ChangePasswordBody | ResetBody) -> Iterator[FieldError]:
    """What a new password must be is a setting."""
    return strong_enough(settings, "new_password", body)


class PasswordController(Controller):
    """New passwords."""

    path = "/auth/password"
    tags = ("auth",)

    @post("/", opt={"rule": _strong_enough}, status_code=204)
    async def change(
        self,
        data: JSONBody[ChangePasswordBody],
        deps: WithDeps,
        principal: SignedIn,
        request: Request[Any, Any, Any],
    ) -> None:
        """Change one's password; every other session ends. Too many wrong ones are 429."""
        caller = principal.caller
        known = await _known(deps, caller, data.current_password, address_of(request.scope))
        if known is None:
            raise _wrong_password()
        hashed = await deps.passwords.hash(data.new_password)
        async with deps.database.transaction(caller) as connection:
            if not await credentials.set_password(connection, caller.user_id, hashed, instead_of=known):
                raise _wrong_password()  # Somebody else gave another one meanwhile.
            await sessions.end_all(connection, caller.user_id, "password", but=principal.token.session_id)
            await runs.wake(connection, caller.user_id)
            await resets.close(connection, caller.user_id)

    @post("/forgot", opt={"entry": "sign_in"}, status_code=202)
    async def forgot(self, data: JSONBody[ForgotBody], deps: WithDeps) -> Accepted:
        """Have a mail sent with a link to a new password. The answer and its time are the same for any e-mail."""
        email = email_of(data.email)
        if email is None:
            return Accepted()
        token, key = new_token(), await deps.keys.sealing(None)
        async with deps.database.transaction(SIGN_IN) as connection:
            person = await resets.add(connection, digest_of(token), email)
            mail_id = await write(
                key,
                connection,
                RESET,
                to=email,
                tenant_id=person.tenant_id if person else None,
                user_id=person.user_id if person else None,
                locale=person.locale if person else "en",
                link=link_to(deps, "reset-password", token),
            )
        await send(deps, mail_id)
        return Accepted()

    @post("/reset", opt={"entry": "sign_in", "rule": _strong_enough}, status_code=204)
    async def reset(self, data: JSONBody[ResetBody], deps: WithDeps) -> None:
        """Choose a new password with the token of the mail, once; every session ends."""
        token_hash = digest_of(data.token)
        async with deps.database.transaction(SIGN_IN) as connection:
            reset = await resets.find(connection, token_hash)
        if reset is None:
            raise _invalid()
        if reset.expired:
            raise ProblemError(410, Code.RESET_TOKEN_EXPIRED, "The link has expired; ask for another one.")
        hashed = await deps.passwords.hash(data.new_password)
        caller = Caller(tenant_id=reset.tenant_id, user_id=reset.user_id, role=Role.USER)
        async with deps.database.transaction(caller) as connection:
            if not await resets.take(connection, token_hash):
                raise _invalid()
            await credentials.set_password(connection, reset.user_id, hashed)
            await sessions.end_all(connection, reset.user_id, "password")
            await runs.wake(connection, reset.user_id)
            await resets.close(connection, reset.user_id)
            await deps.lockout.reset(connection, reset.email)


def _wrong_password() -> ProblemError:
    return ProblemError(400, Code.WRONG_PASSWORD, "The current password is wrong.")


async def _known(deps: Deps, caller: Caller, password: str, address: str) -> str | None:
    """The hash of the signed-in person's password, if they know it.

    Failures are counted by the account, apart from those of logins: another e-mail gives whoever stole a session
    no more tries, and their tries lock nobody out.

    Raises:
        ProblemError: 400 where there is none, 429 after too many that were wrong.
        TooBusy: too many sign in at this moment.
    """
    async with deps.passwords.turn(), deps.database.transaction(caller) as connection:
        user = await users.by_id(connection, caller.user_id)
        if user is None:
            raise users.UserNotFound
        hashed = await credentials.hash_of(connection, caller.user_id)
        if hashed is None:
            raise ProblemError(
                400, Code.NO_PASSWORD, "This account is signed in to elsewhere; it has no password."
            )
        attempt = deps.lockout.attempt(user.id, address)
        standing = await deps.lockout.admit(connection, attempt)
        right = await deps.passwords.verify(password, hashed)
        if right:
            await deps.lockout.succeeded(connection, attempt, standing)
        else:
            await deps.lockout.failed(connection, attempt, standing, user)
    return hashed if right else None


def _invalid() -> ProblemError:
    return ProblemError(400, Code.RESET_TOKEN_INVALID, "The link is not valid, or was used.")

"""The signed-in person: `/users/me`."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from api.commands import percentage_of
from api.deps import Deps, Principal, SignedIn, WithDeps
from api.problems import Code, ProblemError
from db import runs, users
from onboarding.access import PERMISSIONS, AccessControl, Caller, Role, access_control
from onboarding.payloads import Actor, ActorKind, SetPlace, SnoozeReminders
from onboarding.people import Person
from runtime.addresses import RunAddress

LONGEST_SECRET = 128
Secret = Annotated[str, Meta(min_length=1, max_length=LONGEST_SECRET, extra={"verbatim": True})]


class PatchMeBody(Person, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to oneself."""

    reminders_enabled: bool | UnsetType | None = UNSET


class UserOut(Struct, frozen=True, kw_only=True):
    """A person as the API shows them. Of another issuer, who gave none, `email` is empty."""

    id: str
    tenant_id: str
    email: str
    full_name: str | None
    role: Role
    timezone: str
    locale: str
    age: int | None
    sex: str | None
    height_cm: float | None
    weight_kg: float | None
    reminders_enabled: bool
    onboarding_completed: bool
    is_active: bool
    created_at: datetime


class MeOut(UserOut, frozen=True, kw_only=True):
    """The signed-in person, with what they may do and open."""

    permissions: list[str]
    access_control: AccessControl


class MeController(Controller):
    """The signed-in person."""

    path = "/users/me"
    tags = ("users",)

    @get("/")
    async def read(self, deps: WithDeps, principal: SignedIn) -> MeOut:
        """Profile, permissions, and which features are open."""
        return await me_of(deps, principal)

    @patch("/")
    async def change(self, data: JSONBody[PatchMeBody], deps: WithDeps, principal: SignedIn) -> MeOut:
        """Change name, time zone, language, body data, reminders; open runs follow."""
        caller = principal.caller
        await tell_runs(deps, caller, caller.user_id, data)
        async with deps.database.transaction(caller) as connection:
            await users.update(connection, caller.user_id, **given(data))
        return await me_of(deps, principal)


async def tell_runs(deps: Deps, caller: Caller, user_id: str, data: PatchMeBody) -> None:
    """Tell a person's open runs what changes of their place and reminders.

    It comes before the row is written: with Temporal away nothing has changed, and the same request works later.

    Raises:
        WorkflowsUnavailable: nobody answered in time.
    """
    place = isinstance(data.timezone, str) or isinstance(data.locale, str)
    if not place and not isinstance(data.reminders_enabled, bool):
        return
    async with deps.database.transaction(caller) as connection:
        flows = await runs.active_flows(connection, user_id)
    kind = ActorKind.PERSON if user_id == caller.user_id else ActorKind.STAFF
    actor = Actor(kind=kind, id=caller.user_id)
    for flow in flows:
        address = RunAddress(caller.tenant_id, user_id, flow)
        if place:
            moved = SetPlace(actor=actor, timezone=data.timezone or None, locale=data.locale or None)
            await deps.gateway.tell(address, moved)
        if isinstance(data.reminders_enabled, bool):
            snooze = SnoozeReminders(actor=actor, muted=not data.reminders_enabled)
            await deps.gateway.tell(address, snooze)


async def me_of(deps: Deps, principal: Principal) -> MeOut:
    """The signed-in person, with what they may do and open."""
    caller = principal.caller
    async with deps.database.transaction(caller) as connection:
        user = await users.by_id(connection, caller.user_id)
        percentage = await percentage_of(connection, principal)
    if user is None:
        raise ProblemError(404, Code.NOT_FOUND, "There is no such person.")
    return MeOut(
        **asdict(shown(user)),
        permissions=sorted(PERMISSIONS[caller.role]),
        access_control=access_control(caller.role, user.onboarding_completed, percentage),
    )


def shown(user: users.User) -> UserOut:
    """A person as the API shows them."""
    fields: dict[str, Any] = {name: getattr(user, name) for name in UserOut.__struct_fields__}
    fields["email"] = user.email or ""
    return UserOut(**fields)


def given(data: Person, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The fields that were sent; a null says nothing, as everywhere."""
    sent = {k: v for k, v in asdict(data).items() if k not in without}
    return {k: v for k, v in sent.items() if v is not UNSET and v is not None}

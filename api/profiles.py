"""The profile: what a completed run left, and its versions."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import Body
from api.commands import flow_asked
from api.deps import Principal, SignedIn, WithDeps
from api.guards import onboarding_completed
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, page_of, read_cursor
from api.parameters import FlowQuery, IfMatch, read_version
from api.problems import Code, ProblemError
from db import profiles
from db.pool import Connection
from onboarding.errors import VersionConflict
from onboarding.flows import FLOWS
from onboarding.profile import edit


class PatchProfileBody(Body, frozen=True, kw_only=True):
    """New answers by state key; each replaces the whole answer of its state."""

    answers: dict[str, Any]
    flow: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType | None = UNSET


class ProfileOut(Struct, frozen=True, kw_only=True):
    """A profile in its newest version."""

    id: str
    user_id: str
    flow: str
    flow_version: int
    version: int
    locked: bool
    answers: dict[str, dict[str, Any]]
    run_id: str
    created_at: datetime
    updated_at: datetime


class ProfileVersionOut(Struct, frozen=True, kw_only=True):
    """A version of a profile, and who made it."""

    version: int
    answers: dict[str, dict[str, Any]]
    changed_by: str | None
    created_at: datetime


class ProfileVersionPage(Page[ProfileVersionOut], frozen=True, kw_only=True):
    """A page of a profile's versions."""


class ProfileController(Controller):
    """The person's own profile."""

    path = "/profile"
    tags = ("profile",)
    guards = (onboarding_completed,)

    @get("/")
    async def read(self, deps: WithDeps, principal: SignedIn, flow: FlowQuery = None) -> ProfileOut:
        """The profile in its newest version."""
        async with deps.database.transaction(principal.caller) as connection:
            return profile_out(await _found(connection, principal, flow))

    @patch("/")
    async def change(
        self, data: JSONBody[PatchProfileBody], deps: WithDeps, principal: SignedIn, if_match: IfMatch = None
    ) -> ProfileOut:
        """Replace some states' answers; a new version, unless nothing is new."""
        expected = read_version(if_match)
        async with deps.database.transaction(principal.caller) as connection:
            while True:
                profile = await _found(connection, principal, data.flow or None)
                if expected is not None and expected != profile.version:
                    raise VersionConflict
                flow = FLOWS.get(profile.flow, profile.flow_version)
                tenant_id = principal.caller.tenant_id
                answers = edit(flow, profile.answers, data.answers, tenant_id=tenant_id, user_id=profile.user_id)
                if answers == profile.answers:
                    return profile_out(profile)
                try:
                    saved = await profiles.save(connection, profile, answers, changed_by=principal.caller.user_id)
                    return profile_out(saved)
                except profiles.ProfileConflict:
                    # Another tab was first. Who named no version wants the change on top of whatever is there.
                    continue

    @get("/versions")
    async def versions(
        self,
        deps: WithDeps,
        principal: SignedIn,
        flow: FlowQuery = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> ProfileVersionPage:
        """Every version, newest first."""
        before = read_cursor(cursor)
        async with deps.database.transaction(principal.caller) as connection:
            profile = await _found(connection, principal, flow)
            found = await profiles.versions(connection, profile.id, before=before, limit=limit + 1)
        page = page_of(found, limit, lambda version: version.version)
        items = [
            ProfileVersionOut(
                version=v.version, answers=v.answers, changed_by=v.changed_by, created_at=v.created_at
            )
            for v in page.items
        ]
        # Versions are numbered from 1 without a gap.
        total = profile.version if with_total else UNSET
        return ProfileVersionPage(items=items, next_cursor=page.next_cursor, total=total)


def profile_out(profile: profiles.Profile) -> ProfileOut:
    """The profile as the API shows it."""
    return ProfileOut(**{name: getattr(profile, name) for name in ProfileOut.__struct_fields__})


async def _found(connection: Connection, principal: Principal, flow: str | None) -> profiles.Profile:
    key = await flow_asked(connection, principal, flow)
    profile = await profiles.get(connection, principal.caller.user_id, key)
    if profile is None:
        raise ProblemError(404, Code.PROFILE_NOT_FOUND, "There is no profile yet.")
    return profile

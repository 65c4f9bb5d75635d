"""The bodies and answers of the company wizard, in the names of its published interface."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from api.body import Body
from api.camel import Names
from api.run_shapes import StepName
from api.suggestion_shapes import OKRSuggestionOut, RecommendationsOut, item_out, recommendations_out
from db.organizations import Organization
from db.runs import Stored
from onboarding.flows.company import COMPANY
from onboarding.payloads import Run, Status
from onboarding.progress import current_state, flow_of

FLOW = COMPANY.key
NAMES = Names(*(state.answer for state in COMPANY.states))
LONGEST_CONTEXT = 8192
"""Bytes of JSON: more than all that the three states ask for."""


def _too_long(context: object) -> tuple[str, str] | None:
    if len(msgspec.json.encode(context)) <= LONGEST_CONTEXT:
        return None
    return "too_long", f"must have at most {LONGEST_CONTEXT} bytes"


SessionId = Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType | None


class WizardStartBody(Body, frozen=True, kw_only=True, rename="camel"):
    """Start or resume. `context` is what the caller knows already, offered for reuse."""

    flow: Literal["company"] | UnsetType | None = UNSET
    restart: bool | UnsetType | None = UNSET
    context: Annotated[dict[str, Any], Meta(extra={"check": _too_long})] | UnsetType | None = UNSET


class WizardProgressBody(Body, frozen=True, kw_only=True, rename="camel"):
    """An answer to one step, by number or key; without `sessionId` it is for the active session."""

    session_id: SessionId = UNSET
    step: StepName
    data: dict[str, Any]


class WizardCompleteBody(Body, frozen=True, kw_only=True, rename="camel"):
    """Which session to complete, and whether an organization comes of it."""

    session_id: SessionId = UNSET
    create_organization: bool = True


class StepData(Struct, frozen=True, kw_only=True):
    """The answers so far, by step."""

    welcome: dict[str, Any] | UnsetType = UNSET
    company: dict[str, Any] | UnsetType = UNSET
    organization: dict[str, Any] | UnsetType = UNSET


class OnboardingSession(Struct, frozen=True, kw_only=True, rename="camel"):
    """A run of the flow `company`. `currentStep` is null when no step is open."""

    id: str
    user_id: str
    status: Status
    current_step: int | None
    step_data: StepData
    ai_recommendations: RecommendationsOut | UnsetType = UNSET
    completed_at: datetime | UnsetType = UNSET
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


class DepartmentOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """A department; `parent` is the name of the one that it belongs to."""

    id: str
    name: str
    description: str | None
    parent: str | None


class OrganizationOut(Struct, frozen=True, kw_only=True, rename="camel"):
    """The organization that a session ended in. `createdBy` is null once that person is erased."""

    id: str
    name: str
    industry: str
    size: str
    description: str | None
    logo: str | None
    website: str | None
    team_size: int
    structure: str
    methodology: str
    collaboration_style: str
    integrations: list[str]
    departments: list[DepartmentOut]
    okrs: list[OKRSuggestionOut]
    created_by: str | None
    created_at: datetime
    updated_at: datetime


class WizardCompleted(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a completed session amounts to."""

    session: OnboardingSession
    organization: OrganizationOut | None
    ai_recommendations: RecommendationsOut | None


def session_out(run: Run, stored: Stored | None) -> OnboardingSession:
    """The session as the wizard shows it; `stored` is the run where reads look, None when it is not there yet."""
    current = current_state(run, flow_of(run))
    updated_at = max(run.last_activity_at, run.completed_at or run.created_at)
    if stored and stored.run.seq >= run.seq:
        updated_at = stored.updated_at
    return OnboardingSession(
        id=run.id,
        user_id=run.user_id,
        status=run.status,
        current_step=current.number if current else None,
        step_data=msgspec.convert(NAMES.swapped(run.answers), StepData),
        ai_recommendations=recommendations_out(stored.ai_recommendations if stored else None) or UNSET,
        completed_at=run.completed_at or UNSET,
        created_at=run.created_at,
        updated_at=updated_at,
        expires_at=run.expires_at,
    )


def organization_out(organization: Organization) -> OrganizationOut:
    """The organization as the wizard shows it."""
    fields: dict[str, Any] = {name: getattr(organization, name) for name in OrganizationOut.__struct_fields__}
    fields["okrs"] = [item_out(okr) for okr in organization.okrs]
    names = DepartmentOut.__struct_fields__
    fields["departments"] = [
        DepartmentOut(**{name: getattr(each, name) for name in names}) for each in organization.departments
    ]
    return OrganizationOut(**fields)

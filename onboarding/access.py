"""Who may do what: roles as permissions, and the features that wait for a completed onboarding."""

from enum import StrEnum

from msgspec import Struct


class Role(StrEnum):
    """The roles of a tenant, each with the permissions of the ones before it and more."""

    USER = "user"
    MANAGER = "manager"
    ADMIN = "admin"


_USER = frozenset({"read:events", "read:own_tasks", "update:own_tasks", "read:own_profile", "update:own_profile"})
_MANAGER = _USER | {
    "read:all_tasks",
    "create:tasks",
    "update:tasks",
    "delete:own_tasks",
    "read:users",
    "read:runs",
    "nudge:runs",
}
_ADMIN = _MANAGER | {
    "create:users",
    "update:users",
    "delete:users",
    "delete:events",
    "delete:tasks",
    "read:config",
    "update:config",
    "decode:payloads",
    "manage:runs",
}
PERMISSIONS: dict[Role, frozenset[str]] = {Role.USER: _USER, Role.MANAGER: _MANAGER, Role.ADMIN: _ADMIN}

GATED_FEATURES = ("dashboard", "workouts", "meals", "profile")
"""Features behind a completed onboarding; chat is always open, since it leads there."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who is asking: the tenant and person that a transaction acts for."""

    tenant_id: str
    user_id: str
    role: Role


class AccessControl(Struct, frozen=True, kw_only=True):
    """What a person's frontend may open now. `onboarding_progress` is a percentage, None before the start."""

    can_access_dashboard: bool
    can_access_workouts: bool
    can_access_meals: bool
    can_access_chat: bool
    can_access_profile: bool
    locked_features: list[str]
    unlock_message: str | None
    onboarding_progress: int | None


def is_unlocked(role: Role, onboarding_completed: bool) -> bool:
    """Whether the gated features are open: the gate binds role `user`, managers and admins pass."""
    return onboarding_completed or role is not Role.USER


def access_control(role: Role, onboarding_completed: bool, percentage: int | None) -> AccessControl:
    """What to report; the same rule as the guard's, so report and enforcement cannot differ."""
    unlocked = is_unlocked(role, onboarding_completed)
    return AccessControl(
        can_access_dashboard=unlocked,
        can_access_workouts=unlocked,
        can_access_meals=unlocked,
        can_access_chat=True,
        can_access_profile=unlocked,
        locked_features=[] if unlocked else list(GATED_FEATURES),
        unlock_message=None if unlocked else "Complete your onboarding to unlock these features.",
        onboarding_progress=percentage,
    )

"""Roles, and the features that wait for a completed onboarding."""

import re
from pathlib import Path

import pytest

from onboarding.access import GATED_FEATURES, PERMISSIONS, Role, access_control, is_unlocked


def test_each_role_may_more_than_the_one_before() -> None:
    """A manager has every permission of a user and more, an admin every one of a manager and more."""
    user, manager, admin = (PERMISSIONS[role] for role in Role)
    assert user < manager < admin


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("completed", [True, False])
def test_the_gate_binds_users_only(role: Role, completed: bool) -> None:
    """Features are locked for a user before completion, and for nobody else."""
    assert is_unlocked(role, completed) is (completed or role is not Role.USER)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("completed", [True, False])
def test_the_report_says_what_the_gate_does(role: Role, completed: bool) -> None:
    """Every gated feature is reported as the guard treats it; chat is always open."""
    report, open_ = access_control(role, completed, 44), is_unlocked(role, completed)
    assert {getattr(report, f"can_access_{feature}") for feature in GATED_FEATURES} == {open_}
    assert report.can_access_chat is True
    assert report.locked_features == ([] if open_ else list(GATED_FEATURES))
    assert (report.unlock_message is None) is open_
    assert report.onboarding_progress == 44


def test_before_the_start_there_is_no_percentage() -> None:
    """Somebody who never started has no progress, which is not the same as none percent."""
    assert access_control(Role.USER, False, None).onboarding_progress is None
    assert access_control(Role.USER, False, 0).onboarding_progress == 0


def test_the_documented_permissions() -> None:
    """The table of docs/users.md says which role has which permission, each one and no other."""
    text = (Path(__file__).parents[2] / "docs" / "users.md").read_text()
    rows = re.findall(r"^\| `(\w+:\w+)` \|(.*)\|(.*)\|(.*)\|$", text, re.MULTILINE)
    documented = {
        role: {permission for permission, *cells in rows if cells[column].strip() == "yes"}
        for column, role in enumerate(Role)
    }
    assert documented == PERMISSIONS
    assert len({row[0] for row in rows}) == len(rows) == len(PERMISSIONS[Role.ADMIN])

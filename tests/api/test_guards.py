"""Guards by permission."""

from datetime import UTC, datetime

import pytest

from api.guards import requires
from api.invitations import InvitedOut
from onboarding.access import Role


def test_a_permission_that_no_role_has() -> None:
    """A guard for a misspelt permission, which nobody could pass, fails when the application is built."""
    requires("read:users")
    with pytest.raises(ValueError, match="reads:users"):
        requires("reads:users")


def test_a_link_is_not_shown_by_accident() -> None:
    """What a log line would show of an invitation that was made has neither its link nor its token."""
    made = InvitedOut(
        id="i",
        email="a@example.org",
        role=Role.USER,
        link="https://x/#token=canary",
        token="canary",
        expires_at=datetime.now(UTC),
    )
    assert "canary" not in repr(made)

"""The error tree of the domain. Each class has a stable code; none knows HTTP.

GangwayError
 ├─ Refused                 a command that the rules of a run do not allow
 │   ├─ InvalidAnswer       validation_error
 │   ├─ StateMismatch       state_mismatch
 │   ├─ StateNotOptional    state_not_optional
 │   ├─ Incomplete          onboarding_incomplete
 │   ├─ AlreadyComplete     onboarding_already_complete
 │   ├─ RunExpired          run_expired
 │   ├─ RunAbandoned        run_abandoned
 │   ├─ AnotherRunOpen      another_run_open
 │   ├─ RemindersOff        reminders_off
 │   ├─ RemindedRecently    reminded_recently
 │   └─ VersionConflict     version_conflict
 ├─ RunNotFound             run_not_found
 └─ UnknownFlow             unknown_flow
"""

from typing import ClassVar

from onboarding.payloads import FieldError, Refusal


class GangwayError(Exception):
    """The root of all errors that Gangway raises on purpose."""

    code: ClassVar[str]
    detail: ClassVar[str]


class Refused(GangwayError):
    """A command that the rules do not allow; the run is as it was."""

    code = "refused"
    detail = "The run does not allow this."

    def __init__(
        self,
        errors: tuple[FieldError, ...] = (),
        *,
        current_state: int | None = None,
        retry_after_seconds: int | None = None,
    ) -> None:
        super().__init__(self.code)
        self.errors = errors
        self.current_state = current_state
        self.retry_after_seconds = retry_after_seconds

    @property
    def refusal(self) -> Refusal:
        """The same in the form that crosses process borders."""
        return Refusal(
            code=self.code,
            detail=self.detail,
            errors=self.errors,
            current_state=self.current_state,
            retry_after_seconds=self.retry_after_seconds,
        )


class InvalidAnswer(Refused):
    """The answer does not fit its state; `errors` names every failing field."""

    code = "validation_error"
    detail = "The answer is not valid."


class StateMismatch(Refused):
    """A state later than the current one was addressed, or one that the sender thinks is current."""

    code = "state_mismatch"
    detail = "The onboarding stands at another state."


class StateNotOptional(Refused):
    """A required state cannot be skipped."""

    code = "state_not_optional"
    detail = "This state cannot be skipped."


class Incomplete(Refused):
    """Something required is missing or needs review."""

    code = "onboarding_incomplete"
    detail = "The onboarding cannot be completed yet."


class AlreadyComplete(Refused):
    """The run is completed and stays as it is."""

    code = "onboarding_already_complete"
    detail = "The onboarding is complete; the profile can be edited instead."


class RunExpired(Refused):
    """The run expired; a new start offers its answers for reuse."""

    code = "run_expired"
    detail = "The onboarding expired. Start again to reuse the answers."


class RunAbandoned(Refused):
    """The run was ended by somebody; a new start begins another."""

    code = "run_abandoned"
    detail = "The onboarding was ended. Start again to begin another."


class AnotherRunOpen(Refused):
    """The person is in the middle of another run of the flow, which nobody throws away in passing."""

    code = "another_run_open"
    detail = "Another onboarding of this person is open. Fork that one, or abandon it first."


class RemindersOff(Refused):
    """The person wants no reminders, for now or at all."""

    code = "reminders_off"
    detail = "This person gets no reminders."


class RemindedRecently(Refused):
    """Somebody had the person reminded a short while ago."""

    code = "reminded_recently"
    detail = "This person was reminded less than an hour ago."


class VersionConflict(Refused):
    """The caller saw an older version of the run."""

    code = "version_conflict"
    detail = "The run has changed since this page was loaded."


class RunNotFound(GangwayError):
    """There is no such run, or it is not the caller's."""

    code = "run_not_found"
    detail = "There is no onboarding yet."


class UnknownFlow(GangwayError):
    """No such flow is registered."""

    code = "unknown_flow"
    detail = "There is no such flow."

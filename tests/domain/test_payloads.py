"""What enters Temporal history stays readable."""

import msgspec
import pytest

from onboarding import payloads
from onboarding.payloads import Payload, Run
from tests.domain.given import answered, fresh

PAYLOADS = [k for k in vars(payloads).values() if isinstance(k, type) and issubclass(k, Payload)]


@pytest.mark.parametrize("kind", PAYLOADS, ids=lambda k: k.__name__)
def test_payloads_are_written_for_the_long_run(kind: type[Payload]) -> None:
    """Every payload is immutable, has named fields, and ignores fields that it does not know."""
    config = kind.__struct_config__
    assert (config.frozen, config.array_like, config.forbid_unknown_fields) == (True, False, False)


def test_a_run_of_another_version_is_readable() -> None:
    """A run with fields of a later version, and one without any field that has a default, are both read."""
    run = answered(3)
    later = {**msgspec.to_builtins(run), "invented_later": {"x": 1}}
    assert msgspec.convert(later, Run) == run
    required = {f.encode_name for f in msgspec.structs.fields(Run) if f.required}
    first = {k: v for k, v in msgspec.to_builtins(fresh()).items() if k in required}
    assert msgspec.convert(first, Run).answers == {}

"""The id of a request, the same rule in every process."""

import re
import uuid
from collections.abc import Mapping

_GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def request_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The caller's `X-Request-ID` when it is 1 to 64 letters, digits, `.`, `_` or `-`; else a new one."""
    sent = headers.get(b"x-request-id", b"").decode("latin-1")
    return sent if _GOOD_ID.fullmatch(sent) else uuid.uuid4().hex

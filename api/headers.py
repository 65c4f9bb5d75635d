"""Parameters that several controllers share."""

from typing import Annotated

from litestar.params import HeaderParameter, QueryParameter

from api.problems import Code, ProblemError
from onboarding.payloads import FieldError

FlowQuery = Annotated[str | None, QueryParameter(pattern="^[a-z0-9_]{1,64}$", description="A flow's key.")]
IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=40, description='The version seen, as `"3"`.')
]
AgentContext = Annotated[
    str | None,
    HeaderParameter(name="X-Agent-Context", max_length=200, description="Which agent claims to ask; logged only."),
]
LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", max_length=80, description="The last event seen.")
]


def read_version(if_match: str | None) -> int | None:
    """The version that `If-Match` names; None for none or `*`.

    Raises:
        ProblemError: 400 when it is no version of ours.
    """
    text = (if_match or "*").strip().removeprefix("W/").strip('"')
    if text == "*":
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        error = FieldError(field="If-Match", code="bad_format", detail='must be a version such as "3"')
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))
    return int(text)

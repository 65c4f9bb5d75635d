"""The stub's models: `stub` is good, each of the others is bad in the way of its name."""

from collections.abc import Callable

import msgspec

from cli.stub_ai.brain import answer
from cli.stub_ai.instances import instance
from cli.stub_ai.reaction import Call, Reaction, Request, problem

SLOW_SECONDS = 2.0
_MARKUP = '<img src=x onerror="alert(1)"> <b>Welcome</b>'
_PAGE = b"<!doctype html><title>Sign in</title><h1>Please sign in to this network</h1>"
_HALF_A_CALL = '{"fitness_level": "begin'
_STATE_NINE = Call(
    name="save_supplement_preferences", arguments='{"interested_in_supplements":false,"current_supplements":[]}'
)


def decide(request: Request) -> Reaction:
    """What the model of the request's name does; an unknown one is an error, as at OpenAI's."""
    react = MODELS.get(request.model)
    if react is None:
        return problem(404, f"The model `{request.model[:100]}` does not exist.", "model_not_found")
    return react(request)


def _changed(**changes: object) -> Callable[[Request], Reaction]:
    return lambda request: msgspec.structs.replace(answer(request), **changes)


def _always(reaction: Reaction) -> Callable[[Request], Reaction]:
    return lambda _: reaction


def _talkative(request: Request, **changes: object) -> Reaction:
    """The stub's answer, long enough to break off in the midst of it."""
    good = answer(request)
    long = f"Well, let us see. {good.text}" if request.schema is None else good.text
    return msgspec.structs.replace(good, text=long, **changes)


def _garbage(request: Request) -> Reaction:
    """Arguments that end too soon, or JSON that is none."""
    if request.schema is None and request.tools and request.last.role != "tool":
        return Reaction(calls=(Call(name=request.tools[0].function.name, arguments=_HALF_A_CALL),))
    return Reaction(text='{"answer": [1, 2,')


def _html(request: Request) -> Reaction:
    """Markup in all that it says."""
    good = answer(request)
    if request.schema is not None:
        return Reaction(text=good.text.replace("A text.", msgspec.json.encode(_MARKUP)[1:-1].decode()))
    return msgspec.structs.replace(good, text=f"{_MARKUP} {good.text}")


def _loop(request: Request) -> Reaction:
    """The same harmless tool again, whatever it answers."""
    return Reaction(calls=(Call(name="get_progress", arguments="{}"),)) if request.tools else answer(request)


def _five(request: Request) -> Reaction:
    """Five calls in one breath, of the tools on offer in turn."""
    if not request.tools or request.last.role == "tool":
        return answer(request)
    offered = [request.tools[i % len(request.tools)].function for i in range(5)]
    arguments = [msgspec.json.encode(instance(tool.parameters)).decode() for tool in offered]
    return Reaction(
        calls=tuple(Call(name=tool.name, arguments=text) for tool, text in zip(offered, arguments, strict=True))
    )


def _forbidden(request: Request) -> Reaction:
    """Tools that nobody offered."""
    if request.last.role == "tool":
        return answer(request)
    return Reaction(
        calls=(
            Call(name="grant_admin", arguments='{"user_id":"00000000-0000-4000-8000-000000000000"}'),
            Call(name="complete_onboarding", arguments="{}"),
        )
    )


def _skip_ahead(request: Request) -> Reaction:
    """The answer to the last state of `fitness`, whichever the run is in."""
    return answer(request) if request.last.role == "tool" else Reaction(calls=(_STATE_NINE,))


MODELS: dict[str, Callable[[Request], Reaction]] = {
    "stub": answer,
    "stub-slow": _changed(delay_seconds=SLOW_SECONDS),
    "stub-429": _always(problem(429, "Rate limit reached.", "rate_limit_exceeded", retry_after="2")),
    "stub-500": _always(problem(500, "The server had an error.")),
    "stub-401": _always(problem(401, "Incorrect API key provided.", "invalid_api_key")),
    "stub-400": _always(problem(400, "Invalid request.")),
    "stub-hang": _always(Reaction(silent=True)),
    "stub-cut": lambda request: _talkative(request, stop_after=3, then="cut"),
    "stub-stall": lambda request: _talkative(request, stop_after=3, then="hang"),
    "stub-garbage": _garbage,
    "stub-html": _html,
    "stub-page": _always(Reaction(body=_PAGE, headers={"content-type": "text/html"})),
    "stub-refuse": _always(Reaction(refusal="I cannot help with that.")),
    "stub-filter": lambda request: _talkative(request, finish_reason="content_filter"),
    "stub-flood": lambda request: _talkative(request, calls=(), stop_after=3, then="repeat"),
    "stub-loop": _loop,
    "stub-five": _five,
    "stub-forbidden": _forbidden,
    "stub-skip-ahead": _skip_ahead,
    "stub-empty": _always(Reaction()),
    "stub-no-usage": _changed(usage=False),
}

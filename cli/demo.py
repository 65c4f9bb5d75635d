"""`gangway demo`: a newly registered person goes through all nine states, over HTTP, on real parts."""

import asyncio
import secrets
import time
from typing import Any
from urllib.parse import quote

import click
import httpx
import msgspec

from cli.context import pass_settings
from cli.demo_answers import ANSWERS, SAID
from cli.dev import say
from runtime.settings import Settings

_FLOW = "fitness"
_TIMEOUT_SECONDS = 30.0


class DemoFailed(Exception):
    """The API answered what the demo does not expect; the message shows the body."""


@click.command()
@click.option("--exit", "leave", is_flag=True, help="Stop everything at the end and exit with status 0.")
@pass_settings
def demo(settings: Settings, leave: bool) -> None:
    """Start everything, and take a new person through the nine states of the fitness flow."""
    from cli.embedded import EmbeddedError
    from cli.interrupt import run_until_interrupted

    try:
        if run_until_interrupted(_demo(settings, leave)) and leave:
            raise click.ClickException("interrupted before the end")
    except (EmbeddedError, DemoFailed, httpx.HTTPError) as error:
        raise click.ClickException(str(error) or repr(error)) from None


async def _demo(settings: Settings, leave: bool) -> None:
    from cli.embedded.ports import is_free
    from cli.local_stack import links, running

    # It does not scan anything: what listens on that port must not keep it from running.
    standin = is_free(settings.ai_service_standin_port)
    async with running(settings, say=say, standin=standin) as ready:
        where = links(ready)
        async with httpx.AsyncClient(base_url=where["API"], timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            run_id = await walk(client)
        where["This run"] = f"{where['Temporal UI']}/{quote(run_id, safe='')}"
        for name, link in where.items():
            click.echo(f"  {name:<12} {link}")
        if not leave:
            say("stop with Ctrl-C")
            await asyncio.Event().wait()


async def walk(client: httpx.AsyncClient) -> str:
    """Register, sign in, answer the nine states, complete, read the profile.

    Returns:
        The id of the run's workflow.

    Raises:
        DemoFailed: an answer was not the expected one.
        httpx.HTTPError: the API could not be reached.
    """
    user = await _sign_in(client)
    await _call(client, "POST", "/onboarding/start", {"flow": _FLOW, "timezone": "Europe/Berlin"})
    opener = await _call(client, "GET", "/chat/onboarding")
    click.echo(f"  {opener['agent_name']}: {opener['response']}")
    began = time.perf_counter()
    for number, (state, answer) in enumerate(ANSWERS, start=1):
        sent = time.perf_counter()
        way, saved = await _answer(client, state, answer)
        took = (time.perf_counter() - sent) * 1000
        done = saved["progress"]["completion_percentage"]
        click.echo(f"  {number}  {state:<24} {done:>3} %  {took:>6.0f} ms  by {way}")
    await _call(client, "POST", "/onboarding/complete", {"flow": _FLOW})
    click.echo(f"  completed in {time.perf_counter() - began:.2f} s")
    profile = await _call(client, "GET", "/profile")
    answers: dict[str, Any] = profile["answers"]
    if missing := [state for state, _ in ANSWERS if state not in answers]:
        raise DemoFailed(f"the profile lacks {', '.join(missing)}: {profile}")
    click.echo(f"  profile version {profile['version']} with {len(answers)} answers")
    return f"onboarding/{user['tenant_id']}/{user['id']}/{_FLOW}"


async def _answer(client: httpx.AsyncClient, state: str, answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Answer a state by talking where the person talks, else by form; the way, and where the run stands then."""
    if said := SAID.get(state):
        click.echo(f"     you: {said}")
        told = await _call(client, "POST", "/chat/onboarding", {"message": said, "current_state": state})
        click.echo(f"     {told['agent_type']}: {told['response']}")
        if any(saved["key"] == state for saved in told["saved"]):
            return f"chat ({told['source']})", told
        # A model may have a question first; the demo has nobody to answer it.
    return "form", await _call(client, "POST", "/onboarding/step", {"step": state, "data": answer})


async def _sign_in(client: httpx.AsyncClient) -> dict[str, Any]:
    person = {
        "email": f"demo-{secrets.token_hex(6)}@example.com",
        "password": secrets.token_urlsafe(12),
        "full_name": "Dana Demo",
        "timezone": "Europe/Berlin",
    }
    await _call(client, "POST", "/auth/register", person)
    credentials = {"email": person["email"], "password": person["password"]}
    token = await _call(client, "POST", "/auth/login", credentials)
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    click.echo(f"  registered {person['email']}")
    return token.get("user") or await _call(client, "GET", "/users/me")


async def _call(
    client: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    answer = await client.request(method, path, json=body)
    if not answer.is_success:
        raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text}")
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise DemoFailed(f"{method} {path} answered no JSON object ({error}): {answer.text[:500]}") from None

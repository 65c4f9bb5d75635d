"""Suggestions: asked for in the company wizard, and what people make of them."""

import time
from uuid import UUID

import msgspec
import structlog
from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from uuid_utils.compat import uuid7

from api.deps import Deps, Principal, SignedIn, WithDeps
from api.gateway import WorkflowsUnavailable
from api.limits import give_back, spending
from api.problems import Code, ProblemError
from api.suggestion_shapes import (
    EDITS,
    AiSuggestionsBody,
    FeedbackBody,
    FeedbackOut,
    SuggestionsOut,
    edited,
    shown,
    suggestions_out,
)
from db import runs, suggestions
from db.pool import Connection
from db.runs import PersonGone
from db.suggestions import Suggestion, SuggestionNotFound
from onboarding.errors import RunNotFound
from onboarding.payloads import FieldError, Run, Status, SuggestionOrder
from onboarding.reading import read
from onboarding.suggesting.facts import Inputs, facts_of
from onboarding.suggesting.shapes import Item, items_of, kinds_of

log = structlog.get_logger()

FLOW = "company"
PATIENCE_SECONDS = 0.5
"""Beyond the models' own time: for the way to a worker and back. Then the rules answer here."""


class SuggestionsController(Controller):
    """Suggestions in the company wizard."""

    path = "/onboarding"
    tags = ("suggestions",)

    @post("/ai-suggestions", status_code=200)
    async def suggest(
        self, data: JSONBody[AiSuggestionsBody], deps: WithDeps, principal: SignedIn
    ) -> SuggestionsOut:
        """Suggest something to a company: by a model within seconds, else by rules."""
        until = time.monotonic() + deps.settings.ai_suggestion_timeout_seconds + PATIENCE_SECONDS
        inputs = Inputs(
            company_name=data.companyName or None,
            description=(data.description or "").strip() or None,
            website=data.website or None,
        )
        async with deps.database.transaction(principal.caller) as connection:
            run = await _run_asked(connection, principal, data.sessionId or None)
        locale = run.locale if run else principal.locale
        if data.kind == "industry" and not facts_of(run.answers if run else {}, inputs, locale).text:
            raise _nothing_to_go_by()
        caller, suggestion_id = principal.caller, str(uuid7())
        order = SuggestionOrder(
            suggestion_id=suggestion_id,
            tenant_id=caller.tenant_id,
            user_id=caller.user_id,
            kinds=kinds_of(data.kind),
            timeout_seconds=deps.settings.ai_suggestion_timeout_seconds,
        )
        async with spending(deps, principal, "suggestions"):
            async with deps.database.transaction(caller) as connection:
                await suggestions.ask(
                    connection,
                    suggestion_id=suggestion_id,
                    tenant_id=caller.tenant_id,
                    user_id=caller.user_id,
                    run_id=run.id if run else None,
                    kind=data.kind,
                    locale=locale,
                    inputs=inputs,
                )
            settled, failed = await _answered(deps, principal, order, until)
        if failed:
            await give_back(deps, principal, "suggestions")
        return suggestions_out(settled)


class SuggestionFeedbackController(Controller):
    """What people make of suggestions."""

    path = "/suggestions"
    tags = ("suggestions",)

    @post("/{suggestion_id:uuid}/feedback", status_code=200)
    async def feedback(
        self,
        suggestion_id: FromPath[UUID],
        data: JSONBody[FeedbackBody],
        deps: WithDeps,
        principal: SignedIn,
    ) -> FeedbackOut:
        """Accept, edit or reject an item; a later verdict replaces an earlier one."""
        caller, value = principal.caller, None
        async with deps.database.transaction(caller) as connection:
            suggestion = await suggestions.get(connection, str(suggestion_id), caller.user_id)
            item = _item(suggestion, data.itemId)
            if data.verdict == "edited":
                value = _edited(item, data, principal.locale)
            await suggestions.judge(
                connection,
                suggestion_id=str(suggestion_id),
                item_id=item.id,
                tenant_id=caller.tenant_id,
                user_id=caller.user_id,
                verdict=data.verdict,
                value=None if value is None else msgspec.to_builtins(value),
            )
        told = {} if value is None else {"value": shown(value)}
        return FeedbackOut(suggestion_id=str(suggestion_id), item_id=item.id, verdict=data.verdict, **told)


async def _answered(
    deps: Deps, principal: Principal, order: SuggestionOrder, until: float
) -> tuple[Suggestion, bool]:
    """The suggestion as it is settled, by the workflow or else here, and whether the models failed."""
    try:
        outcome = await deps.gateway.suggest(order, max(until - time.monotonic(), 0.0))
        # What a model answered in part was answered.
        failed = set(outcome.failed) == set(order.kinds)
    except WorkflowsUnavailable as error:
        failed, reason = True, type(error.__cause__ or error).__name__
        log.warning("suggestion settled by rules", suggestion_id=order.suggestion_id, error=reason)
    async with deps.database.transaction(principal.caller) as connection:
        settled = await suggestions.settle(connection, order.suggestion_id, order.user_id)
    if settled is None:
        raise PersonGone
    return settled, failed


async def _run_asked(connection: Connection, principal: Principal, session_id: str | None) -> Run | None:
    """The person's own run of the wizard: the named one, or the one that is open, if there is one.

    Raises:
        RunNotFound: the named one is none of theirs.
    """
    user_id = principal.caller.user_id
    if session_id is None:
        run = await runs.latest(connection, user_id, FLOW)
        return run if run and run.status is Status.IN_PROGRESS else None
    if not _is_uuid(session_id):
        raise RunNotFound
    run = await runs.get(connection, session_id)
    if run is None or run.user_id != user_id or run.flow != FLOW:
        raise RunNotFound
    return run


def _item(suggestion: Suggestion | None, item_id: str) -> Item:
    """An item of a suggestion that is settled, and theirs.

    Raises:
        SuggestionNotFound: there is none.
    """
    item = items_of(suggestion.items).get(item_id.lower()) if suggestion and suggestion.source else None
    if item is None:
        raise SuggestionNotFound
    return item


def _edited(item: Item, data: FeedbackBody, locale: str) -> Item:
    """The item with the changes in the body.

    Raises:
        InvalidAnswer: naming each field that cannot be so.
    """
    return edited(item, read(EDITS[type(item)], data.value, prefix="value."), locale)


def _nothing_to_go_by() -> ProblemError:
    error = FieldError(field="companyName", code="required", detail="is required where nothing else is known")
    return ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False

"""Suggestions: models are asked, and what they say is checked and kept; without them the rules answer."""

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import msgspec
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.ai.cache import INDUSTRY_SECONDS, SUGGESTIONS_SECONDS, Cache, CacheKey
from activities.ai.protocol import (
    Ask,
    BudgetExhausted,
    Message,
    ModelsRefused,
    ModelsUnavailable,
    NotStructured,
    Payer,
    Purpose,
)
from db import suggestions
from db.pool import Database
from db.runs import PersonGone
from onboarding.access import Caller, Role
from onboarding.payloads import SuggestedPart, SuggestionOrder, SuggestPart
from onboarding.suggesting.offers import OFFERS, Offer, Unusable, taken
from onboarding.suggesting.prompts import PROMPT_VERSION, data_of, prompt
from onboarding.suggesting.shapes import Kind, Suggestions

if TYPE_CHECKING:  # whoever only names these activities, as the API does, needs no client of models
    from activities.ai.models import Models

LEAST_SECONDS = 0.5
"""With less time left, asking again is of no use."""

OUTPUT_TOKENS = 2048


class Suggester:
    """Answers the suggestions that are written in `suggestions`."""

    def __init__(self, database: Database, models: "Models", cache: Cache) -> None:
        """With the models to ask, and where their answers are remembered."""
        self._database = database
        self._models = models
        self._cache = cache

    @activity.defn(name="suggest_part")
    async def suggest_part(self, part: SuggestPart) -> SuggestedPart:
        """Find suggestions of one kind by a model, within the time that the whole of it has.

        Raises:
            ApplicationError: no model is available, and there is time to try again.
        """
        until = time.monotonic() + _seconds_left(part)
        kind = cast(Kind, part.kind)
        async with self._database.transaction(_caller(part)) as connection:
            found = await suggestions.get(connection, part.suggestion_id, part.user_id)
        if found is None or found.source is not None or kind in found.sources:
            return SuggestedPart(found=found is not None)
        if not self._models.configured:
            return SuggestedPart(found=False)
        try:
            async with asyncio.timeout(until - time.monotonic()):
                items, remembered = await self._asked(kind, found, part, until)
        except BudgetExhausted:
            async with self._database.transaction(_caller(part)) as connection:
                await suggestions.exhausted(connection, part.suggestion_id, part.user_id)
            return SuggestedPart(found=False)
        except PersonGone:
            return SuggestedPart(found=False)
        except (ModelsRefused, NotStructured, Unusable, TimeoutError) as error:
            # Only the kind: what a model said may be anything.
            activity.logger.warning("no suggestions by a model: %s, %s", kind, type(error).__name__)
            return SuggestedPart(found=False, failed=True)
        except ModelsUnavailable as error:
            if until - time.monotonic() < (error.retry_after or 0.0) + LEAST_SECONDS:
                return SuggestedPart(found=False, failed=True)
            delay = timedelta(seconds=error.retry_after) if error.retry_after else None
            raise ApplicationError(error.detail, type=error.code, next_retry_delay=delay) from None
        source = "cache" if remembered else "model"
        async with self._database.transaction(_caller(part)) as connection:
            kept = await suggestions.keep(connection, part.suggestion_id, part.user_id, kind, source, items)
        return SuggestedPart(found=kept)

    @activity.defn(name="settle_suggestion")
    async def settle_suggestion(self, order: SuggestionOrder) -> None:
        """Settle a suggestion with what was found, and by rules for the rest. Twice is once."""
        async with self._database.transaction(_caller(order)) as connection:
            settled = await suggestions.settle(connection, order.suggestion_id, order.user_id)
        if settled is None:
            activity.logger.info("nothing to settle: the suggestion is gone")

    async def _asked(
        self, kind: Kind, found: suggestions.Suggestion, part: SuggestPart, until: float
    ) -> tuple[Suggestions, bool]:
        """What a model suggests, and whether it was remembered.

        Raises:
            Unusable: it cannot be shown.
        """
        facts = found.facts
        purpose: Purpose = "industry" if kind == "industry" else "suggestions"
        payer = Payer(tenant_id=part.tenant_id, user_id=part.user_id, run_id=found.run_id)

        async def make() -> Any:
            said = prompt(kind, facts)
            ask = Ask(
                purpose=purpose,
                messages=(
                    Message(role="system", content=said.system),
                    Message(role="user", content=said.data),
                ),
                timeout_seconds=max(until - time.monotonic(), 0.01),
                max_output_tokens=OUTPUT_TOKENS,
            )
            offer: Offer = await self._models.structured(ask, payer, OFFERS[kind])
            return msgspec.to_builtins(taken(offer, facts))

        key = CacheKey(
            payer=payer,
            purpose=purpose,
            locale=facts.locale,
            prompt=PROMPT_VERSION,
            models=self._models.names,
            inputs={"kind": kind, "data": data_of(kind, facts)},
        )
        ttl = INDUSTRY_SECONDS if kind == "industry" else SUGGESTIONS_SECONDS
        answer, remembered = await self._cache.once(key, ttl, make)
        return msgspec.convert(answer, Suggestions), remembered


def _caller(message: SuggestPart | SuggestionOrder) -> Caller:
    return Caller(tenant_id=message.tenant_id, user_id=message.user_id, role=Role.USER)


def _seconds_left(part: SuggestPart) -> float:
    """Of the time since the first attempt was ordered; both times are the server's, whatever the clock here is."""
    info = activity.info()
    waited = (info.started_time - info.scheduled_time).total_seconds()
    return max(part.timeout_seconds - waited, 0.01)

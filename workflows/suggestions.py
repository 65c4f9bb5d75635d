"""The workflow that answers a suggestion."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.suggestions import Suggester
    from onboarding.payloads import Suggested, SuggestedPart, SuggestionOrder, SuggestPart

from workflows.policies import WITHIN_A_MINUTE, within


@workflow.defn(name="SuggestionWorkflow")
class SuggestionWorkflow:
    """Answers one suggestion within seconds. It takes no messages.

    A model is asked for each kind, all at once, and again while there is time and it may help. Then the row is
    settled: what no model answered in time, the rules do. Whoever waits for it reads the row; an API that waited
    too long has settled it by then, and nothing changes any more. Its history holds ids and kinds.
    """

    @workflow.run
    async def run(self, order: SuggestionOrder) -> Suggested:
        """Ask, then settle."""
        parts = await asyncio.gather(*(self._part(order, kind) for kind in order.kinds))
        await workflow.execute_activity_method(
            Suggester.settle_suggestion, order, summary="settle, by rules where need be", **WITHIN_A_MINUTE
        )
        failed = tuple(kind for kind, part in zip(order.kinds, parts, strict=True) if part.failed)
        workflow.set_current_details(f"By rules after a failure: **{', '.join(failed) or 'none'}**.")
        return Suggested(failed=failed)

    async def _part(self, order: SuggestionOrder, kind: str) -> SuggestedPart:
        part = SuggestPart(
            suggestion_id=order.suggestion_id,
            tenant_id=order.tenant_id,
            user_id=order.user_id,
            kind=kind,
            timeout_seconds=order.timeout_seconds,
        )
        try:
            return await workflow.execute_activity_method(
                Suggester.suggest_part, part, summary=f"suggest {kind}", **within(order.timeout_seconds)
            )
        except ActivityError:
            # No worker took it in time, or every attempt failed: the rules are there for that.
            return SuggestedPart(found=False, failed=True)

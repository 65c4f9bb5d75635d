"""The workflows that look up codes of goods."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.enriching import Enricher
    from activities.lookups import Lookups
    from onboarding.lookups import Outcome
    from onboarding.payloads import AskProvider, CaptureRef, Enrich, LookedUp, LookUp

from workflows.policies import WITHIN_A_DAY, within

SECONDS = 4.5
"""For all catalogues together."""

PROVIDER_SECONDS = 2.0
LEAST_SECONDS = 0.2
"""For one of them; with less than the least left it is not asked any more."""

AGAIN_AFTER = (timedelta(seconds=15), timedelta(minutes=2), timedelta(minutes=20), timedelta(hours=3))
"""Nobody waits for an item's name, so an outage is waited for."""


@workflow.defn(name="LookUpBarcode")
class LookUpBarcode:
    """Looks up one code, for everybody who asks for it meanwhile. It takes no messages.

    The catalogues are asked one after the other until one knows the code. When all said that they do not, that is
    remembered too. The whole takes `SECONDS`; whoever waits reads the product from the database.
    """

    @workflow.run
    async def run(self, order: LookUp) -> LookedUp:
        """Ask until somebody knows."""
        return LookedUp(outcome=await _look_up(order))


@workflow.defn(name="EnrichCapture")
class EnrichCapture:
    """Gives an item of a capture session the name that its code stands for. It takes no messages.

    While catalogues are away it waits and asks again, for some hours. What was found fills gaps of the item and of
    the review list; what a person wrote stays.
    """

    @workflow.run
    async def run(self, item: CaptureRef) -> LookedUp:
        """Look up, perhaps again, and write what came of it."""
        code = await workflow.execute_activity_method(
            Enricher.capture_code, item, summary="read the code", **WITHIN_A_DAY
        )
        if code.gtin is None:
            return LookedUp(outcome="unknown")
        order = LookUp(gtin=code.gtin)
        outcome = await _look_up(order)
        for pause in AGAIN_AFTER:
            if outcome != "away":
                break
            workflow.set_current_details("The catalogues are away; asking again later.")
            await workflow.sleep(pause)
            outcome = await _look_up(order)
        await workflow.execute_activity_method(
            Enricher.enrich_capture,
            Enrich(item=item, gtin=code.gtin, outcome=outcome),
            summary="write what was found",
            **WITHIN_A_DAY,
        )
        return LookedUp(outcome=outcome)


async def _look_up(order: LookUp) -> Outcome:
    until = workflow.now() + timedelta(seconds=SECONDS)
    try:
        plan = await workflow.execute_activity_method(
            Lookups.plan_lookup, order, summary="see what is known", **within(SECONDS)
        )
        if plan.outcome:
            return "found" if plan.outcome == "found" else "unknown"
        outcome: Outcome = "unknown"
        for provider in plan.providers:
            left = (until - workflow.now()).total_seconds()
            said = await _ask(order, provider, min(left, PROVIDER_SECONDS)) if left > LEAST_SECONDS else "away"
            if said == "found":
                return "found"
            if said != "unknown":
                outcome = "away"
        if outcome == "unknown":
            await workflow.execute_activity_method(
                Lookups.keep_unknown, order, summary="remember that nobody knows it", **within(SECONDS)
            )
        return outcome
    except ActivityError:
        return "away"


async def _ask(order: LookUp, provider: str, seconds: float) -> str:
    question = AskProvider(gtin=order.gtin, provider=provider, seconds=seconds)
    try:
        said = await workflow.execute_activity_method(
            Lookups.ask_provider, question, summary=f"ask {provider}", **within(seconds)
        )
    except ActivityError:
        return "away"
    return said.outcome

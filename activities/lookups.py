"""Looking up codes of goods: the catalogues are asked one by one, and what they say is remembered."""

import time

import structlog
from temporalio import activity

from db import lookups
from db.pool import Database
from onboarding.lookups import FOUND_SECONDS, UNKNOWN_SECONDS
from onboarding.payloads import AskProvider, LookedUp, LookUp, LookUpPlan
from runtime.lookups import catalogues
from runtime.lookups.asking import Away
from runtime.settings import Settings

log = structlog.get_logger()


class Lookups:
    """Asks the catalogues of the settings. What it answers are codes; products stay in the database."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """With the database where answers are remembered, and questions counted."""
        self._database = database
        self._catalogues = catalogues(settings)

    @activity.defn(name="plan_lookup")
    async def plan_lookup(self, order: LookUp) -> LookUpPlan:
        """What is known of a code already, or whom to ask."""
        async with self._database.transaction(None) as connection:
            known = await lookups.cached(connection, order.gtin)
        if known is not None:
            return LookUpPlan(outcome="found" if known.product else "unknown")
        return LookUpPlan(providers=tuple(self._catalogues))

    @activity.defn(name="ask_provider")
    async def ask_provider(self, question: AskProvider) -> LookedUp:
        """Ask one catalogue; one that may not be asked now, or does not say, is away."""
        until = time.monotonic() + question.seconds
        catalogue = self._catalogues.get(question.provider)  # pyright: ignore[reportArgumentType] - an older name
        if catalogue is None:
            return LookedUp(outcome="away")
        async with self._database.transaction(None) as connection:
            if not await lookups.take(connection, catalogue.name, catalogue.limits):
                log.info("a catalogue was asked too often", provider=catalogue.name)
                return LookedUp(outcome="away")
        try:
            product = await catalogue.look_up(question.gtin, max(until - time.monotonic(), 0.01))
        except Away as error:
            log.warning("a catalogue is away", provider=catalogue.name, why=str(error))
            await self._rest(catalogue.name, error.rest_seconds)
            return LookedUp(outcome="away")
        if product is None:
            return LookedUp(outcome="unknown")
        async with self._database.transaction(None) as connection:
            await lookups.keep(connection, question.gtin, product, FOUND_SECONDS)
        return LookedUp(outcome="found")

    @activity.defn(name="keep_unknown")
    async def keep_unknown(self, order: LookUp) -> None:
        """Remember that nobody knows a code."""
        async with self._database.transaction(None) as connection:
            await lookups.keep(connection, order.gtin, None, UNKNOWN_SECONDS)

    async def _rest(self, provider: str, seconds: int) -> None:
        if seconds:
            async with self._database.transaction(None) as connection:
                await lookups.rest(connection, provider, seconds)

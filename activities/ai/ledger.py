"""The books: what calls of models may cost, and did."""

import structlog
from msgspec import Struct

from activities.ai.protocol import BudgetExhausted, Outcome, Payer, Purpose
from db import ai_usage
from db.pool import Database, DatabaseUnavailable
from onboarding.access import Caller, Role
from onboarding.ai_money import MOST_TOKENS, Limits, micros, read_prices
from runtime.settings import InvalidSettings, Settings

log = structlog.get_logger()

LONGEST_MODEL = 100
MOST_MILLISECONDS = 24 * 3600 * 1000


class _Open(Struct, frozen=True, kw_only=True):
    """A call that is under way."""

    payer: Payer
    model: str


class Books:
    """The `Ledger` in PostgreSQL. One for each process; a call is settled where it was reserved."""

    def __init__(self, database: Database, settings: Settings) -> None:
        """Read the prices.

        Raises:
            InvalidSettings: `AI_PRICES` is none.
        """
        try:
            self._prices = read_prices(settings.ai_prices)
        except ValueError as error:
            raise InvalidSettings(f"AI_PRICES: {error}") from None
        self._database = database
        self._limits = limits_of(settings)
        self._open: dict[str, _Open] = {}

    async def reserve(
        self, payer: Payer, purpose: Purpose, model: str, input_tokens: int, max_output_tokens: int
    ) -> str:
        """Put aside what a call may cost at most; the id of the call's row.

        Raises:
            BudgetExhausted: there is not that much left.
            PersonGone: the payer was erased.
            DatabaseUnavailable: nothing is put aside, or it is written off later.
        """
        model = _bounded(model)
        read, written = _tokens(input_tokens), _tokens(max_output_tokens)
        reservation = await ai_usage.reserve(
            self._database,
            caller_of(payer),
            run_id=payer.run_id,
            purpose=purpose,
            model=model,
            input_tokens=read,
            cost=self._prices.cost(model, input_tokens=read, output_tokens=written),
            limits=self._limits,
        )
        if reservation.call_id is None:
            raise BudgetExhausted(str(reservation.refused))
        self._open[reservation.call_id] = _Open(payer=payer, model=model)
        return reservation.call_id

    async def settle(
        self,
        call_id: str,
        outcome: Outcome,
        *,
        input_tokens: int,
        output_tokens: int,
        estimated: bool,
        latency_ms: int,
    ) -> None:
        """Write down what the call did cost, and give back the rest.

        An answer is not lost because its price cannot be written: then the call is written off later, at what was
        put aside for it.

        Raises:
            KeyError: no such call is under way here.
        """
        call = self._open.pop(call_id)
        read, written = _tokens(input_tokens), _tokens(output_tokens)
        try:
            settled = await ai_usage.settle(
                self._database,
                caller_of(call.payer),
                call_id=call_id,
                outcome=outcome,
                cost=self._prices.cost(call.model, input_tokens=read, output_tokens=written),
                input_tokens=read,
                output_tokens=written,
                estimated=estimated,
                latency_ms=_milliseconds(latency_ms),
            )
        except DatabaseUnavailable as error:
            log.warning("a model's call is left to be written off", call=call_id, error=type(error).__name__)
            return
        if not settled:
            log.warning("a model's call was settled or erased meanwhile", call=call_id)

    async def note_cached(self, payer: Payer, purpose: Purpose, model: str, latency_ms: int) -> None:
        """Write down an answer that was there already and cost nothing.

        Raises:
            PersonGone: the payer was erased.
        """
        caller = caller_of(payer)
        async with self._database.transaction(caller) as connection:
            await ai_usage.note_cached(
                connection,
                caller,
                run_id=payer.run_id,
                purpose=purpose,
                model=_bounded(model),
                latency_ms=_milliseconds(latency_ms),
            )


def limits_of(settings: Settings) -> Limits:
    """The budgets of the deployment."""
    return Limits(
        run=micros(settings.ai_budget_run),
        day=micros(settings.ai_budget_tenant_day),
        month=micros(settings.ai_budget_tenant_month),
    )


def caller_of(payer: Payer) -> Caller:
    """Whom the books know a payer as: somebody with no role but their own."""
    return Caller(tenant_id=payer.tenant_id, user_id=payer.user_id, role=Role.USER)


def _bounded(model: str) -> str:
    return model[:LONGEST_MODEL]


def _tokens(number: int) -> int:
    """What a server says, as far as it can be true."""
    return min(max(number, 0), MOST_TOKENS)


def _milliseconds(number: int) -> int:
    return min(max(number, 0), MOST_MILLISECONDS)

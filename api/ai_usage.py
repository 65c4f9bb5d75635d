"""What models were asked, and what it cost: `/ai/usage`, and for admins `/admin/ai/usage`."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from litestar import Controller, get
from litestar.params import QueryParameter
from msgspec import UNSET, Struct

from api.deps import SignedIn, WithDeps
from api.guards import requires
from api.limits import rates_of
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, WithTotal, day_position, page_of, read_day_cursor
from api.problems import Code, ProblemError
from db import ai_rates, ai_usage, tenants
from onboarding.ai_limits import Rated
from onboarding.ai_money import dollars, micros
from onboarding.payloads import FieldError

DAYS_SHOWN = 30
MOST_DAYS = 400
"""As long as calls are kept."""

FromDay = Annotated[
    date | None, QueryParameter(name="from", description=f"The first day (UTC); {DAYS_SHOWN} days by default.")
]
ToDay = Annotated[date | None, QueryParameter(name="to", description="The last day (UTC); today by default.")]


class BudgetOut(Struct, frozen=True, kw_only=True):
    """A budget in dollars; `spent` without what calls may cost that are under way."""

    limit: float
    spent: float


class BudgetsOut(Struct, frozen=True, kw_only=True):
    """The budgets of the person's active run, and of their tenant in this day and month (UTC)."""

    run: BudgetOut
    day: BudgetOut
    month: BudgetOut


class RateOut(Struct, frozen=True, kw_only=True):
    """So many calls in a window, `burst` of them at once; at `resets_at` all of these may be made again."""

    limit: int
    window_seconds: int
    burst: int
    remaining: int
    resets_at: datetime


class AiUsageOut(Struct, frozen=True, kw_only=True):
    """What a person asked of models. `cached` are answers that were there already, and cost nothing."""

    calls: int
    cached: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    budgets: BudgetsOut
    limits: dict[Rated, RateOut]


class AiUsageOfDayOut(Struct, frozen=True, kw_only=True):
    """What a tenant asked of one model in a day (UTC), for one purpose. `failed` are calls without an answer."""

    day: date
    purpose: str
    model: str
    tenant_id: str
    calls: int
    cached: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class AiUsagePage(Page[AiUsageOfDayOut], frozen=True, kw_only=True):
    """A page of what a tenant asked of models."""


class AiUsageController(Controller):
    """One's own calls."""

    path = "/ai/usage"
    tags = ("ai",)

    @get("/")
    async def read(self, deps: WithDeps, principal: SignedIn) -> AiUsageOut:
        """Calls and cost so far, what is left of the budgets, and how many calls may be made now."""
        caller, settings = principal.caller, deps.settings
        async with deps.database.transaction(caller) as connection:
            figures = await ai_usage.of_person(connection, caller.user_id)
            spent = await ai_usage.spent(connection, caller.tenant_id, caller.user_id)
            tenant = await tenants.get(connection, caller.tenant_id)
        if tenant is None:
            raise ProblemError(404, Code.NOT_FOUND, "There is no such tenant.")
        rates = await ai_rates.peek(deps.database, caller.tenant_id, caller.user_id, rates_of(deps.settings))
        now = datetime.now(UTC)
        return AiUsageOut(
            calls=figures.calls,
            cached=figures.cached,
            input_tokens=figures.input_tokens,
            output_tokens=figures.output_tokens,
            cost_usd=dollars(figures.cost_micros),
            budgets=BudgetsOut(
                run=_budget(tenant.ai_budget_run, settings.ai_budget_run, spent.run),
                day=_budget(tenant.ai_budget_day, settings.ai_budget_tenant_day, spent.day),
                month=_budget(tenant.ai_budget_month, settings.ai_budget_tenant_month, spent.month),
            ),
            limits={rated: _rate(taken, now) for rated, taken in rates.items()},
        )


class AdminAiUsageController(Controller):
    """The tenant's calls."""

    path = "/admin/ai/usage"
    tags = ("ai",)

    @get("/", guards=[requires("read:config")])
    async def listed(
        self,
        deps: WithDeps,
        principal: SignedIn,
        from_day: FromDay = None,
        to_day: ToDay = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
        with_total: WithTotal = False,
    ) -> AiUsagePage:
        """The tenant's calls by day, purpose and model, newest day first."""
        first, last = _span(from_day, to_day)
        after, tenant_id = read_day_cursor(cursor), principal.caller.tenant_id
        async with deps.database.transaction(principal.caller) as connection:
            groups = await ai_usage.by_day(connection, tenant_id, first, last, after=after, limit=limit + 1)
            total = await ai_usage.count_groups(connection, tenant_id, first, last) if with_total else UNSET
        page = page_of(groups, limit, lambda group: day_position(group.day, group.purpose, group.model))
        items = [_shown(group, tenant_id) for group in page.items]
        return AiUsagePage(items=items, next_cursor=page.next_cursor, total=total)


def _span(first: date | None, last: date | None) -> tuple[date, date]:
    """The days to show, the last one included.

    Raises:
        ProblemError: 400 when there is no such day, or too many.
    """
    today = datetime.now(UTC).date()
    until = last or today
    # No calendar goes back so far; nor do calls.
    since = first or until - timedelta(days=min(DAYS_SHOWN - 1, (until - date.min).days))
    wrong = None
    if until.year > today.year + 1:
        wrong = FieldError(field="to", code="too_large", detail="is in the future")
    elif since > until:
        wrong = FieldError(field="from", code="too_large", detail="must not be after `to`")
    elif (until - since).days >= MOST_DAYS:
        wrong = FieldError(
            field="from", code="too_small", detail=f"must be less than {MOST_DAYS} days before `to`"
        )
    if wrong:
        raise ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(wrong,))
    return since, until


def _budget(own: object, of_deployment: float, spent: int) -> BudgetOut:
    limit = of_deployment if own is None else float(str(own))
    return BudgetOut(limit=dollars(micros(limit)), spent=dollars(spent))


def _rate(taken: ai_rates.Taken, now: datetime) -> RateOut:
    return RateOut(
        limit=taken.rate.calls,
        window_seconds=taken.rate.window_seconds,
        burst=taken.rate.burst,
        remaining=taken.remaining,
        resets_at=now + timedelta(seconds=taken.reset_seconds),
    )


def _shown(group: ai_usage.Group, tenant_id: str) -> AiUsageOfDayOut:
    return AiUsageOfDayOut(
        day=group.day,
        purpose=group.purpose,
        model=group.model,
        tenant_id=tenant_id,
        calls=group.calls,
        cached=group.cached,
        failed=group.failed,
        input_tokens=group.input_tokens,
        output_tokens=group.output_tokens,
        cost_usd=dollars(group.cost_micros),
    )

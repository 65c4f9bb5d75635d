"""The tenant and what its admins set: `/tenant`."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from litestar import Controller, get, patch
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from api.body import Body
from api.deps import SignedIn, WithDeps
from api.guards import requires
from api.problems import Code, ProblemError
from db import tenants
from onboarding.answers import Text
from onboarding.errors import UnknownFlow
from onboarding.flows import FLOWS

MOST_DOLLARS = 1_000_000

Connection = Literal["gmail", "quickbooks", "xero"]
Dollars = Annotated[
    Annotated[float, Meta(ge=0, le=MOST_DOLLARS)] | UnsetType | None,
    Meta(extra={"clears": True}, description="Dollars; null is the default of the deployment."),
]


def _no_flow(key: str) -> tuple[str, str] | None:
    try:
        FLOWS.get(key)
    except UnknownFlow:
        return "unknown_flow", "must be the key of a flow"
    return None


class PatchTenantBody(Body, frozen=True, kw_only=True):
    """Changes to the tenant."""

    name: Text | UnsetType | None = UNSET
    default_flow: (
        Annotated[str, Meta(min_length=1, max_length=64, extra={"check": _no_flow})] | UnsetType | None
    ) = UNSET
    ai_budget_run: Dollars = UNSET
    ai_budget_day: Dollars = UNSET
    ai_budget_month: Dollars = UNSET
    allowed_connections: (
        Annotated[
            list[Connection],
            Meta(max_length=3, extra={"unique": True}, extra_json_schema={"uniqueItems": True}),
        ]
        | UnsetType
        | None
    ) = UNSET


class TenantOut(Struct, frozen=True, kw_only=True):
    """A tenant. Budgets are dollars; null is the default of the deployment."""

    id: str
    external_id: str
    name: str
    default_flow: str
    ai_budget_run: float | None
    ai_budget_day: float | None
    ai_budget_month: float | None
    allowed_connections: list[str]
    created_at: datetime
    updated_at: datetime


class TenantController(Controller):
    """One's own tenant."""

    path = "/tenant"
    tags = ("tenant",)

    @get("/", guards=[requires("read:config")])
    async def read(self, deps: WithDeps, principal: SignedIn) -> TenantOut:
        """Name, default flow, AI budgets, allowed connections."""
        async with deps.database.transaction(principal.caller) as connection:
            return _shown(await tenants.get(connection, principal.caller.tenant_id))

    @patch("/", guards=[requires("update:config")])
    async def change(self, data: JSONBody[PatchTenantBody], deps: WithDeps, principal: SignedIn) -> TenantOut:
        """Change what is given; a budget of null is the deployment's default again."""
        async with deps.database.transaction(principal.caller) as connection:
            return _shown(await tenants.update(connection, principal.caller.tenant_id, **_given(data)))


def _given(data: PatchTenantBody) -> tenants.TenantData:
    given = {name: value for name, value in asdict(data).items() if value is not UNSET}
    values: Any = {k: Decimal(str(v)) if isinstance(v, int | float) else v for k, v in given.items()}
    return values


def _shown(tenant: tenants.Tenant | None) -> TenantOut:
    if tenant is None:
        raise ProblemError(404, Code.NOT_FOUND, "There is no such tenant.")
    return TenantOut(**{name: _plain(getattr(tenant, name)) for name in TenantOut.__struct_fields__})


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value

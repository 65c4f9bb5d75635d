"""How the tenant is monitored: `/config/monitoring`."""

from typing import Any

import msgspec
from litestar import Controller, Response, get, put
from litestar.params import JSONBody
from msgspec import UNSET, Struct
from msgspec.structs import replace

from api.aws_accounts import reschedule
from api.deps import SignedIn, WithDeps
from api.guards import requires
from api.monitoring_shapes import (
    MonitoringBody,
    MonitoringOut,
    monitoring_out,
    services_of,
    settings_of,
    webhook_leads_outside,
)
from api.parameters import IfMatch, required_version, stale
from api.problems import Code, ProblemError
from db import config_changes, monitoring
from onboarding.monitoring import Monitoring
from onboarding.payloads import FieldError
from onboarding.webhooks import is_masked, masked
from runtime import account_schedules
from runtime.encryption import DataKey

_WEBHOOK = "global_settings.alert_slack_webhook"


class Webhook(Struct, frozen=True, kw_only=True):
    """The Slack webhook after a change: as it is shown, and sealed."""

    shown: str | None = None
    sealed: list[Any] | None = None
    replaced: bool = False

    def __repr__(self) -> str:
        return f"Webhook({self.shown!r})"


class MonitoringController(Controller):
    """What is watched, how severe it is, and who is told."""

    path = "/config/monitoring"
    tags = ("configuration",)

    @get("/", guards=[requires("read:config")])
    async def read(self, deps: WithDeps, principal: SignedIn) -> Response[MonitoringOut]:
        """What is set, or the defaults; the `ETag` is for `If-Match`."""
        caller = principal.caller
        async with deps.database.transaction(caller) as connection:
            return _shown(await monitoring.get(connection, caller.tenant_id))

    @put("/", guards=[requires("update:config")], opt={"rule": webhook_leads_outside})
    async def write(
        self, data: JSONBody[MonitoringBody], deps: WithDeps, principal: SignedIn, if_match: IfMatch = None
    ) -> Response[MonitoringOut]:
        """Set all of it at once: what is left out has its default again.

        `If-Match` is required: the `ETag` that was read, or `*` for whatever there is. What changes nothing is no
        new version.
        """
        expected, caller = required_version(if_match), principal.caller
        key = await deps.keys.sealing(None)
        async with deps.database.transaction(caller) as connection:
            before = await monitoring.held(connection, caller.tenant_id)
            if expected not in (None, before.version):
                raise stale()
            kept = await monitoring.sealed_webhook(connection, caller.tenant_id)
            webhook = _webhook(data, before, kept, key, caller.tenant_id)
            after = replace(before, services=services_of(data), global_settings=settings_of(data, webhook.shown))
            if after == before and not webhook.replaced:
                return _shown(before)
            after = replace(after, version=before.version + 1)
            await monitoring.put(
                connection,
                caller.tenant_id,
                after,
                sealed_webhook=webhook.sealed,
                changed_by=caller.user_id,
            )
            await config_changes.note(
                connection,
                tenant_id=caller.tenant_id,
                changed_by=caller.user_id,
                kind="monitoring",
                subject_id=None,
                before=msgspec.to_builtins(before),
                # The masks of two webhooks may be alike.
                after={**msgspec.to_builtins(after), "replaced": [_WEBHOOK] if webhook.replaced else []},
            )
        if account_schedules.rhythm(before) != account_schedules.rhythm(after):
            await reschedule(deps, caller.tenant_id)
        return _shown(after)


def _webhook(
    body: MonitoringBody, before: Monitoring, kept: list[Any] | None, key: DataKey, tenant_id: str
) -> Webhook:
    """What becomes of the webhook.

    Raises:
        ProblemError: 400 for a mask of another one, and where alerts to Slack have nowhere to go.
    """
    given, shown = body.global_settings.alert_slack_webhook, before.global_settings.alert_slack_webhook
    if given is UNSET or given == shown:
        found = Webhook(shown=shown, sealed=kept)
    elif given is None:
        found = Webhook()
    elif is_masked(given):
        raise _refused("masked", "is masked, and not the one that is set; send the whole address")
    else:
        place = f"monitoring_configs.sealed_slack_webhook/{tenant_id}"
        sealed = key.seal(given.encode(), place.encode())
        found = Webhook(shown=masked(given), sealed=msgspec.to_builtins(sealed), replaced=True)
    if body.global_settings.alert_slack_enabled and found.sealed is None:
        raise _refused("required", "is required to alert in Slack")
    return found


def _refused(code: str, detail: str) -> ProblemError:
    error = FieldError(field=_WEBHOOK, code=code, detail=detail)
    return ProblemError(400, Code.VALIDATION_ERROR, "The request is not valid.", errors=(error,))


def _shown(found: Monitoring) -> Response[MonitoringOut]:
    return Response(monitoring_out(found), headers={"ETag": f'"{found.version}"'})

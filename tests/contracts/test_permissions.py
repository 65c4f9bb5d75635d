"""Who may use which route: one table, which names every route of the document."""

import json
import uuid
from typing import Any

import httpx
import pytest
from msgspec import Struct

from db.pool import Database
from onboarding.access import PERMISSIONS, Role
from runtime.settings import Settings
from tests.api.company import an_email, found
from tests.contracts.document import exported
from tests.contracts.foreign import Operation, filled, operations, signed_in
from tests.stack import PASSWORD, Person, ok

OPEN = "open"
"""To everybody, signed in or not."""

ANYBODY = "anybody"
"""To whoever is signed in."""

ONBOARDED = "onboarded"
"""To whoever is signed in; to role `user` once their onboarding is complete."""

MACHINE = "machine"
"""To nobody who signs in: to an AWS account with its token."""

WHO: dict[str, str] = {
    "GET /.well-known/jwks.json": OPEN,
    "GET /livez": OPEN,
    "GET /readyz": OPEN,
    "GET /version": OPEN,
    # Signing in
    "POST /api/v1/auth/login": OPEN,
    "POST /api/v1/auth/refresh": OPEN,
    "POST /api/v1/auth/register": OPEN,
    "POST /api/v1/auth/password/forgot": OPEN,
    "POST /api/v1/auth/password/reset": OPEN,
    "POST /api/v1/auth/logout": ANYBODY,
    "POST /api/v1/auth/password": ANYBODY,
    "GET /api/v1/auth/me": ANYBODY,
    "GET /api/v1/auth/sessions": ANYBODY,
    "DELETE /api/v1/auth/sessions/{session_id}": ANYBODY,
    # People; of a colleague here, since everybody may ask for themselves
    "GET /api/v1/users/me": ANYBODY,
    "PATCH /api/v1/users/me": ANYBODY,
    "GET /api/v1/users": "read:users",
    "GET /api/v1/users/{user_id}": "read:users",
    "POST /api/v1/users": "create:users",
    "PUT /api/v1/users/{user_id}": "update:users",
    "PATCH /api/v1/users/{user_id}": "update:users",
    "DELETE /api/v1/users/{user_id}": "delete:users",
    "POST /api/v1/users/{user_id}/erase": "delete:users",
    "GET /api/v1/users/{user_id}/export": "delete:users",
    "GET /api/v1/erasures/{erasure_id}": ANYBODY,
    "GET /api/v1/invitations": "read:users",
    "POST /api/v1/invitations": "read:users",
    "POST /api/v1/invitations/{invitation_id}/resend": "read:users",
    "DELETE /api/v1/invitations/{invitation_id}": "read:users",
    "GET /api/v1/tenant": "read:config",
    "PATCH /api/v1/tenant": "update:config",
    # Onboarding
    "POST /api/v1/onboarding/start": ANYBODY,
    "GET /api/v1/onboarding/progress": ANYBODY,
    "GET /api/v1/onboarding/state": ANYBODY,
    "GET /api/v1/onboarding/states": ANYBODY,
    "POST /api/v1/onboarding/step": ANYBODY,
    "POST /api/v1/onboarding/steps": ANYBODY,
    "POST /api/v1/onboarding/skip": ANYBODY,
    "POST /api/v1/onboarding/accept-prefilled": ANYBODY,
    "POST /api/v1/onboarding/complete": ANYBODY,
    "DELETE /api/v1/onboarding": ANYBODY,
    "GET /api/v1/onboarding/events": ANYBODY,
    "GET /api/v1/onboarding/history": ANYBODY,
    "POST /api/onboarding/start": ANYBODY,
    "PUT /api/onboarding/progress": ANYBODY,
    "POST /api/onboarding/complete": ANYBODY,
    "GET /api/onboarding/industries": ANYBODY,
    "POST /api/onboarding/ai-suggestions": ANYBODY,
    "GET /api/onboarding/session/{run_id}": ANYBODY,
    "DELETE /api/onboarding/session/{run_id}": ANYBODY,
    "POST /api/v1/suggestions/{suggestion_id}/feedback": ANYBODY,
    # Behind the onboarding
    "GET /api/v1/profile": ONBOARDED,
    "PATCH /api/v1/profile": ONBOARDED,
    "GET /api/v1/profile/versions": ONBOARDED,
    "GET /api/v1/workouts": ONBOARDED,
    "GET /api/v1/meals": ONBOARDED,
    "POST /api/v1/chat": ONBOARDED,
    "POST /api/v1/chat/stream": ONBOARDED,
    "POST /api/v1/chat/proposals/{proposal_id}/confirm": ONBOARDED,
    "GET /api/v1/dashboard/overview": ONBOARDED,
    "GET /api/v1/dashboard/events-stats": ONBOARDED,
    "GET /api/v1/dashboard/tasks-stats": ONBOARDED,
    # Talking
    "GET /api/v1/chat/onboarding": ANYBODY,
    "POST /api/v1/chat/onboarding": ANYBODY,
    "POST /api/v1/chat/onboarding/stream": ANYBODY,
    "GET /api/v1/chat/onboarding/history": ANYBODY,
    "GET /api/v1/chat/history": ANYBODY,
    "DELETE /api/v1/chat/history": ANYBODY,
    "POST /api/v1/chat/proposals/{proposal_id}/decline": ANYBODY,
    "GET /api/v1/ai/usage": ANYBODY,
    # Staff
    "GET /api/v1/admin/ai/usage": "read:config",
    "GET /api/v1/admin/runs": "read:runs",
    "GET /api/v1/admin/runs/{run_id}": "read:runs",
    "GET /api/v1/admin/runs/{run_id}/history": "read:runs",
    "POST /api/v1/admin/runs/{run_id}/nudge": "nudge:runs",
    "POST /api/v1/admin/runs/{run_id}/abandon": "nudge:runs",
    "POST /api/v1/admin/runs/{run_id}/fork": "nudge:runs",
    "GET /api/v1/admin/funnel": "read:runs",
    "GET /api/v1/dashboard/users-stats": "read:users",
    "GET /api/v1/dashboard/onboarding-stats": "read:runs",
    "POST /api/v1/admin/runs/{run_id}/take-over": "nudge:runs",
    "POST /api/v1/admin/runs/{run_id}/say": "nudge:runs",
    "POST /api/v1/admin/runs/{run_id}/hand-back": "nudge:runs",
    # The back office; of tasks that are nobody's, so that a user finds none
    "GET /api/v1/events": ANYBODY,
    "GET /api/v1/events/export": ANYBODY,
    "GET /api/v1/events/{event_id}": ANYBODY,
    "GET /api/v1/events/{event_id}/related": ANYBODY,
    "PATCH /api/v1/events/{event_id}": "read:users",
    "DELETE /api/v1/events/{event_id}": "delete:events",
    "POST /api/v1/events/{event_id}/create-task": "create:tasks",
    "POST /api/v1/events/ingest": MACHINE,
    "GET /api/v1/tasks": ANYBODY,
    "POST /api/v1/tasks": "create:tasks",
    "GET /api/v1/tasks/{task_id}": ANYBODY,
    "PUT /api/v1/tasks/{task_id}": ANYBODY,
    "PATCH /api/v1/tasks/{task_id}": ANYBODY,
    "DELETE /api/v1/tasks/{task_id}": "delete:own_tasks",
    "PUT /api/v1/tasks/{task_id}/status": ANYBODY,
    "GET /api/v1/tasks/{task_id}/comments": ANYBODY,
    "POST /api/v1/tasks/{task_id}/comments": ANYBODY,
    "GET /api/v1/config/alerts": "read:config",
    "GET /api/v1/config/changes": "read:config",
    "GET /api/v1/config/monitoring": "read:config",
    "PUT /api/v1/config/monitoring": "update:config",
    "GET /api/v1/config/aws-accounts": "read:config",
    "POST /api/v1/config/aws-accounts": "update:config",
    "GET /api/v1/config/aws-accounts/{account_id}": "read:config",
    "PUT /api/v1/config/aws-accounts/{account_id}": "update:config",
    "PATCH /api/v1/config/aws-accounts/{account_id}": "update:config",
    "DELETE /api/v1/config/aws-accounts/{account_id}": "update:config",
    "POST /api/v1/config/aws-accounts/{account_id}/test": "update:config",
    "POST /api/v1/config/aws-accounts/{account_id}/test-connection": "update:config",
    "POST /api/v1/config/aws-accounts/{account_id}/rotate-ingest-token": "update:config",
    "POST /api/v1/urls/scrape": ANYBODY,
    "GET /api/v1/urls/jobs/{job_id}": ANYBODY,
    "GET /api/v1/urls/jobs/{job_id}/stream": ANYBODY,
    "DELETE /api/v1/urls/jobs/{job_id}": ANYBODY,
    "POST /api/v1/connections/{connection_id}/discoveries": ANYBODY,
    "GET /api/v1/connections/{connection_id}/discoveries/{job_id}": ANYBODY,
    "POST /api/v1/connections/{connection_id}/order-imports": ANYBODY,
    "GET /api/v1/connections/{connection_id}/order-imports/{job_id}": ANYBODY,
    "GET /api/v1/connections/{connection_id}/order-imports/{job_id}/stream": ANYBODY,
    "DELETE /api/v1/connections/{connection_id}/order-imports/{job_id}": ANYBODY,
    "GET /api/v1/barcodes/{code}": ANYBODY,
    "GET /api/v1/barcode/lookup": ANYBODY,
    "POST /api/v1/imports/csv": ANYBODY,
    "GET /api/v1/imports/{import_id}": ANYBODY,
    "DELETE /api/v1/imports/{import_id}": ANYBODY,
    "POST /api/v1/imports/{import_id}/confirm": ANYBODY,
    "GET /api/v1/items": ANYBODY,
    "GET /api/v1/items/{item_id}": ANYBODY,
    "PATCH /api/v1/items/{item_id}": ANYBODY,
    "DELETE /api/v1/items/{item_id}": ANYBODY,
    "POST /api/v1/items/bulk": ANYBODY,
    "POST /api/v1/items/sync": ANYBODY,
    "GET /api/v1/items/syncs": ANYBODY,
    "GET /api/v1/items/syncs/{sync_id}": ANYBODY,
    "DELETE /api/v1/items/syncs/{sync_id}": ANYBODY,
    "GET /api/v1/items/syncs/{sync_id}/download": ANYBODY,
    "POST /api/v1/scan": ANYBODY,
    "POST /api/v1/capture/sessions": ANYBODY,
    "GET /api/v1/capture/sessions/current": ANYBODY,
    "GET /api/v1/capture/sessions/{capture_id}": ANYBODY,
    "DELETE /api/v1/capture/sessions/{capture_id}": ANYBODY,
    "POST /api/v1/capture/sessions/{capture_id}/renew": ANYBODY,
    "POST /api/v1/capture/sessions/{capture_id}/rotate-token": ANYBODY,
    "POST /api/v1/capture/sessions/{capture_id}/barcodes": ANYBODY,
    "GET /api/v1/capture/sessions/{capture_id}/items": ANYBODY,
    "GET /api/v1/capture/sessions/{capture_id}/stream": ANYBODY,
    "PATCH /api/v1/capture/sessions/{capture_id}/items/{captured_id}": ANYBODY,
    "DELETE /api/v1/capture/sessions/{capture_id}/items/{captured_id}": ANYBODY,
    "GET /api/v1/connections": ANYBODY,
    "GET /api/v1/connections/providers": ANYBODY,
    "POST /api/v1/connections/{provider}/start": ANYBODY,
    "GET /api/v1/connections/{provider}/callback": OPEN,
    "GET /api/v1/connections/{connection_id}": ANYBODY,
    "DELETE /api/v1/connections/{connection_id}": ANYBODY,
    "POST /api/v1/connections/{connection_id}/account": ANYBODY,
    "GET /api/v1/scans": ANYBODY,
    "GET /api/v1/scans/{scan_id}": ANYBODY,
    "DELETE /api/v1/scans/{scan_id}": ANYBODY,
    # Capture
    "POST /api/v1/uploads/images": ANYBODY,
    "POST /api/v1/uploads/images/presign": ANYBODY,
    "POST /api/v1/uploads/images/confirm": ANYBODY,
    "GET /api/v1/images/{image_id}": ANYBODY,
    "DELETE /api/v1/images/{image_id}": ANYBODY,
    "POST /api/v1/photos/analyze": ANYBODY,
    "POST /api/v1/capture/sessions/{capture_id}/photos": ANYBODY,
    # What connections bring
    "POST /api/v1/connections/{connection_id}/sync": ANYBODY,
    "GET /api/v1/connections/{connection_id}/runs": ANYBODY,
    "GET /api/v1/connections/{connection_id}/runs/{fetch_id}": ANYBODY,
    "GET /api/v1/connections/{connection_id}/orders": ANYBODY,
    "POST /api/v1/connections/webhooks/quickbooks": OPEN,
}
"""By route: the permission that it takes, or one of the words above."""

OPERATIONS = {each.name: each for each in operations(json.loads(exported()))}


class Staffed(Struct, kw_only=True):
    """A tenant with somebody of each role, and a boss who signs out never."""

    client: httpx.AsyncClient
    boss: Person
    people: dict[Role, Person]

    async def ask(self, role: Role, operation: Operation, colleague: str) -> httpx.Response:
        """Ask as somebody of this role, signed in anew where an earlier request signed them out."""
        path, options = _request(operation, colleague)
        answer = await self.people[role].send(operation.method, path, **options)
        if answer.status_code == 401:
            self.people[role] = await signed_in(self.client, self.people[role].email)
            answer = await self.people[role].send(operation.method, path, **options)
        return answer

    async def colleague(self) -> str:
        """The id of somebody else, whom a test may change."""
        body = {"email": an_email(), "role": "user", "password": PASSWORD}
        return ok(await self.boss.post("/api/v1/users", body))["id"]


@pytest.fixture(scope="module")
async def staffed(api: httpx.AsyncClient, settings: Settings) -> Staffed:
    """The tenant."""
    assert settings.database_url
    database = await Database.open(settings.database_url, min_size=1, max_size=1)
    company = await found(api, database, settings)
    await database.close()
    people = {role: await company.hire(role.value) for role in Role}
    return Staffed(client=api, boss=company.admin, people=people)


def _request(operation: Operation, colleague: str) -> tuple[str, dict[str, Any]]:
    """About a colleague where it is about a person, else about nothing that there is."""
    names = operation.parameters("path")
    path = filled(operation.path, {name: str(uuid.UUID(int=1)) for name in names} | {"user_id": colleague})
    body = operation.body()
    if body and "role" in body:
        body["role"] = Role.USER  # nobody makes others more than they are
    return path, {} if body is None else {"json": body}


def _may(role: Role, who: str) -> bool:
    """By the roles' permissions. Nobody in this tenant has completed their onboarding."""
    if who == ONBOARDED:
        return role is not Role.USER
    return who in (OPEN, ANYBODY) or who in PERMISSIONS[role]


def test_every_route_is_in_the_table() -> None:
    """A route that is added or renamed must say who may use it."""
    assert sorted(WHO) == sorted(OPERATIONS)
    assert {who for who in WHO.values() if ":" in who} <= PERMISSIONS[Role.ADMIN]


@pytest.mark.parametrize("name", WHO)
async def test_who_may(staffed: Staffed, name: str) -> None:
    """Each role gets past the door of a route, or 403, as the table says; whoever is not signed in 401."""
    operation, who = OPERATIONS[name], WHO[name]
    for role in Role:
        answer = await staffed.ask(role, operation, await staffed.colleague())
        told = (role, answer.status_code, answer.text)
        if who == MACHINE:
            assert answer.status_code == 401, told
        elif _may(role, who):
            assert answer.status_code not in (401, 403) or who == OPEN, told
        else:
            # What takes a permission may be behind the onboarding too.
            codes = {"onboarding_required"} if who == ONBOARDED else {"forbidden", "onboarding_required"}
            assert answer.status_code == 403, told
            assert answer.json()["code"] in codes, told
    path, options = _request(operation, await staffed.colleague())
    stranger = await staffed.client.request(operation.method, path, **options)
    if who == OPEN:
        assert operation.is_open
    else:
        assert (stranger.status_code, stranger.json()["code"]) == (401, "auth_missing_token"), stranger.text

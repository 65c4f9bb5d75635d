"""A tenant with people of each role, and tasks among them."""

from typing import Any

from msgspec import Struct

from tests.api.company import Company
from tests.stack import Json, Person, ok

TASKS = "/api/v1/tasks"


class Team(Struct, frozen=True, kw_only=True):
    """A tenant with one of each role, and a user beside."""

    company: Company
    admin: Person
    manager: Person
    user: Person
    other: Person

    def named(self, name: str) -> Person:
        """One of them."""
        return getattr(self, name)

    async def task(self, who: str = "manager", **fields: Any) -> Json:
        """A task that somebody makes, by default for the user."""
        body = {"title": "Look into it", "description": "Something is odd", "assigned_user_id": self.user.id}
        return ok(await self.named(who).post(TASKS, {**body, **fields}))


async def assembled(company: Company) -> Team:
    """Three people beside the admin; one of them has no name."""
    manager, user, other = [
        await company.hire(role, full_name=name)
        for role, name in (("manager", "Mona Ger"), ("user", "Ulla Ser"), ("user", None))
    ]
    return Team(company=company, admin=company.admin, manager=manager, user=user, other=other)

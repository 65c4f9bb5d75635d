"""From a completed company run to its organization."""

from db import organizations, suggestions
from db.organizations import Founding, NewDepartment, Organization
from db.pool import Connection
from onboarding.answers import recall
from onboarding.flows.company import Company, Department
from onboarding.flows.company import Organization as Answer
from onboarding.payloads import Run
from onboarding.suggesting.shapes import OkrSuggestion


async def organize(connection: Connection, run: Run) -> Organization | None:
    """Make the organization of a completed run, with what was accepted in it, or find the one that it has.

    Raises:
        RunNotFound: it is no completed company run of the caller's.
    """
    found = await organizations.of_run(connection, run.id)
    if found is None:
        okrs = await suggestions.accepted_okrs(connection, run.id)
        await organizations.create(connection, founding(run, okrs))
        found = await organizations.of_run(connection, run.id)
    return found


def founding(run: Run, okrs: list[OkrSuggestion]) -> Founding:
    """What a run's answers say of the organization."""
    company = recall(Company, run.answers["company"])
    answer = recall(Answer, run.answers["organization"])
    return Founding(
        run_id=run.id,
        tenant_id=run.tenant_id,
        user_id=run.user_id,
        name=company.name,
        industry=company.industry,
        size=company.size,
        description=company.description or None,
        logo=company.logo or None,
        website=company.website or None,
        team_size=answer.team_size,
        structure=answer.structure,
        methodology=answer.methodology,
        collaboration_style=answer.collaboration_style,
        integrations=tuple(answer.integrations),
        okrs=tuple(okrs),
        departments=tuple(_departments(answer.departments)),
    )


def _departments(departments: list[Department]) -> list[NewDepartment]:
    places = {each.name.casefold(): place for place, each in enumerate(departments)}
    return [
        NewDepartment(
            name=each.name,
            description=each.description or None,
            parent=places[each.parent.casefold()] if each.parent else None,
        )
        for each in departments
    ]

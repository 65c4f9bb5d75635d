"""The search attributes of runs, typed; registration reads the same list."""

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from onboarding.payloads import Run
from onboarding.progress import current_state, flow_of

TENANT = SearchAttributeKey.for_keyword("GangwayTenant")
USER = SearchAttributeKey.for_keyword("GangwayUser")
FLOW = SearchAttributeKey.for_keyword("GangwayFlow")
STATE = SearchAttributeKey.for_int("GangwayState")
STATUS = SearchAttributeKey.for_keyword("GangwayStatus")
AGENT = SearchAttributeKey.for_keyword("GangwayAgent")

SEARCH_ATTRIBUTES = (TENANT, USER, FLOW, STATE, STATUS, AGENT)


def attributes_of_person(tenant_id: str, user_id: str) -> TypedSearchAttributes:
    """How what is done for a person, and is no run, is found in the Temporal UI."""
    return TypedSearchAttributes([SearchAttributePair(TENANT, tenant_id), SearchAttributePair(USER, user_id)])


def attributes_of(run: Run) -> TypedSearchAttributes:
    """How a run is found in the Temporal UI. State is 0 and agent empty when no state is open."""
    current = current_state(run, flow_of(run))
    return TypedSearchAttributes(
        [
            SearchAttributePair(TENANT, run.tenant_id),
            SearchAttributePair(USER, run.user_id),
            SearchAttributePair(FLOW, run.flow),
            SearchAttributePair(STATE, current.number if current else 0),
            SearchAttributePair(STATUS, run.status.value),
            SearchAttributePair(AGENT, current.agent if current else ""),
        ]
    )

"""The one registry of flows. Adding a flow is one file and one line here."""

from onboarding.flow import Flows
from onboarding.flows.company import COMPANY
from onboarding.flows.fitness import FITNESS
from onboarding.flows.inventory import INVENTORY

FLOWS = Flows(
    COMPANY,
    FITNESS,
    INVENTORY,
)

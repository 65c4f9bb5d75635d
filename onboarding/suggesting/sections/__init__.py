"""What the rules know of the 21 sections of ISIC Rev. 4, by their letter."""

from onboarding.suggesting.facts import Facts
from onboarding.suggesting.sections.a_to_g import (
    AGRICULTURE,
    CONSTRUCTION,
    ENERGY,
    MANUFACTURING,
    MINING,
    TRADE,
    WATER,
)
from onboarding.suggesting.sections.h_to_n import (
    FINANCE,
    HOSPITALITY,
    INFORMATION,
    PROFESSIONAL,
    REAL_ESTATE,
    SUPPORT,
    TRANSPORT,
)
from onboarding.suggesting.sections.model import Kpi, Lever, Section
from onboarding.suggesting.sections.o_to_u import (
    ANY,
    ARTS,
    EDUCATION,
    GOVERNMENT,
    HEALTH,
    HOUSEHOLDS,
    INTERNATIONAL,
    SERVICES,
)

SECTIONS: dict[str, Section] = {
    "A": AGRICULTURE,
    "B": MINING,
    "C": MANUFACTURING,
    "D": ENERGY,
    "E": WATER,
    "F": CONSTRUCTION,
    "G": TRADE,
    "H": TRANSPORT,
    "I": HOSPITALITY,
    "J": INFORMATION,
    "K": FINANCE,
    "L": REAL_ESTATE,
    "M": PROFESSIONAL,
    "N": SUPPORT,
    "O": GOVERNMENT,
    "P": EDUCATION,
    "Q": HEALTH,
    "R": ARTS,
    "S": SERVICES,
    "T": HOUSEHOLDS,
    "U": INTERNATIONAL,
}


def section_of(facts: Facts) -> Section:
    """The section that a company belongs to; `ANY` where that is not known."""
    industry = facts.known_industry
    return SECTIONS.get(industry.section, ANY) if industry else ANY


__all__ = ["ANY", "SECTIONS", "Kpi", "Lever", "Section", "section_of"]

"""Safety of what agents say: enforced on what a model wrote, not asked of it in a prompt.

`topics` tells what a person's message touches, `Facts` keeps that with their age and allergens, a `Censor` stands
between the model's stream and the person, and `numbers_allowed` between its tool calls and the run.
"""

from onboarding.safety.censor import TEXT_AT_MOST, Censor, censored
from onboarding.safety.facts import (
    FIGURES,
    LEAST_KCAL_OF_A_MINOR,
    Facts,
    facts_of,
    numbers_allowed,
    numbers_on_record,
)
from onboarding.safety.topics import Topic, referral, topics
from onboarding.safety.words import said_numbers

__all__ = [
    "FIGURES",
    "LEAST_KCAL_OF_A_MINOR",
    "TEXT_AT_MOST",
    "Censor",
    "Facts",
    "Topic",
    "censored",
    "facts_of",
    "numbers_allowed",
    "numbers_on_record",
    "referral",
    "said_numbers",
    "topics",
]

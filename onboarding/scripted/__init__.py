"""The scripted agent: it understands answers by plain rules, and asks for what is missing, without any model.

It knows nothing of any flow: form nodes, bounds and words come from the answer's annotations. `hear` reads a
message into a draft, `question` asks for the next field, `opener` for the whole state; `confirm` says what was
understood and `complain` what cannot be. All is a pure function of its arguments; nothing raises, whatever a
person writes.
"""

from onboarding.scripted.drafts import Draft, Heard, Intent, QuickReply
from onboarding.scripted.speech import complain, confirm, insist, opener, question, redirect
from onboarding.scripted.turns import fitting, forget, going_back, hear, is_complete

__all__ = [
    "Draft",
    "Heard",
    "Intent",
    "QuickReply",
    "complain",
    "confirm",
    "fitting",
    "forget",
    "going_back",
    "hear",
    "insist",
    "is_complete",
    "opener",
    "question",
    "redirect",
]

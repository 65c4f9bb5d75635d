"""Every workflow.

Not in the package's own file: the sandbox reads the modules that a run's class needs anew for each run, and a run
needs none of the others.
"""

from workflows.chat import AnswerChat
from workflows.erasure import EraseUser, ResumeErasures
from workflows.mail import PostLeftMails, SendMail
from workflows.onboarding import OnboardingRun
from workflows.suggestions import SuggestionWorkflow
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests

WORKFLOWS = [
    OnboardingRun,
    AnswerChat,
    EraseUser,
    SendMail,
    AbandonExpiredRuns,
    ArchiveRuns,
    PostLeftMails,
    PruneRequests,
    ResumeErasures,
    SuggestionWorkflow,
]

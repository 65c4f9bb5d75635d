"""Every workflow.

Not in the package's own file: the sandbox reads the modules that a run's class needs anew for each run, and a run
needs none of the others.
"""

from workflows.alerts import DailyReport, PostAlerts, SendAlert
from workflows.aws_accounts import MonitorAccount, RescheduleAccounts
from workflows.captures import CaptureSession, SweepCaptures
from workflows.chat import AnswerChat
from workflows.connecting import ConnectAccount
from workflows.connections import ConnectionLife, ResumeConnections
from workflows.erasure import EraseUser, ResumeErasures
from workflows.images import SweepImages
from workflows.imports import ImportCsv
from workflows.lookups import EnrichCapture, LookUpBarcode
from workflows.mail import PostLeftMails, SendMail
from workflows.mail_jobs import DiscoverSuppliers, ImportOrderMails
from workflows.monitoring_runs import MonitorRuns
from workflows.onboarding import OnboardingRun
from workflows.photos import AnalysePhoto
from workflows.scans import RiskScan, SweepScans
from workflows.scrapes import ScrapeUrls
from workflows.suggestions import SuggestionWorkflow
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests
from workflows.syncs import SyncItems

WORKFLOWS = [
    OnboardingRun,
    AnswerChat,
    EraseUser,
    SendMail,
    AbandonExpiredRuns,
    ArchiveRuns,
    MonitorRuns,
    PostLeftMails,
    PruneRequests,
    ResumeErasures,
    SuggestionWorkflow,
    MonitorAccount,
    RescheduleAccounts,
    SendAlert,
    PostAlerts,
    DailyReport,
    RiskScan,
    SweepScans,
    ScrapeUrls,
    LookUpBarcode,
    EnrichCapture,
    ImportCsv,
    SyncItems,
    CaptureSession,
    SweepCaptures,
    SweepImages,
    AnalysePhoto,
    DiscoverSuppliers,
    ImportOrderMails,
    ConnectAccount,
    ConnectionLife,
    ResumeConnections,
]

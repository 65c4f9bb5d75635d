"""Thin workflows: ask the domain, call activities, wait."""

from workflows.onboarding import OnboardingRun
from workflows.sweeps import AbandonExpiredRuns, ArchiveRuns, PruneRequests

WORKFLOWS = [OnboardingRun, AbandonExpiredRuns, ArchiveRuns, PruneRequests]

"""Builds the worker."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.ai.ledger import Books
from activities.ai.models import Models
from activities.build import build_activities
from db.pool import Database
from runtime.encryption import Keys
from runtime.mail import MailSender
from runtime.settings import Settings
from runtime.storage import Objects


def build_worker(
    client: Client, database: Database, keys: Keys, books: Books, models: Models, settings: Settings
) -> Worker:
    """A worker for every activity of Gangway, and the workflows of the client's plugin.

    `books` are those that the models write into: there is one of them in a process.
    """
    return Worker(
        client,
        task_queue=settings.task_queue,
        activities=build_activities(
            database, client, keys, MailSender(settings), Objects(settings), books, models, settings
        ),
        max_cached_workflows=settings.worker_cached_workflows,
        # Most of them wait for a model: a dozen chats with one that hangs must not keep a projection waiting.
        max_concurrent_activities=256,
        # A task for a worker that was killed waits this long before another worker takes it.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=10),
    )

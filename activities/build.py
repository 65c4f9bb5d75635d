"""All activities of a worker."""

from collections.abc import Callable
from typing import Any

from temporalio.client import Client

from activities.ai.cache import Cache
from activities.ai.ledger import Books
from activities.ai.models import Models
from activities.chat import Chats
from activities.erasure import Eraser
from activities.general import GeneralChats
from activities.mail import Mails
from activities.projection import Projection
from activities.reminders import Reminders
from activities.suggestions import Suggester
from activities.sweeps import Sweeps
from activities.turns import Turns
from db.pool import Database
from runtime.encryption import Keys
from runtime.mail import MailSender
from runtime.settings import Settings
from runtime.storage import Objects


def build_activities(
    database: Database,
    client: Client,
    keys: Keys,
    sender: MailSender,
    objects: Objects,
    books: Books,
    models: Models,
    settings: Settings,
) -> list[Callable[..., Any]]:
    """Each activity with its client. A new activity is one line here.

    `models` pay from `books`; of answers that are remembered these know as well.
    """
    projection = Projection(database)
    reminders = Reminders(database)
    sweeps = Sweeps(database, client)
    mails = Mails(database, keys, sender, client)
    eraser = Eraser(database, client, objects)
    turns = Turns(database)
    chats = Chats(turns, database, client, models, settings)
    general = GeneralChats(turns, database, models, settings)
    suggester = Suggester(database, models, Cache(database, books))
    return [
        projection.settle,
        reminders.remind,
        sweeps.sweep_expired,
        sweeps.sweep_archive,
        sweeps.sweep_requests,
        mails.send_mail,
        mails.post_left_mails,
        chats.answer,
        general.answer_general,
        eraser.end_runs,
        eraser.count_objects,
        eraser.delete_objects,
        eraser.erase_rows,
        eraser.resume_erasures,
        suggester.suggest_part,
        suggester.settle_suggestion,
    ]

"""All activities of a worker."""

from collections.abc import Callable
from typing import Any

from temporalio.client import Client

from activities.ai.cache import Cache
from activities.ai.ledger import Books
from activities.ai.models import Models
from activities.alerts import Alerts
from activities.aws_accounts import AccountMonitor
from activities.captures import Captures
from activities.chat import Chats
from activities.connecting import Connecting
from activities.connection_syncs import ConnectionSyncs
from activities.connections import Connections
from activities.enriching import Enricher
from activities.erasure import Eraser
from activities.extraction.filling import GapFiller
from activities.general import GeneralChats
from activities.images import ImageSweeper
from activities.imports import Importer
from activities.lookups import Lookups
from activities.mail import Mails
from activities.mail_jobs import Mailbox
from activities.mail_syncs import MailSyncs
from activities.monitoring_runs import RunsMonitor
from activities.photos import Photos
from activities.projection import Projection
from activities.refreshing import Refresher
from activities.reminders import Reminders
from activities.scan_service import ScanService
from activities.scans import Scanner
from activities.scrapes import Scraper
from activities.suggestions import Suggester
from activities.sweeps import Sweeps
from activities.syncs import ItemSyncer
from activities.turns import Turns
from db.pool import Database
from runtime.aws import Aws
from runtime.encryption import Keys
from runtime.fetching import Fetcher
from runtime.item_sink import ItemSink
from runtime.mail import MailSender
from runtime.settings import Settings
from runtime.slack import Slack
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
    mails = Mails(database, keys, sender, client)
    reminders = Reminders(database, mails, settings.app_url)
    sweeps = Sweeps(database, client)
    runs_monitor = RunsMonitor(database)
    alerts = Alerts(database, keys, sender, Slack(settings), client)
    eraser = Eraser(database, client, objects)
    turns = Turns(database)
    chats = Chats(turns, database, client, models, settings)
    general = GeneralChats(turns, database, models, settings)
    suggester = Suggester(database, models, Cache(database, books))
    accounts = AccountMonitor(database, keys, Aws(), client)
    photos = Photos(database, objects, models)
    image_sweeper = ImageSweeper(database, objects)
    scanner = Scanner(database, objects, ScanService(settings))
    scraper = Scraper(database, Fetcher(settings), GapFiller(models))
    lookups = Lookups(database, settings)
    enricher = Enricher(database)
    importer = Importer(database, objects)
    syncer = ItemSyncer(database, objects, ItemSink(settings), settings.item_sink_patience_seconds)
    captures = Captures(database, objects, client)
    refresher = Refresher(database, keys, settings)
    mailbox = Mailbox(database, refresher, models, settings)
    mail_syncs = MailSyncs(database, refresher, settings, mailbox)
    connecting = Connecting(database, keys, settings)
    connections = Connections(database, keys, settings, refresher, client)
    connection_syncs = ConnectionSyncs(database, refresher, settings)
    return [
        projection.settle,
        reminders.remind,
        sweeps.sweep_expired,
        sweeps.sweep_archive,
        sweeps.sweep_requests,
        runs_monitor.watch_runs,
        mails.send_mail,
        mails.post_left_mails,
        alerts.send_alert,
        alerts.post_alerts,
        alerts.write_reports,
        chats.answer,
        general.answer_general,
        eraser.end_runs,
        eraser.count_objects,
        eraser.delete_objects,
        eraser.erase_rows,
        eraser.resume_erasures,
        suggester.suggest_part,
        suggester.settle_suggestion,
        accounts.look_at_alarms,
        accounts.reschedule_accounts,
        scanner.scan,
        scanner.close_scan,
        scanner.sweep_scans,
        scraper.scrape_page,
        scraper.end_scrape,
        lookups.plan_lookup,
        lookups.ask_provider,
        lookups.keep_unknown,
        enricher.capture_code,
        enricher.enrich_capture,
        importer.import_csv,
        importer.close_import,
        syncer.send_items,
        syncer.write_items,
        syncer.end_sync,
        captures.expire_capture,
        captures.settle_capture,
        captures.sweep_captures,
        image_sweeper.sweep_images,
        photos.analyse_photo,
        photos.settle_photo,
        mailbox.discover_page,
        mailbox.import_page,
        mailbox.end_mail_job,
        mail_syncs.sync_mailbox,
        connecting.exchange_code,
        connections.look_connection,
        connections.refresh_connection,
        connections.disconnect_connection,
        connections.leave_connections,
        connections.resume_connections,
        connection_syncs.sync_connection,
    ]

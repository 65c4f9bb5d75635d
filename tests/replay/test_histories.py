"""The workflows as they are now replay what workflows have done before."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from temporalio.client import WorkflowHistory

from cli.__main__ import gangway
from cli.replay import CORPUS, CORPUS_KEYS, read_history, replay_all
from runtime.encryption import KeyRing
from tests.replay.paths import PATHS, SHORT_PATHS
from workflows.registry import WORKFLOWS

BYTES_AT_MOST = 1_500_000


def check(*arguments: str | Path, **environment: str) -> Result:
    """Run `gangway replay check`."""
    command = ["replay", "check", *map(str, arguments)]
    return CliRunner().invoke(gangway, command, env=environment, catch_exceptions=False)


def histories() -> dict[str, WorkflowHistory]:
    """The committed histories by name."""
    return {file.stem: read_history(file) for file in sorted(CORPUS.glob("*.json"))}


async def test_every_history_replays(keys: KeyRing) -> None:
    """Each committed history replays without a command out of place."""
    replayed = await replay_all(CORPUS, keys)
    assert [each for each in replayed if each.error is not None] == []
    assert len(replayed) == len(list(CORPUS.glob("*.json")))


def test_every_path_is_recorded() -> None:
    """Each path and each kind of workflow has a history; all together are small."""
    names = set(histories())
    assert names >= {*PATHS, *(f"{name}_{n}" for name in SHORT_PATHS for n in (1, 2))}
    types = {
        history.events[0].workflow_execution_started_event_attributes.workflow_type.name
        for history in histories().values()
    }
    assert types == {workflow.__temporal_workflow_definition.name for workflow in WORKFLOWS}  # type: ignore[attr-defined]
    assert sum(file.stat().st_size for file in CORPUS.iterdir()) < BYTES_AT_MOST


def test_every_message_is_recorded() -> None:
    """Each update and signal of a run, and each activity, occurs in some history."""
    events = [event for history in histories().values() for event in history.events]
    updates = {e.workflow_execution_update_accepted_event_attributes.accepted_request.input.name for e in events}
    signals = {e.workflow_execution_signaled_event_attributes.signal_name for e in events}
    activities = {e.activity_task_scheduled_event_attributes.activity_type.name for e in events}
    assert updates - {""} == {
        "begin",
        "restart",
        "save_step",
        "skip_step",
        "accept_prefilled",
        "complete",
        "abandon",
        "say",
        "take_over",
        "hand_back",
        "nudge",
        "fork",
        "disconnect",
    }
    assert signals - {""} == {
        "step_completed",
        "abandon",
        "snooze_reminders",
        "set_place",
        "look",
        "decided",
        "wake",
        "sync",
    }
    assert activities - {""} == {
        "settle",
        "remind",
        "sweep_expired",
        "sweep_archive",
        "sweep_requests",
        "watch_runs",
        "send_mail",
        "post_left_mails",
        "end_runs",
        "count_objects",
        "delete_objects",
        "erase_rows",
        "resume_erasures",
        "answer_chat",
        "answer_general",
        "suggest_part",
        "settle_suggestion",
        "scan",
        "close_scan",
        "sweep_scans",
        "sweep_images",
        "analyse_photo",
        "settle_photo",
        "send_items",
        "write_items",
        "end_sync",
        "expire_capture",
        "settle_capture",
        "sweep_captures",
        "plan_lookup",
        "ask_provider",
        "keep_unknown",
        "capture_code",
        "enrich_capture",
        "import_csv",
        "close_import",
        "look_at_alarms",
        "reschedule_accounts",
        "send_alert",
        "post_alerts",
        "write_reports",
        "scrape_page",
        "end_scrape",
        "discover_page",
        "import_page",
        "end_mail_job",
        "look_connection",
        "refresh_connection",
        "sync_connection",
        "disconnect_connection",
        "leave_connections",
        "resume_connections",
        "exchange_code",
    }


def test_histories_are_sealed() -> None:
    """No committed history shows an answer."""
    for file in CORPUS.glob("*.json"):
        text = file.read_text()
        assert "binary/encrypted" in text or "YmluYXJ5L2VuY3J5cHRlZA==" in text
        assert "fitness_level" not in text


def test_the_command_passes() -> None:
    """Without arguments `gangway replay check` checks the committed histories."""
    answer = check("--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == {"replayed": len(histories()), "failed": []}


def test_an_empty_corpus_fails(tmp_path: Path) -> None:
    """Nothing replayed is nothing proved."""
    answer = check(tmp_path, "--keys", CORPUS_KEYS)
    assert (answer.exit_code, answer.stdout) == (1, "0 histories replayed, 0 failed\n")


def test_the_wrong_keys_fail(tmp_path: Path) -> None:
    """A history that cannot be opened is a failure, named with its reason."""
    wrong = tmp_path / "keys.json"
    text = CORPUS_KEYS.read_text()
    wrong.write_text(text.replace("test-only", "another"))
    folder = tmp_path / "histories"
    folder.mkdir()
    (folder / "expiry.json").write_text((CORPUS / "expiry.json").read_text())
    answer = check(folder, "--keys", wrong)
    assert answer.exit_code == 1
    assert "expiry.json" in answer.stdout


@pytest.mark.parametrize("content", ["", "{}", '{"events": []}', '{"events": [{"eventId": "1"}]}', "[1, 2]"])
def test_no_history(tmp_path: Path, content: str) -> None:
    """A file that is no history is named, and is a failure."""
    (tmp_path / "broken.json").write_text(content)
    answer = check(tmp_path, "--keys", CORPUS_KEYS)
    assert answer.exit_code == 1
    assert "broken.json" in answer.stderr


def test_no_keys(tmp_path: Path) -> None:
    """Histories of one's own need a key file, and the message says how to name it."""
    answer = check(tmp_path, GANGWAY_HOME=str(tmp_path / "another home than that of a demo that ran here"))
    assert answer.exit_code == 1
    assert "--keys" in answer.stderr

"""`gangway replay`: does this version of the workflows still understand histories of earlier ones?"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.context import json_option, pass_settings
from cli.data_keys import data_keys
from runtime.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import WorkflowHistory

    from runtime.encryption import Keys

CORPUS = Path(__file__).parent.parent / "tests" / "replay" / "histories"
CORPUS_KEYS = CORPUS.parent / "test-only-keys.json"


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """A history, and what went wrong when it was replayed, if anything did."""

    history: str
    error: str | None = None


@click.group()
def replay() -> None:
    """Check workflows against recorded histories."""


@replay.command()
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CORPUS,
    metavar="[FOLDER]",
)
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Key file that sealed them; default the data keys of the database, for the committed ones their own.",
)
@json_option
@pass_settings
def check(settings: Settings, folder: Path, keys: Path | None, as_json: bool) -> None:
    """Replay every history (*.json, as `temporal workflow show --output json` writes them) of FOLDER.

    Without FOLDER: the histories that are committed with the code. Exit 1 when one does not replay, and when
    there is none.
    """
    from runtime.encryption import WeakKey

    committed = folder.resolve() == CORPUS.resolve()
    try:
        replayed = asyncio.run(_replayed(settings, folder, keys, committed))
    except WeakKey as error:
        raise click.ClickException(f"{error}: name a key file with --keys") from None
    except UnreadableHistory as error:
        raise click.ClickException(str(error)) from None
    failed = [each for each in replayed if each.error is not None]
    if as_json:
        answer = {"replayed": len(replayed), "failed": failed}
        click.echo(msgspec.json.encode(answer).decode())
    else:
        for each in failed:
            click.echo(f"{each.history}: {each.error}")
        click.echo(f"{len(replayed)} histories replayed, {len(failed)} failed")
    if failed or not replayed:
        raise SystemExit(1)


async def _replayed(settings: Settings, folder: Path, file: Path | None, committed: bool) -> list[Replayed]:
    from runtime.encryption import load_key_ring

    namespace = "default" if committed else settings.temporal_namespace
    if file or committed:
        return await replay_all(folder, load_key_ring(file or CORPUS_KEYS), namespace=namespace)
    async with data_keys(settings) as keys:
        return await replay_all(folder, keys, namespace=namespace)


class UnreadableHistory(Exception):
    """A file is no history in JSON."""


async def replay_all(
    folder: Path, keys: "Keys", *, namespace: str = "default", workflows: Sequence[type] | None = None
) -> list[Replayed]:
    """Replay the histories of a folder: see `replays`."""
    return [each async for each in replays(histories(folder), keys, namespace=namespace, workflows=workflows)]


async def replays(
    files: Sequence[Path], keys: "Keys", *, namespace: str = "default", workflows: Sequence[type] | None = None
) -> AsyncIterator[Replayed]:
    """Replay histories, each on its own, with the plugin of production.

    Args:
        files: each a history.
        keys: what their payloads were sealed with.
        namespace: where they were recorded; payloads are bound to it.
        workflows: others than those of the worker.

    Raises:
        UnreadableHistory: naming the file.
    """
    from temporalio.worker import Replayer

    from runtime.temporal import plugin
    from workflows.registry import WORKFLOWS

    replayer = Replayer(
        workflows=[],
        namespace=namespace,
        plugins=[plugin(keys, WORKFLOWS if workflows is None else workflows)],
    )
    for file in files:
        result = await replayer.replay_workflow(read_history(file), raise_on_replay_failure=False)
        failure = result.replay_failure
        error = f"{type(failure).__name__}: {failure}" if failure is not None else None
        yield Replayed(history=file.name, error=error)


def histories(folder: Path) -> list[Path]:
    """The files of a folder that hold histories."""
    return sorted(folder.glob("*.json"))


def read_history(file: Path) -> "WorkflowHistory":
    """A history as the Temporal CLI and UI write it.

    Raises:
        UnreadableHistory: when the file is none.
    """
    from temporalio.client import WorkflowHistory

    try:
        content: dict[str, Any] = json.loads(file.read_bytes())
        workflow_id: str = content["events"][0]["workflowExecutionStartedEventAttributes"]["workflowId"]
        return WorkflowHistory.from_json(workflow_id, content)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise UnreadableHistory(f"{file} is no history: {type(error).__name__}: {error}") from None

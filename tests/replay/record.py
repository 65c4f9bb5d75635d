"""`python -m tests.replay.record [FOLDER]`: record the histories of every path anew.

Do it when a path is added. A history that was recorded earlier is worth more than a new one: it shows what
workflows that are under way have done. So record into another folder, and add only what is new.
"""

import asyncio
import json
import sys
from pathlib import Path

from temporalio.client import Client, WorkflowHandle

from cli.replay import CORPUS, CORPUS_KEYS
from runtime.encryption import load_key_ring
from runtime.ending import leave
from tests.replay.connecting import CONNECTING, connected
from tests.replay.looking_up import Outside as LookingUp
from tests.replay.looking_up import looked_up
from tests.replay.mailboxes import ACTIVITIES as MAILBOXES
from tests.replay.mailboxes import looked_through
from tests.replay.paths import (
    CAPTURES,
    CONNECTIONS,
    ERASURE,
    PATHS,
    PHOTOS,
    SCANS,
    SCRAPES,
    SHORT_PATHS,
    SUGGESTIONS,
    SWEEPS,
    SYNCS,
    captured,
    erased,
    lived,
    photographed,
    scanned,
    scraped,
    suggested,
    swept,
    synced,
)
from tests.workflows.given import World, working, world
from tests.workflows.outside import Outside
from tests.workflows.seen import executions
from tests.workflows.server import temporal_server

GROUPS = {
    "sweeps": (SWEEPS, swept),
    "erasure": (ERASURE, erased),
    "suggestions": (SUGGESTIONS, suggested),
    "scans": (SCANS, scanned),
    "scrapes": (SCRAPES, scraped),
    "photos": (PHOTOS, photographed),
    "syncs": (SYNCS, synced),
    "captures": (CAPTURES, captured),
    "mailboxes": (MAILBOXES, looked_through),
    "connections": (CONNECTIONS, lived),
    "connecting": (CONNECTING, connected),
    "looking-up": (LookingUp().activities, looked_up),
}
"""Workflows that are no runs, by the queue that they are recorded on."""

SHORT = "limit.historyCount.suggestContinueAsNew=40"


async def record(folder: Path) -> list[str]:
    """Record all paths; returns the names of the files."""
    keys = load_key_ring(CORPUS_KEYS)
    written: list[str] = []
    for paths, dynamic in ((PATHS, ()), (SHORT_PATHS, (SHORT,))):
        async with temporal_server(keys, *dynamic) as environment, world(environment) as there:
            for name, path in paths.items():
                someone = there.someone()
                await path(someone)
                written += await _write(folder, name, someone.handle, environment.client)
    async with temporal_server(keys) as environment:
        for queue, (activities, path) in GROUPS.items():
            there = World(environment=environment, outside=Outside(), task_queue=queue)
            async with working(environment.client, activities, queue):
                for name, handle in (await path(there)).items():
                    written += await _write(folder, name, handle, environment.client)
    return written


async def _write(folder: Path, name: str, handle: WorkflowHandle[object, object], client: Client) -> list[str]:
    histories = await executions(handle, client)
    names = [name] if len(histories) == 1 else [f"{name}_{n}" for n in range(1, len(histories) + 1)]
    for each, history in zip(names, histories, strict=True):
        text = json.dumps(json.loads(history.to_json()), separators=(",", ":"))
        (folder / f"{each}.json").write_text(text + "\n")
    return names


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    target.mkdir(parents=True, exist_ok=True)
    names = asyncio.run(record(target))
    print(f"{len(names)} histories in {target}: {', '.join(names)}", file=sys.stderr)  # noqa: T201
    leave()

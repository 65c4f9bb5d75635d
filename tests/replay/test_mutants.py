"""The corpus is worth something: every change of a workflow's commands is caught by at least one history."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cli.replay import CORPUS, histories, read_history, replay_all, replays
from runtime.encryption import KeyRing
from workflows.registry import WORKFLOWS

RUN = Path(__file__).parents[2] / "workflows" / "onboarding.py"
CLOCK = RUN.with_name("clock.py")
UNSETTLED = RUN.with_name("unsettled.py")
TALK = RUN.with_name("talk.py")
CHAT = RUN.with_name("chat.py")
SWEEPS = RUN.with_name("sweeps.py")
ERASURE = RUN.with_name("erasure.py")
SUGGESTIONS = RUN.with_name("suggestions.py")
Mutate = Callable[[Path, str, str], ModuleType]

MUTANTS = {
    "a timer first": (
        RUN,
        "        self._show()\n        clock =",
        "        await workflow.sleep(1)\n        clock =",
    ),
    "no settling": (
        UNSETTLED,
        "            await workflow.execute_activity_method(\n                Projection.settle",
        "            if False: await workflow.execute_activity_method(\n                Projection.settle",
    ),
    "another activity to settle": (
        UNSETTLED,
        "workflow.execute_activity_method(\n                Projection.settle,",
        "workflow.execute_activity(\n                'remind',",
    ),
    "settling without a pause": (
        UNSETTLED,
        "            await until(lambda: self.urgent, SETTLE_AFTER",
        "            if False: await until(lambda: self.urgent, SETTLE_AFTER",
    ),
    "attributes not shown": (
        UNSETTLED,
        "            self.urgent = False\n            show()",
        "            self.urgent = False",
    ),
    "no reminder": (
        CLOCK,
        "            await workflow.execute_activity_method(Reminders.remind",
        "            if False: await workflow.execute_activity_method(Reminders.remind",
    ),
    "a reminder too many": (
        CLOCK,
        "        self._sending += 1",
        "        await workflow.sleep(60)\n        self._sending += 1",
    ),
    "a reminder at night": (
        CLOCK,
        "> now:\n                # The worker",
        "> now and False:\n                # The worker",
    ),
    "no expiry": (CLOCK, "elif run.expires_at <= now:", "elif False:"),
    "never continued": (RUN, "            workflow.continue_as_new(self._carried_over())", "            pass"),
    "signals settled late": (
        RUN,
        "            self._show()\n        self._unsettled.urgent = True",
        "            self._show()",
    ),
    "attributes after the activity": (
        UNSETTLED,
        "            self._settled(changes)\n",
        "            self._settled(changes)\n            show()\n",
    ),
    "restart that does not end the old run": (RUN, "return self._apply(end if", "return None and (end if"),
    "a nudge that is not sent": (
        RUN,
        "        await self._clock.nudge(",
        "        if False: await self._clock.nudge(",
    ),
    "refused signals not survived": (RUN, "except ApplicationError as refused:", "except KeyError as refused:"),
    "another sweep": (SWEEPS, "Sweeps.sweep_expired, sweep", "Sweeps.sweep_archive, sweep"),
    "another archive": (SWEEPS, "Sweeps.sweep_archive, sweep", "Sweeps.sweep_expired, sweep"),
    "files not counted": (ERASURE, "Eraser.count_objects, person", "Eraser.delete_objects, person"),
    "no second look": (
        ERASURE,
        "        await workflow.sleep(LINGER",
        "        if False: await workflow.sleep(LINGER",
    ),
    "parts one by one": (
        SUGGESTIONS,
        "await asyncio.gather(*(self._part(order, kind) for kind in order.kinds))",
        "[await self._part(order, kind) for kind in order.kinds]",
    ),
    "never settled": (
        SUGGESTIONS,
        "        await workflow.execute_activity_method(\n            Suggester.settle",
        "        if False: await workflow.execute_activity_method(\n            Suggester.settle",
    ),
    "a turn that is not answered": (
        TALK,
        "            await workflow.execute_activity_method(Chats.answer",
        "            if False: await workflow.execute_activity_method(Chats.answer",
    ),
    "another answer": (CHAT, "GeneralChats.answer_general, order", "'settle', order"),
    "another prune": (SWEEPS, "Sweeps.sweep_requests, sweep", "Sweeps.sweep_expired, sweep"),
}


@pytest.fixture
def mutate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mutate]:
    """Import a copy of a file with one text in it replaced; of a part of a run, a copy of the run with it."""
    made: list[str] = []

    def make(file: Path, old: str, new: str) -> ModuleType:
        source = file.read_text()
        assert source.count(old) == 1, f"the mutant does not fit {file.name} any more: {old!r}"
        name = f"mutant_{file.stem}_{tmp_path.name}"
        (tmp_path / f"{name}.py").write_text(source.replace(old, new))
        made.append(name)
        if file in (CLOCK, UNSETTLED, TALK):
            return make(RUN, f"from workflows.{file.stem} import", f"from {name} import")
        return importlib.import_module(name)

    monkeypatch.syspath_prepend(tmp_path)
    yield make
    for name in made:
        sys.modules.pop(name, None)


def mutated(module: ModuleType) -> list[type]:
    """The workflows, those of the module instead of the real ones."""
    return [getattr(module, workflow.__name__, workflow) for workflow in WORKFLOWS]


def kind(file: Path) -> str:
    """Which workflow's history it is."""
    return read_history(file).events[0].workflow_execution_started_event_attributes.workflow_type.name


async def test_a_copy_replays(mutate: Mutate, keys: KeyRing) -> None:
    """The way in which mutants are made changes nothing by itself."""
    workflows = mutated(mutate(RUN, "REFUSALS_KEPT = 20", "REFUSALS_KEPT = 21"))
    assert workflows[0].__module__.startswith("mutant")
    assert all(each.error is None for each in await replay_all(CORPUS, keys, workflows=workflows))


@pytest.mark.parametrize("mutant", MUTANTS)
async def test_mutants_are_caught(mutate: Mutate, keys: KeyRing, mutant: str) -> None:
    """A workflow whose commands differ does not replay at least one history of its own, as nondeterministic."""
    workflows = mutated(mutate(*MUTANTS[mutant]))
    changed = {each.__name__ for each in workflows} - {each.__name__ for each in WORKFLOWS if each in workflows}
    files = [file for file in histories(CORPUS) if kind(file) in changed]
    errors: list[str] = []
    async for each in replays(sorted(files, key=lambda file: file.stat().st_size), keys, workflows=workflows):
        errors += [each.error] if each.error else []
        if "NondeterminismError" in (each.error or ""):
            return
    pytest.fail(f"{files} do not tell: {errors}")

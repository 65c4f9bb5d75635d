"""Where the processor's time goes: per process of the stack, and to everybody else on the machine."""

import os
from contextlib import suppress

import psutil


class Cpu:
    """Processor seconds since it was made."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = {**pids, "load": os.getpid()}
        self._before = self._now()

    def per_request(self, requests: int) -> dict[str, float]:
        """Milliseconds of each process for each request; `others` is what the rest of the machine took."""
        after = self._now()
        spent = {name: after[name] - self._before.get(name, 0.0) for name in after}
        spent["others"] = max(spent.pop("machine") - sum(spent.values()), 0.0)
        return {name: round(seconds * 1000 / max(requests, 1), 2) for name, seconds in spent.items()}

    def _now(self) -> dict[str, float]:
        machine = psutil.cpu_times()
        busy = sum(machine) - machine.idle - getattr(machine, "iowait", 0.0) - getattr(machine, "guest", 0.0)
        return {"machine": busy} | {name: _seconds(pid) for name, pid in self._pids.items()}


def _seconds(pid: int) -> float:
    """Of a process and its children, those that ended included (PostgreSQL has one for each connection)."""
    total = 0.0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        own = process.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in process.children() if pid != os.getpid() else []:
            with suppress(psutil.Error):
                times = child.cpu_times()
                total += times.user + times.system
    return total

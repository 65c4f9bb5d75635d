"""`gangway demo --exit` as a person types it, on real parts."""

import asyncio
import os
import sys
from pathlib import Path

from cli.demo_answers import ANSWERS
from cli.embedded import with_free_ports
from runtime.settings import Settings, environment_of


async def test_a_person_goes_through_all_nine(tmp_path: Path) -> None:
    """From an empty data folder to a completed profile, four states by talking; status 0, nothing left."""
    environment = {**os.environ, **environment_of(with_free_ports(Settings())), "GANGWAY_HOME": str(tmp_path)}
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "demo", "--exit"),
        env=environment,
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, logged = await asyncio.wait_for(demo.communicate(), 240)
    assert demo.returncode == 0, logged.decode()
    states = [state for state, _ in ANSWERS]
    lines = [line.split() for line in said.decode().splitlines() if line.split()[0].isdigit()]
    assert [line[1] for line in lines] == states
    assert [line[-1] for line in lines] == ["(rules)"] * 4 + ["form"] * 5
    assert "profile version 1 with 9 answers" in said.decode()
    assert not (tmp_path / "pids.json").exists()

"""The commands of docs/scans.md, run as they stand there, with a real shell and a real curl."""

import asyncio
import os
import re
from pathlib import Path

import msgspec

PAGE = Path(__file__).parents[2] / "docs" / "scans.md"


async def test_with_curl(server: str, tmp_path: Path) -> None:
    """Register, sign in by form, scan a text and a file, list, read, delete: all of it works."""
    found = re.search(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    script = tmp_path / "scans.sh"
    script.write_text(f"set -eu\n{found[1]}")
    for prefix in ("/api", "/api/v1"):
        environment = {**os.environ, "API": f"{server}{prefix}", "TMPDIR": str(tmp_path), "NO_PROXY": "*"}
        process = await asyncio.create_subprocess_exec(
            "sh", str(script), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, complained = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, complained.decode()
        registered, second, listed, first, gone = _answers(said.decode())
        assert registered["full_name"] == "Ada"
        assert second["filename"] == "invoice.eml"
        assert [risk["risk"] for risk in second["data"]] == ["Advance payment"]
        assert [each["scan_id"] for each in listed["items"]] == [second["scan_id"], first["scan_id"]]
        assert [risk["risk"] for risk in first["data"]] == ["Unlimited liability", "Penalty", "Delay"]
        assert first["source"] == "model"
        assert gone == ["204", "404"]
        assert os.listdir(tmp_path) == [script.name]


def _answers(said: str) -> list[object]:
    """The JSON bodies, which stand one after the other, and the lines behind them."""
    answers: list[object] = []
    depth = begin = 0
    for at, character in enumerate(said):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "}" and depth == 0:
            answers.append(msgspec.json.decode(said[begin : at + 1]))
            begin = at + 1
    return [*answers, said[begin:].split()]

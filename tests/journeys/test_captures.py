"""The commands of docs/capture.md, run as they stand there, with a real shell and a real curl."""

import asyncio
import os
import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "capture.md"


async def test_with_curl(server: str, tmp_path: Path) -> None:
    """Open a session, scan as the phone, listen, edit, close: all of it works."""
    found = re.search(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    script = tmp_path / "capture.sh"
    # Two seconds are enough to listen for, but for a machine that stalls.
    commands = found[1].replace("curl -sS -m 2 ", "curl -sS -m 6 ")
    assert commands != found[1]
    script.write_text(f"set -eu\n{commands}")
    environment = {**os.environ, "API": f"{server}/api", "NO_PROXY": "*"}
    process = await asyncio.create_subprocess_exec(
        "sh", str(script), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complained = await asyncio.wait_for(process.communicate(), 120)
    told = said.decode()
    assert process.returncode == 0, complained.decode()
    assert re.findall(r'"duplicate":(true|false),"repeated":(true|false)', told) == [
        ("false", "false"),
        ("true", "false"),
        ("false", "false"),
        ("true", "true"),
    ]
    assert re.findall(r"^event: (\w+)", told, re.MULTILINE) == ["item", "item", "session"]
    assert '"name":"Drill"' in told
    assert '"edited":["name","quantity"]' in told
    assert told.endswith("204\n410\n")

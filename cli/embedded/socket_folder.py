"""Where PostgreSQL's Unix socket stands."""

import hashlib
import tempfile
from pathlib import Path

# sun_path holds 108 bytes on Linux and 104 on macOS, the final zero included.
_LONGEST = 103


def socket_folder(home: Path) -> Path:
    """`<home>/sock`, or a short folder in the temp directory when the path would be too long for a socket."""
    inside = home / "sock"
    if len(str(inside / ".s.PGSQL.5432").encode()) <= _LONGEST:
        return inside
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"gangway-{digest}"

"""The data folder, held by one stack at a time."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.embedded.errors import HomeInUse, HomeUnusable


class HomeLock:
    """Holds `<home>/lock` while it is entered; the kernel lets go of it however the process ends."""

    def __init__(self, home: Path) -> None:
        self._path = home / "lock"
        self._file = -1

    def __enter__(self) -> Self:
        """Take the folder.

        Raises:
            HomeInUse: somebody has it.
            HomeUnusable: it cannot be made or written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            folder = self._path.parent
            raise HomeUnusable(f"{folder}: {error.strerror}; set GANGWAY_HOME to a folder of yours") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 20).decode() or "unknown"
            os.close(self._file)
            raise HomeInUse(
                f"another gangway (process {holder}) runs on {self._path.parent}: stop it, or set "
                "GANGWAY_HOME to another folder (and PORT, TEMPORAL_PORT and the others to other ports)"
            ) from None
        os.truncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of it."""
        os.close(self._file)

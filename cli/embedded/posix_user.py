"""Which user PostgreSQL runs as: it refuses root, so a root shell starts it as somebody else."""

import os
import pwd
import stat
from pathlib import Path
from typing import NamedTuple

from cli.embedded.errors import EmbeddedError

_CANDIDATES = ("postgres", "nobody")


class ServerUser(NamedTuple):
    """An existing user of this machine, other than root."""

    uid: int
    gid: int

    def launch_argument(self, *paths: Path) -> str:
        """What launch.py is told: with `override` when the user may not look where a path leads."""
        reachable = all(self._can_reach(path) for path in paths)
        return f"{self.uid}:{self.gid}" + ("" if reachable else ":override")

    def _can_reach(self, path: Path) -> bool:
        for folder in (path, *path.resolve().parents):
            if folder.exists():
                state = folder.stat()
                if state.st_uid == self.uid:
                    needed = stat.S_IXUSR
                else:
                    needed = stat.S_IXGRP if state.st_gid == self.gid else stat.S_IXOTH
                if not state.st_mode & needed:
                    return False
        return True


def server_user() -> ServerUser | None:
    """None for an ordinary user, who runs the server himself; else whom root starts it as.

    Raises:
        EmbeddedError: root, on a machine with neither `postgres` nor `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError("PostgreSQL does not run as root: make a user named postgres, or run as another user")


def own_folder(path: Path, user: ServerUser | None) -> None:
    """Make a folder that only the server's user (and root) may enter.

    Raises:
        EmbeddedError: the folder is there and belongs to somebody else.
    """
    uid = user.uid if user else os.geteuid()
    try:
        path.mkdir(mode=0o700, parents=True)
        if user:
            os.chown(path, user.uid, user.gid)
    except FileExistsError:
        state = path.lstat()
        if not stat.S_ISDIR(state.st_mode) or state.st_uid != uid:
            raise EmbeddedError(
                f"{path} belongs to user {state.st_uid}, not to {uid} as whom PostgreSQL runs: remove it, "
                "set GANGWAY_HOME to another folder, or run as the user that made it"
            ) from None
        path.chmod(0o700)

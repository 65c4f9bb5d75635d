"""Becomes the server that it is told to start, after what only the child itself can do; stdlib only.

`python -I -S launch.py PARENT SIGNAL USER CMD...`. It replaces itself by CMD, so the process id that the
parent knows is the one that serves.

- The kernel (Linux) sends SIGNAL when the parent dies, so that kill -9 of the parent leaves nobody behind.
- USER is `-`, or `uid:gid`: PostgreSQL refuses to run as root. With `uid:gid:override` the process keeps
  CAP_DAC_OVERRIDE, because the data folder or the wheel stands where that user may not look (below
  `/root`, say). It can then read what root can: no more than the root shell it was started from.
"""

import ctypes
import os
import sys

# linux/prctl.h, linux/capability.h
_SET_DEATH_SIGNAL, _KEEP_CAPABILITIES, _AMBIENT, _AMBIENT_RAISE = 1, 8, 47, 2
_DAC_OVERRIDE, _CAPABILITY_V3 = 1, 0x20080522


def main(parent: str, signal: str, user: str, *command: str) -> None:
    """Drop privileges, ask for the signal, and become the command."""
    os.umask(0o077)  # what the servers write is for their user only
    linux = sys.platform == "linux"
    if user != "-":
        _become(user.split(":"))
    if linux:
        # After the change of user, which clears it.
        _prctl(_SET_DEATH_SIGNAL, int(signal))
        if os.getppid() != int(parent):  # it died before the kernel was told
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def _become(user: list[str]) -> None:
    uid, gid, override = int(user[0]), int(user[1]), user[2:] == ["override"]
    if override:
        _prctl(_KEEP_CAPABILITIES, 1)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if override:
        mask = 1 << _DAC_OVERRIDE
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_V3, 0)
        effective_permitted_inheritable = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        if ctypes.CDLL(None, use_errno=True).capset(header, effective_permitted_inheritable) != 0:
            sys.exit(
                f"cannot keep CAP_DAC_OVERRIDE ({os.strerror(ctypes.get_errno())}): move the checkout and "
                "GANGWAY_HOME out of a folder that only root may enter, or run as an ordinary user"
            )
        _prctl(_AMBIENT, _AMBIENT_RAISE, _DAC_OVERRIDE)


def _prctl(*arguments: int) -> None:
    padded = [ctypes.c_ulong(number) for number in (*arguments, 0, 0, 0, 0)[:5]]
    if ctypes.CDLL(None, use_errno=True).prctl(*padded) != 0:
        sys.exit(f"prctl{arguments}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(*sys.argv[1:])

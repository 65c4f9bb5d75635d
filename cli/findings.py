"""What a check of `gangway doctor` may find."""

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """What one check found, and how to mend it when `ok` is false."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


class Ill(Exception):
    """A check failed: what is wrong, and how to mend it."""

    def __init__(self, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.mend = mend

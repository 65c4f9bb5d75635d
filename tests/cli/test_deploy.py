"""The files of a deployment, as far as they can be checked without a Docker engine."""

import re
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
import yaml

from cli.embedded.postgres import ADMIN, PostgresServer
from runtime.settings import Settings

CHECKOUT = Path(__file__).parents[2]
OURS = ("api", "worker", "migrate")
SECRET = re.compile(r"PASSWORD$|PWD|SECRET|ACCESS_KEY|API_KEY|_URL$")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())


def test_every_service_is_watched_and_bounded(compose: dict[str, Any]) -> None:
    """Each service has a health check, or ends by itself and is waited for; each has limits."""
    services = compose["services"]
    waited = {
        name
        for service in services.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }
    for name, service in services.items():
        if name in waited:
            assert service["restart"].startswith("on-failure:"), name
        else:
            assert service["healthcheck"]["test"], name
            assert service["restart"] == "unless-stopped", name
        assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys(), name
        for dependency in service.get("depends_on", {}):
            assert dependency in services
    assert [services[name]["deploy"]["replicas"] for name in ("api", "worker")] == [2, 2]
    assert services["postgres"]["image"] == "postgres:18"


OPTIONAL = {
    *("COGNITO_JWKS_URL", "OIDC_ISSUERS", "KMS_KEY_ID", "SMTP_URL", "APP_URL"),
    *("AI_BASE_URL", "AI_API_KEY", "GEMINI_API_KEY", "AI_SERVICE_URL"),
    *("BARCODE_LOOKUP_API_KEY", "BARCODE_LOOKUP_BASE_URL", "OPEN_FOOD_FACTS_BASE_URL", "UPCITEMDB_BASE_URL"),
    *("UPCITEMDB_USER_KEY", "ITEM_SINK_URL", "ITEM_SINK_TOKEN"),
    *(
        "API_URL",
        "GMAIL_CLIENT_SECRET",
        "GMAIL_CLIENT_ID",
        "GMAIL_AUTHORIZE_URL",
        "GMAIL_TOKEN_URL",
        "GMAIL_REVOKE_URL",
        "GMAIL_USERINFO_URL",
        "GMAIL_API_BASE",
        "QUICKBOOKS_CLIENT_SECRET",
        "QUICKBOOKS_CLIENT_ID",
        "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN",
        "QUICKBOOKS_AUTHORIZE_URL",
        "QUICKBOOKS_TOKEN_URL",
        "QUICKBOOKS_REVOKE_URL",
        "QUICKBOOKS_API_BASE",
        "XERO_CLIENT_SECRET",
        "XERO_CLIENT_ID",
        "XERO_AUTHORIZE_URL",
        "XERO_TOKEN_URL",
        "XERO_REVOKE_URL",
        "XERO_API_BASE",
    ),
}
"""What may hold a secret, or its place, and may be left out."""


def test_every_secret_must_be_given(compose: dict[str, Any]) -> None:
    """No secret has a value or a default in the file: Compose stops when one is missing that must be there."""
    seen = 0
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if name in OPTIONAL:
                assert value == f"${{{name}:-}}"
            elif SECRET.search(name) and not name.endswith(("ENDPOINT_URL", "UI_URL")):
                assert re.search(r"\$\{\w+:\?", str(value)), name
                # A URL may hold the role's name besides, but no password of its own.
                assert "://" not in str(value) or re.search(r"://\w+:\$\{[^}]+\}@", str(value)), name
                seen += 1
    assert seen >= 15
    assert ":?" in compose["secrets"]["encryption_keys"]["file"]


def test_every_setting_is_one(compose: dict[str, Any]) -> None:
    """What our own services are told by name is a field of Settings, so that no typing error goes unseen."""
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    for name in OURS:
        assert compose["services"][name]["environment"].keys() <= known


FIXED = {
    # Parts of the embedded stack, or the same for everybody inside the containers.
    *("GANGWAY_HOME", "TEMPORAL_PORT", "TEMPORAL_UI_PORT", "S3_PORT", "DATABASE_OWNER_URL", "DATABASE_POOL_MIN"),
    *("DATABASE_TIMEOUT_SECONDS", "TEMPORAL_API_KEY", "TEMPORAL_TLS", "TASK_QUEUE", "S3_REGION", "GIT_SHA"),
    *("AI_STUB_PORT", "AI_SERVICE_STANDIN_PORT"),
    *("MAIL_FOLDER", "ARGON2_TIME_COST", "ARGON2_MEMORY_KIB", "ARGON2_PARALLELISM"),
}


def test_every_setting_can_be_given(compose: dict[str, Any]) -> None:
    """What an operator may want to set reaches the processes; the rest is named here."""
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    assert known >= FIXED
    assert compose["services"]["api"]["environment"].keys() | FIXED == known


def test_the_example_lists_what_is_asked_for(compose: dict[str, Any]) -> None:
    """Every variable that the compose file cannot do without is in .env.example, empty."""
    text = (CHECKOUT / "docker-compose.yml").read_text()
    example = (CHECKOUT / ".env.example").read_text()
    for name in set(re.findall(r"\$\{(\w+):\?", text)):
        assert f"\n{name}=\n" in example


def test_only_the_owner_migrates(compose: dict[str, Any]) -> None:
    """The API and the worker never learn how to connect as the owner of the database."""
    services = compose["services"]
    assert "gangway_owner" in services["migrate"]["environment"]["DATABASE_OWNER_URL"]
    for name in ("api", "worker"):
        assert "gangway_owner" not in str(services[name]["environment"])


def test_the_image_runs_as_nobody_special() -> None:
    """The image installs by hash, holds every package, and ends as a user without privileges."""
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    text = "\n".join(lines)
    assert "--require-hashes" in text
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    for package in ("onboarding", "runtime", "db", "activities", "workflows", "worker", "api", "cli"):
        assert f"COPY {package} {package}" in lines
    ignored = (CHECKOUT / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    for line in lines:
        if line.startswith("COPY ") and "--from" not in line:
            assert f"!{line.split()[1]}" in ignored


class BareCluster(PostgresServer):
    """A cluster as the postgres image makes it: a superuser and nothing else."""

    async def after_ready(self) -> None: ...


async def test_the_init_script_makes_roles_and_databases(tmp_path: Path) -> None:
    """ops/postgres-init.sh runs on a new cluster, takes awkward passwords, and keeps the databases apart."""
    server = BareCluster(tmp_path)
    await server.start()
    try:
        password = "it's $odd"
        environment = {
            "PATH": f"{server.binaries}:/usr/bin:/bin",
            "PGHOST": str(server.socket_folder),
            "PGPASSWORD": (tmp_path / "secrets" / f"postgres-{ADMIN}").read_text(),
            "POSTGRES_USER": ADMIN,
            "GANGWAY_OWNER_PASSWORD": "owner",
            "GANGWAY_APP_PASSWORD": password,
            "TEMPORAL_DB_PASSWORD": "temporal",
        }
        _run([str(CHECKOUT / "ops" / "postgres-init.sh")], environment)
        host = str(server.socket_folder)
        app = await asyncpg.connect(host=host, user="gangway_app", password=password, database="gangway")
        assert not await app.fetchval("SELECT has_schema_privilege('public', 'CREATE')")
        assert await app.fetchval("SELECT count(*) FROM pg_extension") == 4
        await app.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(host=host, user="temporal", password="temporal", database="gangway")
    finally:
        await server.stop()


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr

"""Settings and their page."""

import re
from pathlib import Path

import msgspec
import pytest

from runtime.settings import InvalidSettings, Settings, environment_of, load_settings

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \|", re.MULTILINE)


def test_every_setting_is_documented() -> None:
    """`docs/settings.md` has one row for each setting, and none for a setting that is not there."""
    documented = ROW.findall(PAGE.read_text())
    assert len(documented) == len(set(documented))
    assert set(documented) == {field.name.upper() for field in msgspec.structs.fields(Settings)}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A value in the environment goes before the one in `.env`; an empty one counts as none."""
    file = tmp_path / ".env"
    file.write_text("PORT=9001\nDEFAULT_FLOW=company\nLOG_LEVEL=debug\n")
    settings = load_settings({"PORT": "9002", "LOG_LEVEL": ""}, dotenv=file)
    assert (settings.port, settings.default_flow, settings.log_level) == (9002, "company", "info")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("TEMPORAL_TLS", "perhaps"),
        ("RETENTION_DAYS", "1.5"),
        ("LOG_LEVEL", "canary"),
        ("LOG_LEVEL", "infos"),
        ("AI_PRICES", "canary"),
        ("AI_PRICES", '{"m": {"input": "canary", "output": 1}}'),
        ("AI_BUDGET_RUN", "-1"),
        ("AI_SERVICE_URL", "canary:8082"),
        ("AI_SERVICE_URL", "ftp://canary/"),
        ("AI_SERVICE_URL", "http://user:canary@host:port/"),
        ("AI_SERVICE_URL", "http://host/?token=canary"),
        ("AI_SERVICE_URL", "http:///canary"),
        ("AI_SERVICE_TIMEOUT_SECONDS", "0"),
        ("DATABASE_URL", "canary"),
        ("DATABASE_URL", "mysql://gangway:canary@db/gangway"),
        ("DATABASE_URL", "postgresql://gangway:canary@db:99999/gangway"),
        ("DATABASE_OWNER_URL", "postgresql://gangway:canary@db,db:port/gangway"),
        ("DATABASE_OWNER_URL", "postgresql://gangway:can/ary@db/gangway"),
        ("DATABASE_OWNER_URL", "postgresql://gangway:canary@[db/gangway"),
    ],
)
def test_a_value_that_does_not_fit_names_its_setting(name: str, value: str, tmp_path: Path) -> None:
    """The message says which setting is wrong, and neither what it holds nor what else is in the environment."""
    with pytest.raises(InvalidSettings, match=name) as raised:
        load_settings({name: value, "JWT_SECRET": "canary"}, dotenv=tmp_path / "none")
    assert "can" not in str(raised.value)


@pytest.mark.parametrize("name", ["PORT", "WORKER_HEALTH_PORT", "TEMPORAL_PORT", "TEMPORAL_UI_PORT", "S3_PORT"])
def test_ports_can_be_listened_on(name: str, tmp_path: Path) -> None:
    """A port is 1 to 65535: not 0, under which nobody would find what listens."""
    for value in ("-1", "0", "65536", "99999"):
        with pytest.raises(InvalidSettings, match=f"^{name}: "):
            load_settings({name: value}, dotenv=tmp_path / "none")
    for value in ("1", "65535"):
        settings = load_settings({name: value}, dotenv=tmp_path / "none")
        assert getattr(settings, name.lower()) == int(value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gangway@/gangway?host=/run/postgresql",
        "postgres://gangway:p%40ss@[::1]:5432,db.example.org/gangway",
        "postgresql:///gangway",
    ],
)
def test_every_form_of_a_database_url(url: str, tmp_path: Path) -> None:
    """Sockets, several hosts and addresses of either kind are database URLs."""
    assert load_settings({"DATABASE_URL": url}, dotenv=tmp_path / "none").database_url == url


def test_log_levels_in_either_case(tmp_path: Path) -> None:
    """A log level may be written in capitals."""
    assert load_settings({"LOG_LEVEL": "WARNING"}, dotenv=tmp_path / "none").log_level == "WARNING"


def test_settings_reach_a_child_process_unchanged(tmp_path: Path) -> None:
    """What is handed to a child as environment reads back as the same settings."""
    given = load_settings({"PORT": "9001", "TEMPORAL_TLS": "true", "GANGWAY_HOME": "/x"}, dotenv=tmp_path / "none")
    assert load_settings(environment_of(given), dotenv=tmp_path / "none") == given

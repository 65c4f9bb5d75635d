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
    ("name", "value"), [("PORT", "http"), ("TEMPORAL_TLS", "perhaps"), ("RETENTION_DAYS", "1.5")]
)
def test_a_value_that_does_not_fit_names_its_setting(name: str, value: str, tmp_path: Path) -> None:
    """The message says which setting is wrong, and not what else is in the environment."""
    with pytest.raises(InvalidSettings, match=name):
        load_settings({name: value, "JWT_SECRET": "canary"}, dotenv=tmp_path / "none")


def test_settings_reach_a_child_process_unchanged(tmp_path: Path) -> None:
    """What is handed to a child as environment reads back as the same settings."""
    given = load_settings({"PORT": "9001", "TEMPORAL_TLS": "true", "GANGWAY_HOME": "/x"}, dotenv=tmp_path / "none")
    assert load_settings(environment_of(given), dotenv=tmp_path / "none") == given

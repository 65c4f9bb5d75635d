"""The monitoring configuration and its page."""

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from onboarding.monitoring import THRESHOLDS, Monitoring, Service
from onboarding.webhooks import masked, objection

PAGE = Path(__file__).parents[2] / "docs" / "monitoring-settings.md"
ROW = re.compile(r"^\| `(services[^`]*|global_settings[^`]*)` \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def settings(kind: inspect.Type, path: str = "") -> dict[str, Any]:
    """Each setting of a Struct by its path, and its default."""
    found: dict[str, Any] = {}
    for field in kind.fields if isinstance(kind, inspect.StructType) else ():
        name = f"{path}{field.name}"
        found[name] = field.default
        if isinstance(field.type, inspect.VarTupleType):
            found |= settings(field.type.item_type, f"{name}[].")
        else:
            found |= settings(field.type, f"{name}.")
    return found


def test_every_setting_is_documented() -> None:
    """The page has one row for each setting, with its default, and none for a setting that is not there."""
    rows = {name: default.strip(" `") for name, default, *_ in ROW.findall(PAGE.read_text())}
    expected = settings(inspect.type_info(Monitoring))
    del expected["version"], expected["global_settings"]
    assert set(rows) == set(expected)
    plain = {name: value for name, value in expected.items() if type(value) in (int, bool)}
    assert {name: rows[name] for name in plain} == {name: str(value).lower() for name, value in plain.items()}
    assert len(plain) == 6


def test_every_setting_is_read() -> None:
    """The page says of each setting which job reads it."""
    readers = {name: reader.strip() for name, _, _, reader in ROW.findall(PAGE.read_text())}
    assert [name for name, reader in readers.items() if not reader] == ["services"]


def test_thresholds() -> None:
    """One that is set counts, else its default; what has none must be set."""
    assert Service(service_name="onboarding", thresholds={"refusal_rate": 0.9}).threshold("refusal_rate") == 0.9
    assert Service(service_name="onboarding").threshold("min_attempts") == THRESHOLDS["min_attempts"]
    with pytest.raises(KeyError):
        Service(service_name="onboarding").threshold("other")
    for name, default in THRESHOLDS.items():
        assert f"`onboarding`: `{name}` | {default:g} |" in PAGE.read_text()


def test_services() -> None:
    """A service of which nothing is set goes by the defaults."""
    config = Monitoring(services=(Service(service_name="cloudwatch", polling_interval=60),))
    assert (config.interval("cloudwatch"), config.interval("guardduty")) == (60, 300)
    assert config.service("guardduty").enabled


@pytest.mark.parametrize(
    ("address", "here", "is_let_through"),
    [
        ("https://hooks.slack.com/services/T/B/x", False, True),
        ("https://hooks.slack.com:8443/services?x=1", False, True),
        ("https://93.184.215.14/hook", False, True),
        ("https://127.0.0.1/hook", False, False),
        ("http://127.0.0.1:8080/hook", False, False),
        ("http://127.0.0.1:8080/hook", True, True),
        ("http://localhost/hook", True, True),
        ("https://[::1]/hook", True, True),
        ("http://10.0.0.1/hook", True, False),
        ("ftp://127.0.0.1/hook", True, False),
        ("https://224.0.0.1/hook", False, False),
        ("https://chat.localhost/hook", False, False),
        ("https://hooks.slack.com:0/hook", False, False),
        ("https://[::1/hook", False, False),
    ],
)
def test_where_webhooks_lead(address: str, *, here: bool, is_let_through: bool) -> None:
    """Outwards over https; to this machine only where that is what development means."""
    assert (objection(address, here=here) is None) is is_let_through


def test_a_mask_shows_no_secret() -> None:
    """Neither path nor query is shown."""
    assert masked("https://hooks.slack.com:8443/services/canary?canary") == "https://hooks.slack.com:8443/********"

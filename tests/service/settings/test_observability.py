from pathlib import Path

import pytest

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.groups import Observability
from quart_jwt.service.settings.settings import log_format_of
from quart_jwt.service.settings.settings import read_settings


def _read(**environ: str) -> Observability:
    return read_settings(
        {f"QUART_JWT_{name}": value for name, value in environ.items()}
    ).observability


def test_nothing_set() -> None:
    """This machine may read metrics, lines are text, and there is no audit file."""
    assert _read() == Observability(
        metrics_from=("127.0.0.0/8", "::1"), log_format="text", audit_log=None
    )


def test_everything_set() -> None:
    """Blanks around addresses do not count."""
    assert _read(
        METRICS_FROM="10.0.0.0/8, fd00::1", LOG_FORMAT="json", AUDIT_LOG="/var/log/a"
    ) == Observability(
        metrics_from=("10.0.0.0/8", "fd00::1"),
        log_format="json",
        audit_log=Path("/var/log/a"),
    )


@pytest.mark.parametrize("nobody", ["none", "NONE"])
def test_nobody_may_read(nobody: str) -> None:
    """A word switches the page off."""
    assert _read(METRICS_FROM=nobody).metrics_from == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("METRICS_FROM", "everybody"),
        ("METRICS_FROM", "10.0.0.0/33"),
        ("METRICS_FROM", "10.0.0.1,"),
        ("METRICS_FROM", "none,10.0.0.1"),
        ("LOG_FORMAT", "JSON"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_fault_is_named_without_its_value(name: str, value: str) -> None:
    """A misspelt network must not open the page, nor a misspelt format pass."""
    with pytest.raises(SettingsError) as caught:
        _read(**{name: value})
    (fault,) = caught.value.faults
    assert fault.startswith(f"QUART_JWT_{name} must be ")
    assert value not in fault.replace("or none", "")


@pytest.mark.parametrize(
    ("value", "expected"), [("json", "json"), ("text", "text"), ("x", "text")]
)
def test_logging_is_configured_before_settings_are_read(
    value: str, expected: str
) -> None:
    """What is wrong counts as text until it is refused."""
    assert log_format_of({"QUART_JWT_LOG_FORMAT": value}) == expected
    assert log_format_of({}) == "text"


def test_the_format_may_stand_in_the_settings_file() -> None:
    """As every setting; logging is configured before the settings are read."""
    Path("quart-jwt.toml").write_text('log_format = "json"\n')
    assert log_format_of({}) == "json"
    assert log_format_of({"QUART_JWT_LOG_FORMAT": "text"}) == "text"

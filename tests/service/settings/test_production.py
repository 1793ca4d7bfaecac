"""What production refuses to start with, and development does not."""

import pytest

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.settings import read_settings


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("QUART_JWT_COOKIE_SECURE", "false", "QUART_JWT_COOKIE_SECURE cannot be"),
        ("FLASK_DEBUG", "1", "QUART_JWT_MODE cannot be production while FLASK_DEBUG"),
        (
            "QUART_DEBUG",
            "true",
            "QUART_JWT_MODE cannot be production while QUART",
        ),
    ],
)
def test_an_unsafe_setting_stops_production(name: str, text: str, fault: str) -> None:
    """It is a fault like any other, and fine in development."""
    with pytest.raises(SettingsError) as caught:
        read_settings({name: text})
    (only,) = caught.value.faults
    assert only.startswith(fault)
    settings = read_settings({name: text, "QUART_JWT_MODE": "development"})
    assert settings.storage.mode == "development"


@pytest.mark.parametrize("text", ["", "0", "false", "no", "False"])
def test_debugging_that_is_off_is_fine(text: str) -> None:
    """As Flask reads the variable."""
    assert read_settings({"FLASK_DEBUG": text}).storage.mode == "production"

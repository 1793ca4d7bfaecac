"""Settings from a TOML file, and the environment above it."""

import os
from pathlib import Path

import pytest

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.masking import exposed_secrets
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import Settings
from service.kit import SECRET


def _read(text: str, **environ: str) -> Settings:
    Path("named.toml").write_text(text)
    given = {f"QUART_JWT_{name}": value for name, value in environ.items()}
    return read_settings({"QUART_JWT_SETTINGS": "named.toml", **given})


def _faults(text: str, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        _read(text, **environ)
    return caught.value.faults


def test_a_file_says_what_the_environment_would() -> None:
    """Texts, numbers, booleans, lists, and tables whose name goes before the key."""
    settings = _read(
        f"""
        secret_key = "{SECRET}"
        access_token_expires = 60
        pass_preflight = true
        session_details = ["user_agent", "address"]

        [trusted]
        gateways = ["10.0.0.0/8", "::1"]
        """
    )
    assert settings.secret_key == SECRET
    assert settings.access_token_expires_s == 60
    assert settings.gateway.pass_preflight is True
    assert settings.session_details == ("user_agent", "address")
    assert settings.gateway.trusted == ("10.0.0.0/8", "::1")


def test_the_usual_file_is_read_where_the_service_starts() -> None:
    """As hypercorn.toml is; an empty name in the environment means the same."""
    assert read_settings({}).access_token_expires_s == 900
    Path("quart-jwt.toml").write_text("access_token_expires = 61\n")
    assert read_settings({}).access_token_expires_s == 61
    assert read_settings({"QUART_JWT_SETTINGS": ""}).access_token_expires_s == 61


def test_a_named_file_takes_the_place_of_the_usual_one() -> None:
    """Files are not added up."""
    Path("quart-jwt.toml").write_text("access_token_expires = 61\n")
    assert _read("refresh_token_expires = 3600").access_token_expires_s == 900


def test_the_environment_counts_first() -> None:
    """One line of a unit file can change what the file says; an empty one does not."""
    text = "access_token_expires = 61"
    assert _read(text, ACCESS_TOKEN_EXPIRES="62").access_token_expires_s == 62
    assert _read(text, ACCESS_TOKEN_EXPIRES="").access_token_expires_s == 61


def test_a_fault_says_where_it_stands() -> None:
    """The file and the key, or the variable, and never the value."""
    faults = _faults(
        'mode = "hunter2"\nsecret_key = "hunter3"', ACCESS_TOKEN_EXPIRES="hunter4"
    )
    assert {fault.split(" must")[0].split(" is")[0] for fault in faults} == {
        "named.toml: mode",
        "named.toml: secret_key",
        "QUART_JWT_ACCESS_TOKEN_EXPIRES",
    }
    assert "hunter" not in " ".join(faults)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("mode_ = 1", "named.toml: mode_ is not a setting; did you mean"),
        ("[trusted]\ngatewys = 1", "named.toml: trusted.gatewys is not a setting"),
        ("mode = 1.5", "named.toml: mode must be a string"),
        ("mode = 2026-01-01", "named.toml: mode must be a string"),
        ('session_details = ["a,b"]', "named.toml: session_details must be a string"),
        ("session_details = [1]", "named.toml: session_details must be a string"),
        ("Mode = 1", "named.toml: Mode must be written in a-z"),
        ('"m ode" = 1', "named.toml: m ode must be written in a-z"),
        (
            'trusted_gateways = "::1"\n[trusted]\ngateways = "::1"',
            "named.toml: trusted.gateways is set twice",
        ),
        ('mode = "hunter2', "named.toml is not TOML: a fault at end of document"),
        ('mode = "hunter2"\nmode = "x"', "named.toml is not TOML: a fault at"),
    ],
)
def test_what_cannot_be_a_setting_is_refused(text: str, fault: str) -> None:
    """With the place, and without what stands there."""
    (only,) = _faults(text)
    assert only.startswith(fault)
    assert "hunter2" not in only


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mod = 1", "mode"),
        ("throttle_fre_failures = 1", "throttle_free_failures"),
        ("[throttle]\nfre_failures = 1", "throttle.free_failures"),
        ("[throtle]\nfree_failures = 1", "throttle.free_failures"),
        ("[cors]\norgins = 1", "cors.origins"),
        ("[throttle]\nmax.wit = 1", "throttle.max.wait"),
        ("[throttle]\nmode = 1", None),
        ("[nothing]\nlike_it = 1", None),
    ],
)
def test_a_hint_is_in_the_words_of_the_file(text: str, hint: str | None) -> None:
    """A key to copy, within the table that it stands in; a guess far away is none."""
    (only,) = _faults(text)
    found = only.partition("; did you mean ")[2]
    assert found == ("" if hint is None else f"{hint}?")


def test_a_hint_for_a_variable_is_a_variable() -> None:
    """Also while there is a file."""
    (only,) = _faults("", MOOD="x")
    assert only == "QUART_JWT_MOOD is not a setting; did you mean QUART_JWT_MODE?"


def test_a_file_has_to_be_utf_8() -> None:
    """TOML says so."""
    Path("quart-jwt.toml").write_bytes(b'mode = "\xff"')
    with pytest.raises(SettingsError, match="is not TOML: it is not UTF-8"):
        read_settings({})


def test_a_named_file_has_to_be_there() -> None:
    """A service must not start with defaults because of a slip in a path."""
    with pytest.raises(SettingsError, match=r"no-such\.toml cannot be read: No such"):
        read_settings({"QUART_JWT_SETTINGS": "no-such.toml"})


@pytest.mark.parametrize(
    ("text", "mode", "is_exposed"),
    [
        (f'secret_key = "{SECRET}"', 0o604, True),
        (f'secret_key = "{SECRET}"', 0o640, False),
        ('store_url = "redis://user:word@host/0"', 0o644, True),
        ('store_url = "redis://host/0"', 0o644, False),
    ],
)
def test_a_secret_that_everybody_can_read_is_seen(
    text: str, mode: int, is_exposed: bool
) -> None:
    """A group may read it: that is how an administrator shares it with a service."""
    path = Path("quart-jwt.toml")
    path.write_text(text)
    path.chmod(mode)
    assert is_exposed == (exposed_secrets({}) == path)


def test_a_secret_of_the_environment_is_not_the_file_s(tmp_path: Path) -> None:
    """Nor is anything exposed when there is no file."""
    assert exposed_secrets({"QUART_JWT_SECRET_KEY": SECRET}) is None
    (tmp_path / "quart-jwt.toml").write_text("access_token_expires = 60")
    assert exposed_secrets({"QUART_JWT_SECRET_KEY": SECRET}) is None
    assert not [name for name in os.environ if name.startswith("QUART_JWT_")]


@pytest.mark.parametrize("mode", [0o666, 0o602])
def test_a_usual_file_that_everybody_can_change_is_refused(mode: int) -> None:
    """It may be a trap in the current directory; a named one is the operator's word."""
    path = Path("quart-jwt.toml")
    path.write_text("access_token_expires = 60")
    path.chmod(mode)
    with pytest.raises(SettingsError, match="every user can change it"):
        read_settings({})
    named = read_settings({"QUART_JWT_SETTINGS": str(path)})
    assert named.access_token_expires_s == 60


def test_a_usual_file_of_somebody_else_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An administrator's command in a user's directory does not do the user's will."""
    Path("quart-jwt.toml").write_text("access_token_expires = 60")
    Path("quart-jwt.toml").chmod(0o600)
    owner = Path("quart-jwt.toml").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    if owner != 0:
        with pytest.raises(SettingsError, match="belongs to another user"):
            read_settings({})
    else:
        os.chown("quart-jwt.toml", 65_534, -1)
        with pytest.raises(SettingsError, match="belongs to another user"):
            read_settings({})

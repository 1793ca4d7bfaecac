from pathlib import Path

import pytest
from sqlalchemy import make_url

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import read_storage_settings
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import KeyOptions
from service.kit import SECRET

PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"
KNOWN = "reallyreallyreallyreallyverysafe"


def _faults(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings({f"QUART_JWT_{name}": value for name, value in environ.items()})
    return caught.value.faults


def test_production_is_the_default_and_has_sane_values() -> None:
    """One setting is enough for production."""
    settings = read_settings({"QUART_JWT_SECRET_KEY": SECRET, "HOME": "/root"})
    assert settings.storage.mode == "production"
    assert settings.storage.database_url == "sqlite+aiosqlite:///.quart-jwt/service.db"
    assert (
        settings.access_token_expires_s,
        settings.refresh_token_expires_s,
    ) == (900, 2_592_000)
    assert settings.cookie_secure is True


def test_everything_set_is_taken(tmp_path: Path) -> None:
    """Every setting has its effect."""
    settings = read_settings(
        {
            "QUART_JWT_MODE": "development",
            "QUART_JWT_SECRET_KEY": SECRET,
            "QUART_JWT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/other.db",
            "QUART_JWT_STATE_DIR": str(tmp_path / "state"),
            "QUART_JWT_ACCESS_TOKEN_EXPIRES": "1",
            "QUART_JWT_REFRESH_TOKEN_EXPIRES": "31622400",
            "QUART_JWT_COOKIE_SECURE": "TRUE",
        }
    )
    assert f"sqlite+aiosqlite:///{tmp_path}/other.db" == settings.storage.database_url
    assert tmp_path / "state" == settings.storage.state_dir
    assert (
        settings.access_token_expires_s,
        settings.refresh_token_expires_s,
    ) == (1, 31_622_400)
    assert settings.cookie_secure is True
    assert not (tmp_path / "state").exists()


def test_without_a_secret_there_are_keys() -> None:
    """In both modes; cookies need TLS in production only."""
    production = read_settings({})
    development = read_settings({"QUART_JWT_MODE": "development"})
    for settings in (production, development):
        assert settings.secret_key is None
        assert settings.keys == KeyOptions()
    assert (production.cookie_secure, development.cookie_secure) == (True, False)


def test_a_fault_never_makes_a_secret(tmp_path: Path) -> None:
    """Nothing is written when a setting is wrong."""
    state_dir = tmp_path / "state"
    _faults(MODE="development", STATE_DIR=str(state_dir), COOKIE_SECURE="maybe")
    assert not state_dir.exists()


def test_all_faults_are_listed_at_once() -> None:
    """One message names everything that is wrong, and no value of it."""
    faults = _faults(
        MODE="prod",
        SECRET_KEY="hunter2",
        DATABASE_URL="mysql://user:hunter3@db/x",
        ACCESS_TOKEN_EXPIRES="fifteen",
        REFRESH_TOKEN_EXPIRES="0",
        COOKIE_SECURE="maybe",
    )
    assert {
        "QUART_JWT_MODE",
        "QUART_JWT_SECRET_KEY",
        "QUART_JWT_DATABASE_URL",
        "QUART_JWT_ACCESS_TOKEN_EXPIRES",
        "QUART_JWT_REFRESH_TOKEN_EXPIRES",
        "QUART_JWT_COOKIE_SECURE",
    } == {fault.split()[0] for fault in faults}
    for value in ("hunter2", "hunter3", "fifteen", "maybe", "'prod'"):
        assert value not in " ".join(faults)


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"SECRET_KEY": "x" * 31}, id="31-bytes"),
        pytest.param({"SECRET_KEY": KNOWN}, id="known"),
        pytest.param(
            {"SECRET_KEY": PUBLIC_KEY},
            id="public-key",
        ),
        pytest.param({"SECRET_KEY": "\udcff" * 32}, id="not-utf-8"),
    ],
)
def test_production_refuses_secrets(environ: dict[str, str]) -> None:
    """A short, known or unusable secret stops production."""
    faults = _faults(**environ)
    assert len(faults) == 1
    assert faults[0].startswith("QUART_JWT_SECRET_KEY ")
    assert not environ.get("SECRET_KEY") or environ["SECRET_KEY"] not in faults[0]


def test_32_bytes_are_enough() -> None:
    """The boundary is RFC 7518's: as long as the hash."""
    secret = SECRET[:32]
    assert secret == read_settings({"QUART_JWT_SECRET_KEY": secret}).secret_key


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("0", False),
        ("1", True),
        ("31622400", True),
        ("31622401", False),
        ("-1", False),
        ("1.5", False),
        ("\u0661", False),
        ("1_000", False),
        (" 5", False),
        ("9" * 5000, False),
    ],
)
def test_seconds_are_whole_and_bounded(text: str, *, fits: bool) -> None:
    """Only plain digits from one second to a year count."""
    environ = {
        "QUART_JWT_SECRET_KEY": SECRET,
        "QUART_JWT_REFRESH_TOKEN_EXPIRES": text,
        "QUART_JWT_ACCESS_TOKEN_EXPIRES": "1",
    }
    if fits:
        assert int(text) == read_settings(environ).refresh_token_expires_s
    else:
        with pytest.raises(SettingsError, match="whole seconds"):
            read_settings(environ)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45s", 45),
        ("15m", 900),
        ("2h", 7_200),
        ("30d", 2_592_000),
        ("1h30m", 5_400),
        ("1d2h3m4s", 93_784),
        ("366d", 31_622_400),
        ("367d", None),
        ("0m", None),
        ("m", None),
        ("30m1h", None),
        ("1m1m", None),
        ("15 m", None),
        ("-1m", None),
        ("1.5h", None),
        ("15M", None),
        ("\u0661m", None),
        ("1w", None),
        ("9999999999d", None),
    ],
)
def test_a_duration_may_have_units(text: str, seconds: int | None) -> None:
    """Days, hours, minutes and seconds, in this order; a year at most."""
    environ = {
        "QUART_JWT_REFRESH_TOKEN_EXPIRES": text,
        "QUART_JWT_ACCESS_TOKEN_EXPIRES": "1",
    }
    if seconds is None:
        with pytest.raises(SettingsError, match="or a duration such as 15m or 30d"):
            read_settings(environ)
    else:
        assert read_settings(environ).refresh_token_expires_s == seconds


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p%40@h:5432/d", "postgresql+asyncpg://u:p%40@h:5432/d"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        (
            "postgresql://u:p@h/d?sslmode=verify-full",
            "postgresql+asyncpg://u:p@h/d?ssl=verify-full",
        ),
        (
            "postgresql://u@/d?host=/run/pg",
            "postgresql+asyncpg://u@/d?host=%2Frun%2Fpg",
        ),
        ("postgresql+asyncpg://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
    ],
)
@pytest.mark.parametrize("name", ["DATABASE_URL", "STORE_URL"])
def test_a_hosting_provider_s_url_is_taken(name: str, given: str, used: str) -> None:
    """In libpq's spelling, with the TLS mode that it asks for."""
    storage = read_settings({f"QUART_JWT_{name}": given}).storage
    assert used in {storage.database_url, storage.store_url}


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "postgres://u:hunter2@h/d?channel_binding=require",
            "asyncpg does not support",
        ),
        ("postgres://u:hunter2@h/d?sslmode=hunter2", "sslmode that libpq"),
        ("postgres://u:hunter2@h:x/d", "URL cannot be read"),
    ],
)
def test_an_option_that_cannot_be_kept_is_refused(url: str, message: str) -> None:
    """Without it, the connection may be less secure than was asked for."""
    (fault,) = _faults(DATABASE_URL=url)
    assert message in fault
    assert "hunter2" not in fault


def test_a_session_outlives_its_access_tokens() -> None:
    """A refresh token that dies before the access token makes no sense."""
    faults = _faults(
        SECRET_KEY=SECRET, ACCESS_TOKEN_EXPIRES="60", REFRESH_TOKEN_EXPIRES="59"
    )
    assert faults == (
        (
            "QUART_JWT_REFRESH_TOKEN_EXPIRES must not be less than "
            "QUART_JWT_ACCESS_TOKEN_EXPIRES"
        ),
    )


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///x.db",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
        "sqlite+aiosqlite:///x.db?mode=ro",
        "x.db",
    ],
)
def test_the_database_is_an_sqlite_file(url: str) -> None:
    """Anything but a file over aiosqlite is refused."""
    (fault,) = _faults(SECRET_KEY=SECRET, DATABASE_URL=url)
    assert fault.startswith("QUART_JWT_DATABASE_URL must be sqlite+aiosqlite:///")


def test_unknown_settings_are_refused_with_a_guess() -> None:
    """A misspelt setting is an error that names the likely one."""
    assert _faults(SECRET_KEY=SECRET, XYZZY="1", SECRETKEY=SECRET) == (
        "QUART_JWT_SECRETKEY is not a setting; did you mean QUART_JWT_SECRET_KEY?",
        "QUART_JWT_XYZZY is not a setting",
    )


def test_storage_needs_no_secret() -> None:
    """The commands for users work without the secret of production."""
    assert Path(".quart-jwt") == read_storage_settings({}).state_dir
    with pytest.raises(SettingsError, match="QUART_JWT_MODE"):
        read_storage_settings({"QUART_JWT_MODE": "staging"})


def test_the_state_directory_is_made_only_when_needed(tmp_path: Path) -> None:
    """A database elsewhere leaves the current directory alone."""
    state_dir = tmp_path / "state"
    elsewhere = read_storage_settings(
        {
            "QUART_JWT_STATE_DIR": str(state_dir),
            "QUART_JWT_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/x.db",
        }
    )
    elsewhere.prepare()
    assert not state_dir.exists()
    read_storage_settings({"QUART_JWT_STATE_DIR": str(state_dir)}).prepare()
    assert state_dir.stat().st_mode & 0o777 == 0o700


def test_a_secret_does_not_stand_in_the_repr() -> None:
    """Settings can be logged by accident without harm."""
    assert SECRET not in repr(read_settings({"QUART_JWT_SECRET_KEY": SECRET}))


def test_settings_with_a_weak_secret_cannot_be_made() -> None:
    """Whoever builds settings by hand meets the same rule, before any serving."""
    storage = read_storage_settings({})
    with pytest.raises(SettingsError, match="too weak: it has 31 bytes"):
        Settings(storage=storage, secret_key="x" * 31)


SEALING = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def test_settings_of_keys() -> None:
    """Algorithm, waiting time, sealing key, issuer and audience."""
    settings = read_settings(
        {
            "QUART_JWT_KEY_ALGORITHM": "EdDSA",
            "QUART_JWT_KEY_ENCRYPTION_KEY": SEALING,
            "QUART_JWT_PUBLISH_BEFORE_USE": "60",
            "QUART_JWT_ISSUER": "https://id.example/auth",
            "QUART_JWT_AUDIENCE": "orders",
        }
    )
    assert settings.keys == KeyOptions(
        algorithm="EdDSA",
        publish_before_use_s=60,
        encryption_key=SEALING,
        issuer="https://id.example/auth",
        audience="orders",
    )
    assert SEALING not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEY_ALGORITHM", "HS256"),
        ("KEY_ALGORITHM", "none"),
        ("KEY_ENCRYPTION_KEY", "short"),
        ("KEY_ENCRYPTION_KEY", SEALING[:-2]),
        ("KEY_ENCRYPTION_KEY", "\u00e9" * 44),
        ("PUBLISH_BEFORE_USE", "0"),
        ("PUBLISH_BEFORE_USE", "86401"),
        ("ISSUER", "id.example"),
        ("ISSUER", "https://"),
        ("ISSUER", "https://id.example?x=1"),
        ("ISSUER", "https://id.example#"),
        ("ISSUER", "https://[id.example"),
    ],
)
def test_settings_of_keys_that_cannot_work(name: str, value: str) -> None:
    """Each is named, and its value is not repeated."""
    (fault,) = _faults(**{name: value})
    assert fault.startswith(f"QUART_JWT_{name} must be ")
    assert SEALING[:-2] not in fault


@pytest.mark.parametrize(
    ("wait_s", "reread_s", "max_age_s"),
    [(1, 0.25, 0), (60, 15, 30), (600, 30, 300), (86_400, 30, 300)],
)
def test_everybody_looks_before_a_key_signs(
    wait_s: int, reread_s: float, max_age_s: int
) -> None:
    """Processes look four times, others at least twice, in the waiting time."""
    options = KeyOptions(publish_before_use_s=wait_s)
    assert (reread_s, max_age_s) == (options.reread_s, options.max_age_s)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite+aiosqlite:///a%3Fb%23c.db", "a?b#c.db"),
        ("sqlite+aiosqlite:///a%2541.db", "a%41.db"),
        ("sqlite+aiosqlite:////var/lib/x%20y.db", "/var/lib/x y.db"),
        ("sqlite+aiosqlite:///a#b.db", "a#b.db"),
    ],
)
def test_a_database_url_is_decoded_once(url: str, path: str) -> None:
    """What a URL escapes is the character that it stands for, and no more."""
    stored = read_storage_settings({"QUART_JWT_DATABASE_URL": url})
    assert make_url(stored.database_url).database == path


@pytest.mark.parametrize(
    ("given", "url", "expected_s"),
    [
        ({}, "sqlite+aiosqlite:///x.db", 5.0),
        ({}, "redis://h/0", 0.25),
        ({"STORE_TIMEOUT_MS": "1"}, "redis://h/0", 0.001),
        ({"STORE_TIMEOUT_MS": "60000"}, "sqlite+aiosqlite:///x.db", 60.0),
    ],
)
def test_how_long_the_session_store_may_take(
    given: dict[str, str], url: str, expected_s: float
) -> None:
    """What suits the store, or what somebody says."""
    environ = {f"QUART_JWT_{name}": text for name, text in given.items()}
    storage = read_settings({"QUART_JWT_STORE_URL": url, **environ}).storage
    assert storage.store_timeout_s == expected_s


@pytest.mark.parametrize("text", ["0", "60001", "0.25", "-1", "soon"])
def test_a_store_timeout_is_whole_milliseconds(text: str) -> None:
    """From 1 to a minute; a fault is one line."""
    (fault,) = _faults(STORE_TIMEOUT_MS=text)
    assert fault == "QUART_JWT_STORE_TIMEOUT_MS must be a whole number from 1 to 60000"

import pytest

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.ground.values import HashCost
from quart_jwt.service.settings.groups import AccountOptions
from quart_jwt.service.settings.groups import DirectoryOptions
from quart_jwt.service.settings.settings import read_settings
from quart_jwt.service.settings.settings import read_storage_settings
from quart_jwt.service.settings.settings import read_user_settings
from quart_jwt.service.settings.settings import Settings


def _read(**environ: str) -> Settings:
    return read_settings({f"QUART_JWT_{name}": text for name, text in environ.items()})


def _faults(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        _read(**environ)
    return caught.value.faults


def test_by_default_users_are_ours_and_nobody_registers() -> None:
    """Nothing set: the SQL directory, no registration, OWASP's cost."""
    for settings in (_read(), _read(USER_DIRECTORY="sql")):
        assert settings.accounts == AccountOptions()
        assert settings.hash_cost == HashCost(memory_kib=19_456, iterations=2, lanes=1)


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("owasp", HashCost(memory_kib=19 * 1024, iterations=2, lanes=1)),
        ("rfc9106-low-memory", HashCost(memory_kib=64 * 1024, iterations=3, lanes=4)),
        (
            "rfc9106-high-memory",
            HashCost(memory_kib=2 * 1024 * 1024, iterations=1, lanes=4),
        ),
    ],
)
def test_hash_costs_have_names(name: str, cost: HashCost) -> None:
    """The numbers are those of RFC 9106 §4, for the service and its commands."""
    assert cost == _read(PASSWORD_HASHING=name).hash_cost
    environ = {"QUART_JWT_PASSWORD_HASHING": name}
    assert cost == read_user_settings(environ).hash_cost


def test_registration_has_its_grants() -> None:
    """Roles and scopes are words with blanks between them."""
    settings = _read(
        REGISTRATION="true",
        REGISTRATION_ROLES=" reader  writer ",
        REGISTRATION_SCOPES="orders:read",
    )
    assert settings.accounts == AccountOptions(
        registration=True,
        registration_roles=("reader", "writer"),
        registration_scopes=("orders:read",),
    )


@pytest.mark.parametrize(
    ("text", "identity"),
    [("", ()), ("roles", ("roles",)), (" scope , roles,", ("scope", "roles"))],
)
def test_a_gateway_may_hear_roles_and_scopes(
    text: str, identity: tuple[str, ...]
) -> None:
    """What is named stands in its answers."""
    assert identity == _read(IDENTITY_HEADERS=text).gateway.identity


@pytest.mark.parametrize("text", ["role", "sub", "roles scope", "Roles"])
def test_a_gateway_hears_nothing_else(text: str) -> None:
    """A claim that is in no token would be an empty header for ever."""
    assert _faults(IDENTITY_HEADERS=text) == (
        "QUART_JWT_IDENTITY_HEADERS can only contain roles and scope",
    )


def test_all_faults_are_listed_at_once() -> None:
    """Each is named, and its value is not repeated."""
    faults = _faults(
        REGISTRATION="maybe",
        REGISTRATION_ROLES='"hunter2"',
        REGISTRATION_SCOPES="x" * 65,
        PASSWORD_HASHING="md5",
    )
    assert [fault.split()[0] for fault in faults] == [
        "QUART_JWT_REGISTRATION",
        "QUART_JWT_REGISTRATION_ROLES",
        "QUART_JWT_REGISTRATION_SCOPES",
        "QUART_JWT_PASSWORD_HASHING",
    ]
    for value in ("maybe", "hunter2", "xxx", "md5"):
        assert value not in " ".join(faults)


def test_a_directory_has_settings_of_its_own() -> None:
    """What begins with its name goes to it; empty ones are not set."""
    settings = _read(
        USER_DIRECTORY="ldap",
        USER_DIRECTORY_URL="ldaps://host",
        USER_DIRECTORY_BIND_PASSWORD="hunter2",
        USER_DIRECTORY_EMPTY="",
    )
    assert settings.accounts.directory == DirectoryOptions(
        name="ldap", options={"url": "ldaps://host", "bind_password": "hunter2"}
    )
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("directory", [{}, {"USER_DIRECTORY": "sql"}])
def test_without_another_directory_its_settings_are_unknown(
    directory: dict[str, str],
) -> None:
    """A URL that nobody reads is a mistake."""
    (fault,) = _faults(**directory, USER_DIRECTORY_URL="x")
    assert fault.startswith("QUART_JWT_USER_DIRECTORY_URL is not a setting")


def test_other_settings_stay_checked_beside_a_directorys() -> None:
    """A misspelt one of ours is refused, also by the commands."""
    environ = {"QUART_JWT_USER_DIRECTORY": "ldap", "QUART_JWT_USER_DIRECTORYURL": "x"}
    for read in (read_settings, read_storage_settings, read_user_settings):
        with pytest.raises(SettingsError, match="USER_DIRECTORYURL is not a setting"):
            read(environ)

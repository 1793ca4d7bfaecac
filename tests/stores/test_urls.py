import pytest

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.stores import urls
from quart_jwt.stores.memory import MemoryStore
from quart_jwt.stores.sql.store import SQLStore
from quart_jwt.stores.urls import Entry
from quart_jwt.stores.urls import store_from_url


def test_memory_is_a_store() -> None:
    """``memory://`` is a store of its own each time."""
    one, other = store_from_url("memory://"), store_from_url("memory://")

    assert isinstance(one, MemoryStore)
    assert one is not other


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory",
        "memory:",
        "Memory://",
        "mysql://user:hunter2@host/",
        "://hunter2",
        "memory://hunter2",
        "hunter2",
    ],
)
def test_another_url_is_a_mistake_in_the_configuration(url: str) -> None:
    """The message names the option, and no part of the URL."""
    with pytest.raises(ConfigurationError, match="JWT_STORE_URL") as caught:
        store_from_url(url)

    assert "hunter2" not in str(caught.value)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to install."""
    entry = Entry("not_installed_anywhere", "Store", extra="some")
    monkeypatch.setattr(urls, "SCHEMES", {"some": entry})
    with pytest.raises(ConfigurationError, match=r"pip install 'quart-jwt\[some\]'"):
        store_from_url("some://host")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_postgresql_is_a_store_in_each_spelling(scheme: str) -> None:
    """Hosting providers give libpq's."""
    assert isinstance(store_from_url(f"{scheme}://ada:pw@host/d"), SQLStore)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("host/d?sslmode=hunter2", "sslmode that libpq does not know"),
        ("host/d?sslrootcert=hunter2", "PGSSLROOTCERT"),
        ("f@ce?hunter2=1@host/d", "does not support"),  # all of it a password
        ("host:hunter2/d", "cannot be read"),
    ],
)
def test_a_postgresql_url_that_cannot_be_honoured_is_refused(
    rest: str, message: str
) -> None:
    """The message shows no value of it."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        store_from_url(f"postgres://ada:hunter2@{rest}")

    assert "hunter2" not in str(caught.value)

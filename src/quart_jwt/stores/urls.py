"""
Stores by URL: the scheme chooses the store, which is imported only then.

No error shows the URL, which may hold a password.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.stores.base import Store


@dataclass(frozen=True, slots=True)
class Entry:
    """
    Where a store comes from.

    Attributes:
        module: The module that has it.
        factory: The name of what takes the URL and gives the store.
        extra: The extra of this package that installs its driver; None for none.
    """

    module: str
    factory: str
    extra: str | None = None


SCHEMES: Mapping[str, Entry] = MappingProxyType(
    {
        "memory": Entry("quart_jwt.stores.memory", "from_url"),
        "sqlite+aiosqlite": Entry("quart_jwt.stores.sql", "from_url", "sql"),
        "postgresql+asyncpg": Entry("quart_jwt.stores.sql", "from_url", "postgresql"),
        "postgresql": Entry("quart_jwt.stores.sql", "from_url", "postgresql"),
        "postgres": Entry("quart_jwt.stores.sql", "from_url", "postgresql"),
        "redis": Entry("quart_jwt.stores.redis", "from_url", "redis"),
        "rediss": Entry("quart_jwt.stores.redis", "from_url", "redis"),
        "unix": Entry("quart_jwt.stores.redis", "from_url", "redis"),
        "redis+cluster": Entry("quart_jwt.stores.redis.cluster", "from_url", "redis"),
        "rediss+cluster": Entry("quart_jwt.stores.redis.cluster", "from_url", "redis"),
    }
)
"""Every scheme of ``JWT_STORE_URL``."""


def store_from_url(url: str) -> Store:
    """
    Make the store that a URL names; nothing is opened yet.

    Args:
        url: Such as ``memory://``.

    Raises:
        ConfigurationError: The scheme is unknown, its driver is not installed, or
            the rest of the URL cannot work.
    """
    scheme, separator, _rest = url.partition("://")
    entry = SCHEMES.get(scheme) if separator else None
    if entry is None:
        known = ", ".join(f"{one}://" for one in SCHEMES)
        raise ConfigurationError(f"JWT_STORE_URL must begin with one of {known}")
    return _factory(scheme, entry)(url)


def _factory(scheme: str, entry: Entry) -> Callable[[str], Store]:
    try:
        factory: Callable[[str], Store] = getattr(
            import_module(entry.module), entry.factory
        )
    except ModuleNotFoundError as exc:
        raise ConfigurationError(
            f"JWT_STORE_URL with {scheme}:// needs {exc.name}: "
            f"pip install 'quart-jwt[{entry.extra}]'"
        ) from exc
    return factory

"""
URLs of databases, as SQLAlchemy takes them and as hosting providers give them.

The one parser of a PostgreSQL URL: the stores and the service read it here. No error
shows the URL, which may hold a password.
"""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from quart_jwt.exceptions import ConfigurationError

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"

LIBPQ = frozenset({"postgres", "postgresql"})
"""The schemes of libpq's own URLs."""

_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_PGBOUNCER = "pgbouncer"
_OPTIONS = {"sslmode", "host", "port", "target_session_attrs", _PGBOUNCER}


def read_url(text: str) -> URL:
    """
    Return the URL of an SQLite file or of PostgreSQL, for SQLAlchemy.

    Raises:
        ConfigurationError: It is neither, or has an option that cannot be honoured.
    """
    parsed = _parsed(for_asyncpg(text))
    if parsed.drivername not in {SQLITE, POSTGRESQL}:
        known = f"{SQLITE}:// or postgresql://"
        raise ConfigurationError(f"A database's URL must begin with {known}")
    if parsed.drivername == POSTGRESQL:
        return parsed
    if parsed.database in {None, "", ":memory:"}:
        raise ConfigurationError(f"{SQLITE}:/// needs the path of a file")
    # What is made private and what is opened have to be one file, also when the
    # path has ".." in it or the current directory changes.
    return parsed.set(database=str(Path(parsed.database or "").resolve()))


def for_asyncpg(text: str) -> str:
    """
    Return libpq's spelling of a PostgreSQL URL as SQLAlchemy and asyncpg take it.

    Options of libpq (PostgreSQL 17, section 32.1.2) that asyncpg does not have are
    refused: a connection that ignores one may be less secure than was asked for.
    Another URL is returned as it is.

    Raises:
        ConfigurationError: It cannot be read, or has such an option.
    """
    scheme, separator, _rest = text.partition("://")
    if not separator or scheme not in LIBPQ:
        return text
    url = _parsed(text)
    mode = url.query.get("sslmode")
    if mode is not None and mode not in _SSL_MODES:
        raise ConfigurationError(
            "A database's URL has an sslmode that libpq does not know"
        )
    if not url.query.keys() <= _OPTIONS:
        # Not by name: a password with @ and ? that is not escaped ends up there.
        raise ConfigurationError(
            "A database's URL has an option that asyncpg does not support; it may have "
            f"{', '.join(sorted(_OPTIONS))} (PGSSLROOTCERT names a CA file)"
        )
    url = url.set(drivername=POSTGRESQL).difference_update_query(["sslmode"])
    if mode is not None:
        url = url.update_query_dict({"ssl": str(mode)})
    return url.render_as_string(hide_password=False)


def split_pgbouncer(url: URL) -> tuple[URL, bool]:
    """
    Return the URL without ``pgbouncer=true``, and whether it had that.

    Prisma and hosting providers write it for a pooler in transaction mode. Whether
    there is one cannot be asked of a connection.

    Raises:
        ConfigurationError: It is neither true nor false.
    """
    given = url.query.get(_PGBOUNCER, "false")
    if given not in {"true", "false"}:
        raise ConfigurationError(
            f"{_PGBOUNCER} in a database's URL must be true or false"
        )
    return url.difference_update_query([_PGBOUNCER]), given == "true"


def _parsed(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ConfigurationError("A database's URL cannot be read") from None

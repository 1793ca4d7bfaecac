"""The blocklist as the Flask side asks it: Flask-JWT-Extended's two recipes."""

from datetime import datetime
from datetime import UTC

import redis
from fleet import KEEP_REVOKED_S
from sqlalchemy import create_engine
from sqlalchemy import insert
from sqlalchemy import select
from token_blocklist import create_table
from token_blocklist import is_database
from token_blocklist import token_blocklist


class RedisBlocklist:
    """A key for each revoked ``jti``, which Redis forgets by itself."""

    def __init__(self, url: str) -> None:
        self._redis = redis.Redis.from_url(url)

    def revoke(self, jti: str) -> None:
        """Refuse a token from now on."""
        self._redis.set(jti, "", ex=KEEP_REVOKED_S)

    def has(self, jti: str) -> bool:
        """Whether a token was revoked."""
        return self._redis.get(jti) is not None


class SQLBlocklist:
    """A row for each revoked ``jti``."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        with self._engine.begin() as connection:
            create_table(connection)

    def revoke(self, jti: str) -> None:
        """Refuse a token from now on."""
        row = insert(token_blocklist).values(jti=jti, created_at=datetime.now(UTC))
        with self._engine.begin() as connection:
            connection.execute(row)

    def has(self, jti: str) -> bool:
        """Whether a token was revoked."""
        question = select(token_blocklist.c.id).where(token_blocklist.c.jti == jti)
        with self._engine.connect() as connection:
            return connection.scalar(question) is not None


def open_blocklist(url: str) -> RedisBlocklist | SQLBlocklist:
    """Give the blocklist at an address."""
    return SQLBlocklist(url) if is_database(url) else RedisBlocklist(url)

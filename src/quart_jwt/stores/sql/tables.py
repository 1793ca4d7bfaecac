"""
The tables of the SQL store, and how a family becomes a row.

What is written here has to be what ``migrations/`` makes; a test compares the two.
Times are epoch seconds. Names are looked up by their digest: they come out of tokens
and can be longer than what PostgreSQL puts into an index.
"""

from hashlib import sha256
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy import Column
from sqlalchemy import Double
from sqlalchemy import Integer
from sqlalchemy import LargeBinary
from sqlalchemy import MetaData
from sqlalchemy import Table
from sqlalchemy import Text

from quart_jwt.stores.family_fields import flat
from quart_jwt.tokens.rotation import Family

METADATA = MetaData()

FAMILIES = Table(
    "quart_jwt_families",
    METADATA,
    Column("family_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("subject_digest", LargeBinary(32), nullable=False, index=True),
    Column("current_jti", Text, nullable=False),
    Column("current_iat", BigInteger, nullable=False),
    Column("current_exp", BigInteger),
    Column("current_csrf", Text),
    Column("previous_jti", Text),
    Column("rotated_at", Double),
    Column("created_at", Double, nullable=False),
    Column("refreshed_at", Double, nullable=False),
    Column("absolute_exp", BigInteger),
    Column("keep_until", Double, index=True),
    Column("revoked_at", Double),
    Column("user_agent", Text),
    Column("address", Text),
    Column("access_until", Double),
    Column("epoch", BigInteger),
)
"""One row for each sign-in, however often it is refreshed."""

REVOCATIONS = Table(
    "quart_jwt_revocations",
    METADATA,
    Column("scope", Text, primary_key=True),
    Column("name_digest", LargeBinary(32), primary_key=True),
    Column("until", Double, index=True),
    Column("issued_by", Double),
)
"""The revocations of tokens and subjects; the end of a family is in its row."""

FEED = Table(
    "quart_jwt_feed",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("begun_at", Double, nullable=False),
)
"""One row: which feed this is, its last number, and since when there is one."""

FEED_ENTRIES = Table(
    "quart_jwt_feed_entries",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("until", Double, index=True),
    Column("issued_by", Double),
)
"""The revocations in their order, numbered without a gap."""


def digest(name: str) -> bytes:
    """What a name is looked up by."""
    return sha256(name.encode()).digest()


def row_of(family: Family) -> dict[str, Any]:
    """The columns of a family."""
    return {**flat(family), "subject_digest": digest(family.subject)}

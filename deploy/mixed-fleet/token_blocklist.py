"""The table of Flask-JWT-Extended's database recipe, which both sides use."""

from sqlalchemy import Column
from sqlalchemy import DateTime
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import String
from sqlalchemy import Table

metadata = MetaData()

token_blocklist = Table(
    "token_blocklist",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("jti", String(36), nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
)


def is_database(url: str) -> bool:
    """Whether an address is one of SQLAlchemy's, and not one of Redis."""
    return url.startswith(("sqlite", "postgresql"))

"""The table of Flask-JWT-Extended's database recipe, which both sides use."""

from sqlalchemy import Column
from sqlalchemy import Connection
from sqlalchemy import DateTime
from sqlalchemy import Integer
from sqlalchemy import MetaData
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy.schema import CreateIndex
from sqlalchemy.schema import CreateTable

metadata = MetaData()

token_blocklist = Table(
    "token_blocklist",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("jti", String(36), nullable=False, index=True),
    Column("created_at", DateTime, nullable=False),
)


def create_table(connection: Connection) -> None:
    """Make the table if it is missing; both sides may start at the same moment."""
    # `metadata.create_all` looks first: the other side can create it in between.
    connection.execute(CreateTable(token_blocklist, if_not_exists=True))
    for index in token_blocklist.indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


def is_database(url: str) -> bool:
    """Whether an address is one of SQLAlchemy's, and not one of Redis."""
    return url.startswith(("sqlite", "postgresql"))

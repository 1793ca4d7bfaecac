"""SQLite files that have their tables: Alembic makes them once, and tests copy them."""

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine

from quart_jwt.stores.sql.schema import Schema


def lay_down(path: Path, *schemas: Schema) -> None:
    """Write a file with the tables of some schemas, as a first start leaves it."""
    path.touch(mode=0o600)
    path.write_bytes(_migrated(*schemas))


@cache
def _migrated(*schemas: Schema) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "migrated.db")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            for schema in schemas:
                schema.upgrade(connection)
        engine.dispose()
        return path.read_bytes()

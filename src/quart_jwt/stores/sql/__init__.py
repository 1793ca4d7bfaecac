"""Sessions in SQLite or PostgreSQL."""

from quart_jwt.stores.sql.store import from_url as from_url
from quart_jwt.stores.sql.store import SQLStore as SQLStore

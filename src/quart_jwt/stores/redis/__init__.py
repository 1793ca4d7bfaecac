"""Sessions in Redis."""

from quart_jwt.stores.redis.store import from_url as from_url
from quart_jwt.stores.redis.store import RedisStore as RedisStore

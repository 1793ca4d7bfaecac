"""
The scripts of the Redis store, and how one is run.

Redis runs a script from its first line to its last while nothing else happens. Each
is sent once and named by its digest from then on; a Redis that does not know it (it
was restarted, or another node answers) is sent it again. Errors of the driver become
``StoreError`` here and nowhere else.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha1
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from redis.asyncio import Redis
from redis.asyncio import RedisCluster
from redis.exceptions import NoScriptError
from redis.exceptions import RedisError

from quart_jwt.exceptions import StoreError

Client = Redis | RedisCluster
Word = str | int | float | None
"""What a script takes; None is the empty string."""

_LUA = files("quart_jwt.stores.redis") / "lua"


class Script:
    """
    One script.

    Args:
        name: The name of its file, without ``.lua``.
        folder: Where that is; a script begins with the ``prelude.lua`` there, if any.
    """

    def __init__(self, name: str, *, folder: Traversable = _LUA) -> None:
        files = [folder / f"{one}.lua" for one in ("prelude", name)]
        parts = [file.read_text("utf-8") for file in files if file.is_file()]
        self._text = "\n".join(parts)
        self._digest = sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, client: Client, prefix: str, now: float, *words: Word) -> Any:
        """
        Run it in one atomic step.

        Args:
            client: Where.
            prefix: What the keys begin with, a hash tag in it.
            now: The time, in epoch seconds.
            words: What its first lines say.

        Raises:
            StoreError: Redis cannot do it now.
        """
        name = uuid.uuid4().hex
        sent = [f"{prefix}feed", *map(_sent, (prefix, now, name, *words))]
        with translated():
            try:
                return await client.evalsha(self._digest, 1, *sent)
            except NoScriptError:
                return await client.eval(self._text, 1, *sent)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ``StoreError``, without the driver's words."""
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreError("Redis does not answer") from error


def _sent(word: Word) -> str:
    # repr is what reads back as the same number.
    return "" if word is None else word if isinstance(word, str) else repr(word)

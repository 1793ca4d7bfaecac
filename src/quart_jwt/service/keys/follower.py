"""
How a process keeps up with the keys: it reads their table again, ahead of time.

A new key waits ``publish_before_use`` before it signs, and every process looks
four times in that time, so each knows it before anybody signs with it. A process
that could not look for so long (it was suspended, its database was away) looks
again before it answers, or answers nothing.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import suppress
from math import inf

from quart_jwt.building_blocks import KeyRing
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.keys.refresh_secret import has_all_refresh_keys
from quart_jwt.service.keys.schedule import ScheduledKey
from quart_jwt.service.keys.signing_keys import SigningKeys
from quart_jwt.service.settings.storage import KeyOptions

logger: logging.Logger = logging.getLogger(__name__)


class KeyFollower:
    """
    Follows the keys for one process.

    Args:
        keys: The keys.
        options: How long a new key waits.
        install: Called with the ring whenever it is another one.
        clock: Gives the time in seconds since 1970.
    """

    def __init__(
        self,
        keys: SigningKeys,
        options: KeyOptions,
        *,
        install: Callable[[KeyRing], None],
        clock: Clock,
    ) -> None:
        self._keys = keys
        self._options = options
        self._install = install
        self._clock = clock
        self._reading = asyncio.Lock()
        self._known: Sequence[ScheduledKey] = ()
        self._is_whole = True
        self._read_at = -inf

    async def serving(self) -> AsyncGenerator[None, None]:
        """
        Make the first key if there is none, and follow until the service ends.

        Raises:
            StartError: The key that signs cannot be had.
            StoreUnavailableError: The database does not answer.
        """
        await self._keys.ensure_first()
        await self._read()
        following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def keep_up(self) -> None:
        """
        Read the table before a request is answered, if that is overdue.

        Raises:
            StoreUnavailableError: The database has not answered for so long that there
                may be keys that this process does not know.
        """
        if not self._is_older_than(2 * self._options.reread_s):
            return
        async with self._reading:
            if self._is_older_than(2 * self._options.reread_s):
                await self._read_if_possible()

    async def _read_if_possible(self) -> None:
        try:
            await self._read()
        except StoreUnavailableError:
            if self._is_older_than(self._options.publish_before_use_s):
                raise

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(self._options.reread_s)
            try:
                async with self._reading:
                    await self._read()
            except (ConfigurationError, ServiceError, ValueError) as error:
                # Away, or damaged: what is in hand works on, and the next look is soon.
                logger.warning("The keys could not be reloaded: %s", error)

    async def _read(self) -> None:
        started_at = self._clock()
        keys = await self._keys.scheduled()
        if keys != self._known:
            await self._take(keys)
        elif not self._is_whole:
            # A private half that could not be read may be there now. If it is not,
            # what is in hand works on.
            with suppress(StartError):
                await self._take(keys)
        self._read_at = started_at

    async def _take(self, keys: Sequence[ScheduledKey]) -> None:
        ring = await self._keys.ring(keys)
        self._install(ring)
        self._known, self._is_whole = keys, has_all_refresh_keys(ring)

    def _is_older_than(self, seconds: float) -> bool:
        return abs(self._clock() - self._read_at) >= seconds

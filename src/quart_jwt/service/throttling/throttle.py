"""
The door: who tries too often hears 429 before anything is looked up or hashed.

::

    async with throttle.attempt(Door.SIGN_IN, name=name, address=request.remote_addr):
        account = await authenticate(name, password)

Leaving the block in peace means that the attempt was right; an error leaves it counted.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from quart_jwt.service.accounts.accounts import Clock
from quart_jwt.service.errors import HashingBusyError
from quart_jwt.service.errors import ThrottledError
from quart_jwt.service.events import happened
from quart_jwt.service.events import Kind
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.digests import Digests
from quart_jwt.service.throttling.digests import Door


class Throttle:
    """
    Counts attempts; lives as long as the application.

    Args:
        attempts: The counters; None to count nothing.
        digests: Makes digests of names and addresses.
        clock: Gives the time in seconds since 1970.
        at_once: Attempts under way at once in this process; one more is refused, so
            that a flood does not queue in front of the database.
    """

    def __init__(
        self,
        attempts: Attempts | None,
        digests: Digests,
        clock: Clock,
        *,
        at_once: int,
    ) -> None:
        self._attempts = attempts
        self._digests = digests
        self._clock = clock
        self._at_once = at_once
        self._under_way = 0

    @asynccontextmanager
    async def attempt(
        self, door: Door, *, name: str | None = None, address: str | None
    ) -> AsyncIterator[None]:
        """
        Let one attempt through.

        A registration that went well stays counted: it is one more account.

        Args:
            door: What is tried.
            name: The normalised name of the account; None if none is tried.
            address: The client's address, if it is known.

        Raises:
            ThrottledError: The account or the address has been tried too often.
            HashingBusyError: Too many attempts are under way in this process.
            StoreError: The counters cannot be reached: nobody gets in uncounted.
        """
        if self._attempts is None:
            yield
            return
        if self._under_way >= self._at_once:
            raise HashingBusyError("Too many logins at once; try again shortly")
        self._under_way += 1
        try:
            visit = self._digests.visit(door, name=name, address=address)
            refused = await self._attempts.admit(visit, now_ms=self._now_ms())
            if refused is not None:
                happened(Kind.THROTTLED, reason=refused.by.value)
                raise ThrottledError(refused.wait_ms)
            yield
            if door is Door.SIGN_IN:
                await self._attempts.succeed(visit, now_ms=self._now_ms())
        finally:
            self._under_way -= 1

    async def close(self) -> None:
        """Let go of connections."""
        if self._attempts is not None:
            await self._attempts.close()

    def _now_ms(self) -> int:
        return int(self._clock() * 1_000)

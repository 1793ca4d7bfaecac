"""
The throttle: too many attempts get a 429 before anything is looked up or hashed.

::

    async with throttle.attempt(Door.SIGN_IN, name=name, address=request.remote_addr):
        account = await authenticate(name, password)

Leaving the block in peace means that the attempt was right. A refusal leaves it
counted, and so does a client that hangs up; after an outage it is given back.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextlib import suppress
from http import HTTPStatus

from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.ground.errors import ThrottledError
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.throttling.attempts import Attempts
from quart_jwt.service.throttling.digests import Digests
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.throttling.known_waits import KnownWaits
from quart_jwt.service.throttling.places_at_once import PlacesAtOnce
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import Visit

SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR


class Throttle:
    """
    Counts attempts; lives as long as the application.

    Args:
        attempts: The counters; None to count nothing.
        digests: Makes digests of names and addresses.
        clock: Gives the time in seconds since 1970.
        at_once: Attempts under way at once in this process; one more is refused.
        per_address: Those of them that an address may have when half are taken.
    """

    def __init__(
        self,
        attempts: Attempts | None,
        digests: Digests,
        clock: Clock,
        *,
        at_once: int,
        per_address: int,
    ) -> None:
        self._attempts = attempts
        self._digests = digests
        self._clock = clock
        self._places = PlacesAtOnce(at_once, per_address)
        self._known = KnownWaits()

    @asynccontextmanager
    async def attempt(
        self, door: Door, *, name: str | None = None, address: str | None
    ) -> AsyncIterator[None]:
        """
        Let one attempt through.

        A registration that went well stays counted: it is one more account.

        Args:
            door: What is tried.
            name: What the account is counted by (``Users.throttle_name``); None if
                none is tried.
            address: The client's address, if it is known.

        Raises:
            ThrottledError: The account or the address has been tried too often.
            HashingBusyError: Too many attempts are under way in this process, or too
                many of this address.
            StoreUnavailableError: The counters are unavailable, so the attempt is
                rejected.
        """
        if self._attempts is None:
            yield
            return
        visit = self._digests.visit(door, name=name, address=address)
        known = self._known.refusal(visit, now_ms=self._now_ms())
        if known is not None:
            raise _throttled(known)
        with self._places.taken(visit.address):
            await self._admit(self._attempts, visit)
            async with self._given_back_after_an_outage(self._attempts, visit):
                yield
            if door is Door.SIGN_IN:
                await self._attempts.succeed(visit, now_ms=self._now_ms())
                self._known.forget(visit)

    async def _admit(self, attempts: Attempts, visit: Visit) -> None:
        now_ms = self._now_ms()
        refused = await attempts.admit(visit, now_ms=now_ms)
        if refused is not None:
            self._known.remember(visit, refused, now_ms=now_ms)
            raise _throttled(refused)

    @asynccontextmanager
    async def _given_back_after_an_outage(
        self, attempts: Attempts, visit: Visit
    ) -> AsyncIterator[None]:
        try:
            yield
        except Exception as error:
            if _is_outage(error):
                with suppress(
                    StoreUnavailableError
                ):  # the first error is the one to be told
                    await attempts.give_back(visit, now_ms=self._now_ms())
                self._known.forget(visit)
            raise

    async def close(self) -> None:
        """Let go of connections."""
        if self._attempts is not None:
            await self._attempts.close()

    def _now_ms(self) -> int:
        return int(self._clock() * 1_000)


def _throttled(refused: Refused) -> ThrottledError:
    happened(Kind.THROTTLED, reason=refused.by.value)
    return ThrottledError(refused.wait_ms, refused.by.value)


def _is_outage(error: Exception) -> bool:
    """Whether an attempt came to no answer by no fault of the client's."""
    return getattr(error, "status", SERVER_ERROR) >= SERVER_ERROR

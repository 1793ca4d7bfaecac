"""
A client's session: which tokens it holds, and who renews them when.

Any number of requests may ask at once; one of them renews, and what it gets, tokens
or an error, is the answer for all that waited.
"""

import logging
from collections.abc import Callable

import httpx

from quart_jwt.client.errors import JWTAuthError
from quart_jwt.client.exchange import Exchange
from quart_jwt.client.held_tokens import HeldTokens
from quart_jwt.client.held_tokens import NEVER
from quart_jwt.client.held_tokens import validity_of
from quart_jwt.client.server_clock import ServerClock
from quart_jwt.client.token_store import TokenStore
from quart_jwt.client.waiting import Waiting

logger: logging.Logger = logging.getLogger(__name__)

PAUSE_S = 1.0
"""How long a server that did not answer is left alone."""


class Session:
    """
    The tokens of one user.

    Args:
        exchange: Gets new ones.
        store: Keeps them.
        clock: Our own clock, in epoch seconds; pauses go by it.
        server_clock: The server's; the life of a token goes by it.
        ahead_s: Seconds before its end at which an access token is renewed.
    """

    def __init__(
        self,
        exchange: Exchange,
        store: TokenStore,
        *,
        clock: Callable[[], float],
        server_clock: ServerClock,
        ahead_s: float,
    ) -> None:
        self._exchange = exchange
        self._store = store
        self._clock = clock
        self._server_clock = server_clock
        self._ahead_s = ahead_s
        self._pair: HeldTokens | None = None
        self._validity = NEVER
        self._in_store: HeldTokens | None = None
        self._failure: Exception | None = None
        self._paused_until = 0.0

    async def pair(self, waiting: Waiting) -> HeldTokens:
        """
        Give tokens that are good now.

        Raises:
            JWTAuthError, httpx.HTTPError: There are none to be had.
        """
        usable = self._usable(renewing=waiting.is_locked)
        if usable is not None:
            return usable
        async with waiting.lock():
            usable = self._usable(renewing=False)
            if usable is not None:
                return usable
            self._raise_failure()
            return await self._renewed(waiting)

    def refuse(self, pair: HeldTokens, response: httpx.Response) -> None:
        """Remember that the server has refused an access token."""
        self._server_clock.learn(response)
        if pair == self._pair:
            self._validity = NEVER

    async def forget(self, waiting: Waiting) -> None:
        """Forget the tokens, here and in the store."""
        async with waiting.lock():
            self._pair, self._validity, self._failure = None, NEVER, None
            await waiting.call(self._store.save, None)
            self._in_store = None

    def _usable(self, *, renewing: bool) -> HeldTokens | None:
        """The held tokens, if they need no renewal, or can do without for now."""
        now = self._server_clock()
        if now < self._validity.renew_at:
            return self._pair
        can_wait = renewing or self._is_paused()
        return self._pair if can_wait and now < self._validity.ends_at else None

    def _is_paused(self) -> bool:
        return self._failure is not None and self._clock() < self._paused_until

    def _raise_failure(self) -> None:
        if self._failure is not None and self._is_paused():
            # Without the traceback of an earlier caller.
            raise self._failure.with_traceback(None)

    async def _renewed(self, waiting: Waiting) -> HeldTokens:
        try:
            if not await self._find_stored(waiting):
                await self._renew(waiting)
        except (JWTAuthError, httpx.HTTPError) as error:
            self._pause(error)
            usable = self._usable(renewing=True)
            if usable is None:
                raise
            logger.warning("Tokens could not be refreshed or stored: %s", error)
            return usable
        self._failure = None
        return self._held()

    async def _find_stored(self, waiting: Waiting) -> bool:
        """Take what another program, or an earlier run, has left in the store."""
        stored = await waiting.call(self._store.load)
        # What could not be saved is newer than what the store still has.
        if stored is None or stored == self._in_store:
            return False
        self._in_store = stored
        self._hold(stored)
        return self._usable(renewing=False) is not None

    async def _renew(self, waiting: Waiting) -> None:
        refresh = self._pair.refresh if self._pair else None
        self._hold(await self._exchange.renew(refresh, waiting))
        # Held before it is saved: a rotated refresh token exists only once.
        await waiting.call(self._store.save, self._pair)
        self._in_store = self._pair

    def _hold(self, pair: HeldTokens) -> None:
        self._pair = pair
        self._validity = validity_of(pair.access, self._ahead_s)

    def _held(self) -> HeldTokens:
        if self._pair is None:  # pragma: no cover - a renewal gives a pair or raises
            raise RuntimeError("no tokens are held")
        return self._pair

    def _pause(self, error: Exception) -> None:
        self._failure = error
        self._paused_until = self._clock() + getattr(error, "pause_s", PAUSE_S)

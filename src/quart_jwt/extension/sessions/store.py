"""
The session store of an app: given in code or named by ``JWT_STORE_URL``.

It lives as long as the app serves. Failures become signals here, and the policy for
them, ``JWT_STORE_FAILURE``, is applied.
"""

import time
from collections.abc import Callable
from collections.abc import Coroutine
from typing import Any
from typing import TypeVar

from quart import Quart

from quart_jwt.exceptions import StoreError
from quart_jwt.extension.settings.sessions import SessionSettings
from quart_jwt.extension.signals import store_failed
from quart_jwt.extension.signals import tell
from quart_jwt.extension.signals import token_revoked
from quart_jwt.stores.base import Store
from quart_jwt.stores.in_use.seen_good import SeenGood
from quart_jwt.stores.in_use.store import StoreInUse
from quart_jwt.stores.urls import store_from_url
from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import TokenRef

T = TypeVar("T")
Clock = Callable[[], float]
CurrentSettings = Callable[[], SessionSettings]


class SessionStore:
    """
    One store in use by one app.

    Args:
        app: The app: the sender of the signals.
        store: The store.
        clock: Gives the time in epoch seconds.
        settings: Gives the app's settings as they stand now.
        monotonic: Gives seconds that only go forward.
    """

    def __init__(
        self,
        app: Quart,
        store: Store,
        *,
        clock: Clock,
        settings: CurrentSettings,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self.app = app
        self.clock = clock
        self._settings = settings
        self._seen = SeenGood(monotonic)
        self.in_use: StoreInUse = StoreInUse(
            store,
            clock=clock,
            monotonic=monotonic,
            timeout_s=lambda: settings().store_timeout_s,
            bound_s=lambda: settings().revocation_bound_s,
            max_entries=settings().revocation_max_entries,
        )
        self.store: Store = self.in_use.store

    async def is_revoked(self, token: TokenRef) -> bool:
        """Whether a token is revoked.

        Raises:
            StoreError: The store cannot tell, and ``JWT_STORE_FAILURE`` does not
                let this token pass.
        """
        allow_for_s = self._settings().allow_for_s
        try:
            is_revoked = await self.store.is_revoked(token, now=self.clock())
        except StoreError as exc:
            allowed = allow_for_s is not None and self._seen.within(
                token.jti, allow_for_s
            )
            await self._tell_failure("is_revoked", exc, allowed=allowed)
            if not allowed:
                raise
            return False
        if allow_for_s is not None and not is_revoked:
            self._seen.note(token.jti)
        return is_revoked

    def is_known_good(self, token: TokenRef) -> bool:
        """Whether the feed in memory shows that a token is not revoked; False if only
        ``is_revoked`` can decide.
        """
        if not self.in_use.is_known_good(token):
            return False
        if self._settings().allow_for_s is not None:
            self._seen.note(token.jti)
        return True

    def watch(
        self, token: TokenRef, revoked: Callable[[], object]
    ) -> Callable[[], None]:
        """Same as ``StoreInUse.watch``."""
        return self.in_use.watch(token, revoked)

    async def settle(self, verb: str, work: Coroutine[Any, Any, T]) -> T:
        """
        Do something with the store to the end, even if the client goes away.

        Args:
            verb: What it is called in ``signals.store_failed``.
            work: What to do; its signals as well, if they must not be lost.

        Raises:
            StoreError: The store could not do it; it may have acted all the same.
        """
        try:
            self.in_use.check_loop()
        except RuntimeError:
            work.close()
            raise
        return await self.in_use.finish(self._watched(verb, work))

    async def tell_revoked(self, revocations: tuple[Revocation, ...]) -> None:
        """Send ``signals.token_revoked`` for each."""
        for one in revocations:
            told = {"scope": one.scope.value, "name": one.name}
            await tell(token_revoked, self.app, told)

    async def _watched(self, verb: str, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        except StoreError as exc:
            await self._tell_failure(verb, exc, allowed=False)
            raise

    async def _tell_failure(
        self, verb: str, error: StoreError, *, allowed: bool
    ) -> None:
        told = {"verb": verb, "error": type(error).__name__, "allowed": allowed}
        await tell(store_failed, self.app, told)


class Stores:
    """
    Finds the store of an app.

    Args:
        app: The app.
        given: The store that was given in code, which wins; None for none.
        clock: Gives the time in epoch seconds.
        settings: Gives the app's settings as they stand now.
    """

    def __init__(
        self,
        app: Quart,
        given: Store | None,
        *,
        clock: Clock,
        settings: CurrentSettings,
    ) -> None:
        self._app = app
        self._given = given
        self._clock = clock
        self._settings = settings
        self._in_use: dict[str | None, SessionStore] = {}

    def at(self, url: str | None) -> SessionStore | None:
        """
        The store that counts under ``JWT_STORE_URL``, made at the first time.

        Raises:
            ConfigurationError: There is no such store.
        """
        key = url if self._given is None else None
        if key is None and self._given is None:
            return None
        if key not in self._in_use:
            store = self._given or store_from_url(key or "")
            self._in_use[key] = SessionStore(
                self._app, store, clock=self._clock, settings=self._settings
            )
        return self._in_use[key]

    async def open(self) -> None:
        """
        Open the store before the first request.

        Raises:
            ConfigurationError: ``JWT_STORE_URL`` names none.
        """
        sessions = self.at(self._settings().store_url)
        if sessions is not None:
            await sessions.in_use.open()

    async def close(self) -> None:
        """Close every store that was used."""
        for sessions in self._in_use.values():
            await sessions.in_use.close()

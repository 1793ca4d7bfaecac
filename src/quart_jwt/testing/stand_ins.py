"""
Stand-ins for what an app asks: one that answers from memory, one that fails on demand.
"""

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from quart_jwt.extension.hooks.calling import call
from quart_jwt.tokens.codec import parse
from quart_jwt.typing import Claims


class FakeBlocklist:
    """
    A blocklist in memory, to be registered as the app's hook.

    ::

        blocklist = FakeBlocklist()
        jwt.token_in_blocklist_loader(blocklist)
    """

    def __init__(self) -> None:
        self._revoked: set[str] = set()

    def revoke(self, token: str) -> None:
        """Revoke an encoded token, by its ``jti``."""
        self._revoked.add(parse(token).claims["jti"])

    async def __call__(self, _header: Claims, claims: Claims) -> bool:
        """Whether a token was revoked."""
        return claims["jti"] in self._revoked


class Failing:
    """
    Stands before a hook, or before an object of async methods such as a store, and
    fails like a server that is away, for as long as the test says.

    Args:
        inner: The hook or the object.
        error: What is raised.
    """

    def __init__(self, inner: Any, error: Exception | None = None) -> None:
        self._inner = inner
        self._error = error or ConnectionError("The test made this store unavailable")
        self._is_away = False

    @contextmanager
    def away(self) -> Iterator[None]:
        """Whatever is asked inside of this block fails."""
        self._is_away = True
        try:
            yield
        finally:
            self._is_away = False

    async def __call__(self, *args: Any) -> Any:
        """Ask the hook."""
        return await self._ask(self._inner, *args)

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if not callable(member):
            return member

        async def method(*args: Any, **kwargs: Any) -> Any:
            return await self._ask(member, *args, **kwargs)

        return method

    async def _ask(self, function: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        if self._is_away:
            raise self._error
        return await call(partial(function, *args, **kw))

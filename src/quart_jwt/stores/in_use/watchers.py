"""
Who is to be told when a token is revoked: open websockets and streams.
"""

from collections.abc import Callable
from collections.abc import Iterable

from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import scopes_of
from quart_jwt.tokens.revocation import TokenRef

Told = Callable[[], object]


class Watchers:
    """
    Tokens that are watched, found by what may be revoked of them.

    A revocation costs one look-up, however many tokens are watched.
    """

    def __init__(self) -> None:
        self._watching: dict[tuple[Scope, str], dict[Told, TokenRef]] = {}

    def add(self, token: TokenRef, told: Told) -> Callable[[], None]:
        """
        Watch a token.

        Args:
            token: The token.
            told: Called once or more when it is revoked, in the thread that learns it.

        Returns:
            What stops watching.
        """
        keys = _keys(token)
        for key in keys:
            self._watching.setdefault(key, {})[told] = token

        def stop() -> None:
            for key in keys:
                watching = self._watching.get(key, {})
                watching.pop(told, None)
                if not watching:
                    self._watching.pop(key, None)

        return stop

    def tell(self, revocations: Iterable[Revocation]) -> None:
        """Call the watchers of tokens that one of the revocations revokes."""
        for one in revocations if self._watching else ():
            watching = self._watching.get((one.scope, one.name), {})
            for told, token in list(watching.items()):
                if one.issued_by is None or token.issued_at <= one.issued_by:
                    told()


def _keys(token: TokenRef) -> list[tuple[Scope, str]]:
    names = [(Scope.TOKEN, token.jti), (Scope.FAMILY, token.family_id)]
    names += [(scope, token.subject) for scope in scopes_of(token)]
    return [(scope, name) for scope, name in names if name is not None]

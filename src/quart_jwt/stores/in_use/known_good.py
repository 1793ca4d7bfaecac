"""
Tokens that the store has found good, and that its feed has said nothing about since.

The feed alone cannot tell about a token that is as old as the store's data or that
lives longer than the feed remembers. The store is asked about it once: whatever
revokes it afterwards passes through the feed.
"""

from collections import OrderedDict

from quart_jwt.tokens.revocation import Revocation
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.revocation import TokenRef

MAX_TOKENS = 10_000
"""About 5 MiB. The one remembered first makes room, and is asked about again."""

Named = tuple[Scope, str]


class KnownGood:
    """
    A bounded set of tokens, each of which leaves it when something revokes it.

    Args:
        max_tokens: The most tokens it will hold.
    """

    def __init__(self, max_tokens: int = MAX_TOKENS) -> None:
        self._max_tokens = max_tokens
        self._tokens: OrderedDict[TokenRef, None] = OrderedDict()
        self._named: dict[Named, set[TokenRef]] = {}

    def __contains__(self, token: TokenRef) -> bool:
        return token in self._tokens

    def add(self, token: TokenRef) -> None:
        """Remember a token that was just found good."""
        self._tokens[token] = None
        for named in _names(token):
            self._named.setdefault(named, set()).add(token)
        if len(self._tokens) > self._max_tokens:
            self._remove(next(iter(self._tokens)))

    def drop(self, revocation: Revocation) -> None:
        """Forget every token that a revocation names, whatever its second is."""
        for token in self._named.pop((revocation.scope, revocation.name), ()):
            self._remove(token)

    def clear(self) -> None:
        """Forget all of them."""
        self._tokens.clear()
        self._named.clear()

    def _remove(self, token: TokenRef) -> None:
        self._tokens.pop(token, None)
        for named in _names(token):
            others = self._named.get(named, set())
            others.discard(token)
            if not others:
                self._named.pop(named, None)


def _names(token: TokenRef) -> list[Named]:
    named = (
        (Scope.TOKEN, token.jti),
        (Scope.FAMILY, token.family_id),
        (Scope.SUBJECT, token.subject),
        (Scope.ACCESS, token.subject),
    )
    return [(scope, name) for scope, name in named if name is not None]

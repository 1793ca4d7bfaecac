"""
Grants: the roles and scopes of a user, which go into the user's tokens.

Both are words of RFC 6749 §3.3, so that they stand with blanks between them in a
claim, a column and a header. Their number and length are bounded, because a token has
to fit into a cookie.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from quart_jwt.building_blocks import is_scope
from quart_jwt.service.ground.errors import GrantRuleError

MAX_WORDS = 32
MAX_WORD_CHARACTERS = 64
MAX_CHARACTERS = 512
"""
Of all roles with blanks between them, and of all scopes.

Both lists at their longest are 1,100 bytes of JSON; with a long name, an issuer and an
RSA signature a token then has 3,300 of the 3,800 characters that a cookie takes.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """
    What a user may do, as the user's tokens say it.

    Attributes:
        roles: ``roles`` of tokens (RFC 9068 §2.2.3.1).
        scopes: ``scope`` of tokens (RFC 9068 §2.2.3), what routes ask for.
    """

    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def with_more(self, more: "Grants") -> "Grants":
        """These and others; each word stands once, where it was."""
        return checked_grants(
            roles=(*self.roles, *more.roles), scopes=(*self.scopes, *more.scopes)
        )

    def without(self, fewer: "Grants") -> "Grants":
        """These but for others; one that is not there is left out already."""
        return Grants(
            roles=tuple(role for role in self.roles if role not in fewer.roles),
            scopes=tuple(scope for scope in self.scopes if scope not in fewer.scopes),
        )


NONE = Grants()


def checked_grants(*, roles: Iterable[str] = (), scopes: Iterable[str] = ()) -> Grants:
    """
    Return roles and scopes, each once.

    Raises:
        GrantRuleError: One of them cannot be one, or they are too many for a token.
    """
    return Grants(roles=_checked("role", roles), scopes=_checked("scope", scopes))


def _checked(what: str, words: Iterable[str]) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(words))
    if not all(map(is_scope, once)):
        raise GrantRuleError(
            f"A {what} must be visible ASCII without spaces, quotes and backslashes"
        )
    if any(len(word) > MAX_WORD_CHARACTERS for word in once):
        raise GrantRuleError(f"A {what} has at most {MAX_WORD_CHARACTERS} characters")
    if len(once) > MAX_WORDS or len(" ".join(once)) > MAX_CHARACTERS:
        raise GrantRuleError(
            f"A user has at most {MAX_WORDS} {what}s, "
            f"and {MAX_CHARACTERS} characters of them"
        )
    return once

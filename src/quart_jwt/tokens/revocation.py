"""
Revocations: what takes a token back before it expires, and a set of them.

A token is named by its verified claims and never by its text, which has several
spellings (RFC 7515 §10.1). Four things can be revoked: one token, a family, what a
subject was issued without a family up to some second, and the access tokens of a
subject up to some second, with a family or without.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from enum import Enum
from heapq import heappop
from heapq import heappush

from quart_jwt.tokens.rotation import later


class Scope(Enum):
    """What a revocation is about."""

    TOKEN = "token"  # noqa: S105 - a scope, not a secret
    FAMILY = "family"
    SUBJECT = "subject"
    """All tokens of a subject that have no family."""
    ACCESS = "access"
    """All access tokens of a subject. Its families go on: a refresh gives new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRef:
    """
    What a store needs to know of a token to say whether it was revoked.

    Attributes:
        jti: Its identifier; None for a token without one.
        family_id: Its ``sid``; None for a token without a family.
        subject: Whom it speaks for; None if that is no string.
        issued_at: Its ``iat``, in epoch seconds; 0 without one.
        is_refresh: Whether it is a refresh token.
        outlives_feed: Whether it can be valid for longer than the feed remembers a
            revocation of it. Only the store can judge it then.
    """

    jti: str | None
    family_id: str | None
    subject: str | None
    issued_at: float
    is_refresh: bool = False
    outlives_feed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """
    One revocation.

    Attributes:
        scope: What ``name`` names.
        name: A ``jti``, a family's id, or a subject.
        until: Until when it has to be remembered, in epoch seconds; None for ever.
        issued_by: Of a subject: tokens that were issued at or before this second are
            refused. None otherwise.
        followed_until: Until when the feed and its followers have to remember it, if
            that is earlier: no access token that it concerns is valid afterwards, and
            other tokens are the store's to judge. None for ``until``.
        subject: Of a token: the subject it speaks for, which tells a partitioned store
            where to keep the revocation. None if it is not known. Revocations are
            compared without it, and the feed does not contain it.
    """

    scope: Scope
    name: str
    until: float | None
    issued_by: float | None = None
    followed_until: float | None = None
    subject: str | None = field(default=None, compare=False)

    def as_followed(self) -> "Revocation":
        """The revocation as the feed and its followers remember it."""
        if self.followed_until is None:
            return self
        return replace(self, until=self.followed_until, followed_until=None)


def scopes_of(token: TokenRef) -> Sequence[Scope]:
    """The scopes in which a revocation of its subject concerns a token."""
    access = () if token.is_refresh else (Scope.ACCESS,)
    return access if token.family_id is not None else (*access, Scope.SUBJECT)


class Revocations:
    """
    A bounded set of revocations, each kept as long as it says.

    Args:
        max_entries: The most revocations it will hold.
    """

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: dict[Scope, dict[str, Revocation]] = {
            scope: {} for scope in Scope
        }
        # By name, because a request asks for each and an Enum is slow to hash.
        self._tokens = self._entries[Scope.TOKEN]
        self._families = self._entries[Scope.FAMILY]
        self._subjects = self._entries[Scope.SUBJECT]
        self._access = self._entries[Scope.ACCESS]
        self._ends: list[tuple[float, str, str]] = []

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def add(self, revocation: Revocation) -> bool:
        """
        Take one in; of two about the same, the one that refuses more holds.

        Returns:
            Whether there was room: False means that the set is not complete.
        """
        entries, name = self._entries[revocation.scope], revocation.name
        known = entries.get(name)
        if known is None and len(self) >= self._max_entries:
            return False
        kept = revocation if known is None else _merged(known, revocation)
        entries[name] = kept
        if kept.until is not None and (known is None or known.until != kept.until):
            heappush(self._ends, (kept.until, kept.scope.value, name))
        return True

    def holds(self, revocation: Revocation) -> bool:
        """Whether there is one about the same."""
        return revocation.name in self._entries[revocation.scope]

    def refuses(self, token: TokenRef) -> bool:
        """Whether one of them takes this token back."""
        if token.jti in self._tokens:
            return True
        if token.family_id in self._families:
            return True
        if self._access and not token.is_refresh and _reaches(self._access, token):
            return True
        return token.family_id is None and _reaches(self._subjects, token)

    def drop_ended(self, now: float) -> int:
        """Forget what no token could need any more; gives how many."""
        before = len(self)
        while self._ends and self._ends[0][0] <= now:
            _until, scope, name = heappop(self._ends)
            entries = self._entries[Scope(scope)]
            entry = entries.get(name)
            # One that was prolonged stands in the heap a second time, further back.
            if entry is not None and _has_ended(entry, now):
                del entries[name]
        return before - len(self)

    def clear(self) -> None:
        """Forget everything."""
        for entries in self._entries.values():
            entries.clear()
        self._ends.clear()


def _reaches(cuts: Mapping[str, Revocation], token: TokenRef) -> bool:
    """Whether the revocation of a token's subject reaches up to its ``iat``."""
    cut = None if token.subject is None else cuts.get(token.subject)
    return cut is not None and token.issued_at <= (cut.issued_by or 0)


def _has_ended(revocation: Revocation, now: float) -> bool:
    return revocation.until is not None and revocation.until <= now


def _merged(one: Revocation, other: Revocation) -> Revocation:
    cuts = [cut for cut in (one.issued_by, other.issued_by) if cut is not None]
    return replace(
        one, until=later(one.until, other.until), issued_by=max(cuts, default=None)
    )

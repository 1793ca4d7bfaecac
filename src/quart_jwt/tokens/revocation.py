"""
Revocations: what takes a token back before it expires, and a set of them.

A token is named by its verified claims and never by its text, which has several
spellings (RFC 7515 §10.1). Three things can be revoked: one token, a family, and
whatever a subject was issued without a family up to some second.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRef:
    """
    What a store needs to know of a token to say whether it was revoked.

    Attributes:
        jti: Its identifier; None for a token without one.
        family_id: Its ``sid``; None for a token without a family.
        subject: Whom it speaks for; None if that is no string.
        issued_at: Its ``iat``, in epoch seconds; 0 without one.
    """

    jti: str | None
    family_id: str | None
    subject: str | None
    issued_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """
    One revocation.

    Attributes:
        scope: What ``name`` names.
        name: A ``jti``, a family's id, or a subject.
        until: Until when it has to be remembered, in epoch seconds; None for ever.
        issued_by: Of a subject: tokens without a family that were issued at or
            before this second are refused. None otherwise.
    """

    scope: Scope
    name: str
    until: float | None
    issued_by: float | None = None


class Revocations:
    """
    A bounded set of revocations, each kept as long as it says.

    Args:
        max_entries: The most revocations it will hold.
    """

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: dict[tuple[Scope, str], Revocation] = {}
        self._ends: list[tuple[float, str, str]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, revocation: Revocation) -> bool:
        """
        Take one in; of two about the same, the one that refuses more holds.

        Returns:
            Whether there was room: False means that the set is not complete.
        """
        key = (revocation.scope, revocation.name)
        known = self._entries.get(key)
        if known is None and len(self._entries) >= self._max_entries:
            return False
        kept = revocation if known is None else _merged(known, revocation)
        self._entries[key] = kept
        if kept.until is not None and (known is None or known.until != kept.until):
            heappush(self._ends, (kept.until, kept.scope.value, kept.name))
        return True

    def refuses(self, token: TokenRef) -> bool:
        """Whether one of them takes this token back."""
        entries = self._entries
        if token.jti is not None and (Scope.TOKEN, token.jti) in entries:
            return True
        if token.family_id is not None:
            return (Scope.FAMILY, token.family_id) in entries
        if token.subject is None:
            return False
        cut = entries.get((Scope.SUBJECT, token.subject))
        return cut is not None and token.issued_at <= (cut.issued_by or 0)

    def drop_ended(self, now: float) -> int:
        """Forget what no token could need any more; gives how many."""
        before = len(self._entries)
        while self._ends and self._ends[0][0] <= now:
            _until, scope, name = heappop(self._ends)
            key = (Scope(scope), name)
            entry = self._entries.get(key)
            # One that was prolonged stands in the heap a second time, further back.
            if entry is not None and _has_ended(entry, now):
                del self._entries[key]
        return before - len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._ends.clear()


def _has_ended(revocation: Revocation, now: float) -> bool:
    return revocation.until is not None and revocation.until <= now


def _merged(one: Revocation, other: Revocation) -> Revocation:
    cuts = [cut for cut in (one.issued_by, other.issued_by) if cut is not None]
    return replace(
        one, until=later(one.until, other.until), issued_by=max(cuts, default=None)
    )

"""
The verified-token cache: what a signature check proved, remembered for a while.

Only tokens that passed are kept, under their exact text, for RFC 7515 §10.1 lets
one message have several spellings. An entry has the window of time in which its
claims pass, and notes about what else the token has met. The cache is bounded by
entries and by bytes, and it belongs to one state of the settings: another key is
another cache.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from math import inf
from sys import getsizeof
from threading import Lock
from typing import Any
from typing import NamedTuple

from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import Token

MAX_CACHED_CHARS = 4_096
"""Longer tokens are verified each time; Envoy's cache draws the same line."""

ENTRY_BYTES = 460
"""An entry's share of the table, the entry with its size and its window, and its
Token, beside the text."""

NOTE_BYTES = 320
"""A note's share of the entry's notes, and a ``Pass``."""

MAX_NOTES = 32
"""Notes on an entry; routes beyond that number verify each time."""

SECOND_CHANCES = 8
"""Used entries that one eviction spares at most, so that none takes long."""

MEMBER_BYTES = 130
"""A claim's name and its value, beside their characters: two objects' heads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheInfo:
    """
    The state of the cache.

    Attributes:
        hits: Tokens that were found.
        misses: Tokens that were not.
        evictions: Entries that made room for others.
        entries: Entries now.
        bytes: Memory that they hold: an upper bound of what Python accounts for.
        max_entries: The most entries.
        max_bytes: The most memory.
    """

    hits: int
    misses: int
    evictions: int
    entries: int
    bytes: int
    max_entries: int
    max_bytes: int


NEVER = (inf, -inf)
"""The window of a token that is not in the cache."""


class Pass(NamedTuple):
    """
    What one route has found out about a token: a note on its entry.

    Attributes:
        since: The first moment at which the token meets the route's requirement, in
            epoch seconds.
        until: The first moment at which it no longer does.
        issuer_keys: The keys of the issuer beside us that signed it; they can be
            withdrawn at any time. None for a token of our own.
        ref: How the session store knows it.
    """

    since: float
    until: float
    issuer_keys: Any
    ref: Any


class Entry:
    """
    One token in the cache.

    Args:
        token: What its signature proved.
        window: From when (inclusive) until when (exclusive) its claims pass, in
            epoch seconds, under the settings of the cache.
        size: The bytes that it is charged.

    Attributes:
        used: Whether it was of use since it was last spared.
        notes: Notes that other modules attach to it.
    """

    __slots__ = ("notes", "size", "token", "used", "window")

    def __init__(self, token: Token, window: tuple[float, float], size: int) -> None:
        self.token: Token = token
        self.window: tuple[float, float] = window
        self.size: int = size
        self.used: bool = False
        self.notes: dict[Hashable, Any] = {}

    def passes_at(self, now: float) -> bool:
        """Whether its claims pass at ``now`` as they did when they were judged."""
        return self.window[0] <= now < self.window[1]


class VerifiedTokens:
    """
    A bounded cache of verified tokens.

    The oldest entry makes room, unless it was used since it was last looked at
    (second chance). So a read moves nothing and takes no lock, in any thread; the
    counters of hits and misses may miss one when several threads read at once.

    Args:
        max_entries: The most entries; 0 turns the cache off.
        max_bytes: The most memory; 0 turns the cache off.

    Attributes:
        entries: The entries by the exact text of their token, for reading only.
        hits: Tokens that were found.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self.entries: OrderedDict[str, Entry] = OrderedDict()
        self.hits: int = 0
        self._bytes = 0
        self._misses = self._evictions = 0
        self._writing = Lock()

    def get(self, text: str) -> Entry | None:
        """The entry of exactly this text, or None."""
        entry = self.entries.get(text)
        if entry is None:
            self._misses += 1
            return None
        self.hits += 1
        entry.used = True
        return entry

    def put(self, text: str, token: Token, window: tuple[float, float]) -> Entry:
        """
        Remember a token that passed, in place of one with another key.

        Returns:
            Its entry, whether or not there is room for it.
        """
        if not self._fits(text):
            return Entry(token, window, 0)
        entry = Entry(token, window, _size(text, token))
        with self._writing:
            if text in self.entries:
                self._remove(text)
            self.entries[text] = entry
            self._bytes += entry.size
            self._evict()
        return entry

    def note(
        self, text: str, entry: Entry, name: Hashable, value: Any, size: int = 0
    ) -> None:
        """
        Note something on an entry, if it is still there.

        Args:
            text: The text of the token.
            entry: Its entry.
            name: Whose note it is; a second one replaces the first.
            value: The note.
            size: Its bytes, beyond a ``Pass``.
        """
        with self._writing:
            if self.entries.get(text) is not entry:
                return
            if name not in entry.notes:
                if len(entry.notes) >= MAX_NOTES:
                    return
                entry.size += NOTE_BYTES + size
                self._bytes += NOTE_BYTES + size
            entry.notes[name] = value
            self._evict()

    def drop(self, text: str) -> None:
        """Forget a token."""
        with self._writing:
            self._remove(text)

    def info(self) -> CacheInfo:
        """The state of the cache."""
        return CacheInfo(
            hits=self.hits,
            misses=self._misses,
            evictions=self._evictions,
            entries=len(self.entries),
            bytes=self._bytes,
            max_entries=self._max_entries,
            max_bytes=self._max_bytes,
        )

    def _fits(self, text: str) -> bool:
        on = self._max_entries > 0 and self._max_bytes > 0
        return on and len(text) <= MAX_CACHED_CHARS

    def _remove(self, text: str) -> None:
        entry = self.entries.pop(text, None)
        if entry is not None:
            self._bytes -= entry.size

    def _evict(self) -> None:
        chances = SECOND_CHANCES
        while len(self.entries) > self._max_entries or self._bytes > self._max_bytes:
            text, entry = self.entries.popitem(last=False)
            if entry.used and chances:
                chances -= 1
                entry.used = False
                self.entries[text] = entry
            else:
                self._bytes -= entry.size
                self._evictions += 1


def _size(text: str, token: Token) -> int:
    """
    An upper bound of an entry's memory, quick for the usual flat objects.

    A character of base64 stands for three quarters of a byte of JSON, and no
    byte of JSON takes more than four in a string of Python's. A header that is
    shared with other tokens is charged to each.
    """
    members = _size_of_members(token.header) + _size_of_members(token.claims)
    return ENTRY_BYTES + 4 * len(text) + members


def _size_of_members(claims: Claims) -> int:
    """What an object takes beside the characters of the token that it came from."""
    if _CONTAINERS.isdisjoint(map(type, claims.values())):
        return getsizeof(claims) + MEMBER_BYTES * len(claims)
    return _size_of(claims)


def _size_of(value: Any) -> int:
    if isinstance(value, dict):
        members = sum(_size_of(name) + _size_of(item) for name, item in value.items())
        return getsizeof(value) + members
    if isinstance(value, list):
        return getsizeof(value) + sum(map(_size_of, value))
    return getsizeof(value)


_CONTAINERS = frozenset({dict, list})

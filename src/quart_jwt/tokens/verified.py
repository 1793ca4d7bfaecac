"""
The verified-token cache: what a signature check proved, remembered for a while.

Only tokens that passed are kept, under their exact text, for RFC 7515 §10.1 lets
one message have several spellings. An entry never outlives its ``exp``, and whoever
takes one out judges it again. The cache is bounded by entries and by bytes, and
it belongs to one state of the settings: another key is another cache.
"""

from collections import OrderedDict
from dataclasses import dataclass
from sys import getsizeof
from threading import Lock
from typing import Any

from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import Token

MAX_CACHED_CHARS = 4_096
"""Longer tokens are verified each time; Envoy's cache draws the same line."""

ENTRY_BYTES = 350
"""An entry's share of the table, its size, and its Token with the window, beside the
text."""

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


class VerifiedTokens:
    """
    A bounded cache of verified tokens; the one used longest ago goes first.

    Reads take no lock, so the counters of hits and misses may miss one when
    several threads read at once; the bounds hold always.

    Args:
        max_entries: The most entries; 0 turns the cache off.
        max_bytes: The most memory; 0 turns the cache off.
    """

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, tuple[Token, int]] = OrderedDict()
        self._bytes = 0
        self._hits = self._misses = self._evictions = 0
        self._writing = Lock()

    def get(self, text: str) -> Token | None:
        """The token of exactly this text, or None."""
        entry = self._entries.get(text)
        if entry is None:
            self._misses += 1
            return None
        self._hits += 1
        try:
            self._entries.move_to_end(text)
        except KeyError:  # another thread has just dropped it
            return None
        return entry[0]

    def put(self, text: str, token: Token) -> None:
        """Remember a token that passed, in place of one with another key."""
        if not self._fits(text):
            return
        with self._writing:
            self._remove(text)
            size = _size(text, token)
            self._entries[text] = token, size
            self._bytes += size
            while self._is_over():
                self._evict()

    def drop(self, text: str) -> None:
        """Forget a token."""
        with self._writing:
            self._remove(text)

    def info(self) -> CacheInfo:
        """The state of the cache."""
        return CacheInfo(
            hits=self._hits,
            misses=self._misses,
            evictions=self._evictions,
            entries=len(self._entries),
            bytes=self._bytes,
            max_entries=self._max_entries,
            max_bytes=self._max_bytes,
        )

    def _fits(self, text: str) -> bool:
        on = self._max_entries > 0 and self._max_bytes > 0
        return on and len(text) <= MAX_CACHED_CHARS

    def _is_over(self) -> bool:
        return len(self._entries) > self._max_entries or self._bytes > self._max_bytes

    def _remove(self, text: str) -> None:
        entry = self._entries.pop(text, None)
        if entry is not None:
            self._bytes -= entry[1]

    def _evict(self) -> None:
        _text, (_token, size) = self._entries.popitem(last=False)
        self._bytes -= size
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

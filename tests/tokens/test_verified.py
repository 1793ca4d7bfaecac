"""The verified-token cache by itself: its bounds and its books."""

import json
import math
import sys
import threading

import pytest

from quart_jwt.tokens.token import Token
from quart_jwt.tokens.verified import _size
from quart_jwt.tokens.verified import _size_of
from quart_jwt.tokens.verified import Entry
from quart_jwt.tokens.verified import MAX_CACHED_CHARS
from quart_jwt.tokens.verified import MAX_NOTES
from quart_jwt.tokens.verified import Pass
from quart_jwt.tokens.verified import SECOND_CHANCES
from quart_jwt.tokens.verified import VerifiedTokens

TOKEN = Token({"alg": "HS256"}, {"sub": "joe", "roles": ["a", {"b": 1.5}]})
ALWAYS = (-math.inf, math.inf)


def _token_of(cache: VerifiedTokens, text: str) -> Token | None:
    entry = cache.get(text)
    return None if entry is None else entry.token


def test_get_gives_what_was_put() -> None:
    """A token comes out as the very object that went in."""
    cache = VerifiedTokens(10, 100_000)
    assert cache.get("a.b.c") is None
    cache.put("a.b.c", TOKEN, ALWAYS)
    assert _token_of(cache, "a.b.c") is TOKEN
    assert (cache.info().hits, cache.info().misses) == (1, 1)


@pytest.mark.parametrize(("count", "entries"), [(2, 2), (3, 3), (4, 3)])
def test_entries_are_bounded(count: int, entries: int) -> None:
    """One entry too many drops the oldest that was of no use."""
    cache = VerifiedTokens(3, 100_000)
    for number in range(count):
        cache.put(str(number), TOKEN, ALWAYS)
        cache.get("0")
    assert cache.info().entries == entries
    assert cache.info().evictions == count - entries
    assert _token_of(cache, "0") is TOKEN
    assert _token_of(cache, "1") is (TOKEN if count < 4 else None)


@pytest.mark.parametrize(("extra", "entries"), [(-1, 0), (0, 1), (1, 1)])
def test_bytes_are_bounded(extra: int, entries: int) -> None:
    """An entry that is larger than all the memory allowed is not kept."""
    probe = VerifiedTokens(10, 100_000)
    probe.put("a.b.c", TOKEN, ALWAYS)
    cache = VerifiedTokens(10, probe.info().bytes + extra)
    cache.put("a.b.c", TOKEN, ALWAYS)
    assert cache.info().entries == entries
    assert cache.info().bytes == (probe.info().bytes if entries else 0)


@pytest.mark.parametrize(("extra", "entries"), [(-1, 1), (0, 1), (1, 0)])
def test_long_texts_are_not_kept(extra: int, entries: int) -> None:
    """Tokens over 4 KiB are verified each time."""
    cache = VerifiedTokens(10, 1_000_000)
    cache.put("x" * (MAX_CACHED_CHARS + extra), TOKEN, ALWAYS)
    assert cache.info().entries == entries


@pytest.mark.parametrize("bounds", [(0, 1_000_000), (10, 0)])
def test_zero_turns_it_off(bounds: tuple[int, int]) -> None:
    """Without entries or without bytes there is no cache."""
    cache = VerifiedTokens(*bounds)
    cache.put("a.b.c", TOKEN, ALWAYS)
    assert cache.get("a.b.c") is None


def test_putting_again_keeps_the_books() -> None:
    """A text that is put twice counts once, and the later token stands."""
    cache = VerifiedTokens(10, 100_000)
    cache.put("a.b.c", TOKEN, ALWAYS)
    held = cache.info().bytes
    other = Token(TOKEN.header, TOKEN.claims, "another key")
    cache.put("a.b.c", other, ALWAYS)
    assert _token_of(cache, "a.b.c") is other
    assert (cache.info().entries, cache.info().bytes) == (1, held)


def test_dropping_keeps_the_books() -> None:
    """What is dropped is gone with its bytes; dropping nothing does nothing."""
    cache = VerifiedTokens(10, 100_000)
    cache.put("a.b.c", TOKEN, ALWAYS)
    cache.drop("a.b.c")
    cache.drop("a.b.c")
    assert cache.get("a.b.c") is None
    assert (cache.info().entries, cache.info().bytes) == (0, 0)


def test_one_eviction_spares_a_few_entries_only() -> None:
    """Where all were of use, the work of making room for one is bounded."""
    cache = VerifiedTokens(100, 1_000_000)
    for number in range(100):
        cache.put(str(number), TOKEN, ALWAYS)
        cache.get(str(number))
    cache.put("another", TOKEN, ALWAYS)
    assert cache.info().evictions == 1
    assert str(SECOND_CHANCES) not in cache.entries
    assert all(str(spared) in cache.entries for spared in range(SECOND_CHANCES))


def test_notes_keep_the_books() -> None:
    """A note is charged once, goes with its entry, and never to another entry."""
    cache = VerifiedTokens(10, 100_000)
    entry = cache.put("a.b.c", TOKEN, ALWAYS)
    before = cache.info().bytes
    for _ in range(2):
        cache.note("a.b.c", entry, "route", "note", size=100)
    assert entry.notes == {"route": "note"}
    charged = cache.info().bytes - before
    held = sys.getsizeof(entry.notes) + sys.getsizeof(Pass(0.0, 1.0, None, None))
    assert charged >= held + 100
    later = cache.put("a.b.c", TOKEN, ALWAYS)
    cache.note("a.b.c", entry, "another route", "note")
    assert (later.notes, cache.info().bytes) == ({}, before)


@pytest.mark.parametrize(("count", "notes"), [(-1, -1), (0, 0), (1, 0)])
def test_notes_are_bounded(count: int, notes: int) -> None:
    """Requirements that are made up at run time cannot fill the cache."""
    cache = VerifiedTokens(10, 1_000_000)
    entry = cache.put("a.b.c", TOKEN, ALWAYS)
    for number in range(MAX_NOTES + count):
        cache.note("a.b.c", entry, number, "note")
    assert len(entry.notes) == MAX_NOTES + notes


def test_notes_make_room_for_themselves() -> None:
    """Notes count for the bound on memory as entries do."""
    probe = VerifiedTokens(10, 100_000)
    probe.put("a.b.c", TOKEN, ALWAYS)
    cache = VerifiedTokens(10, 2 * probe.info().bytes)
    cache.put("old", TOKEN, ALWAYS)
    entry = cache.put("new", TOKEN, ALWAYS)
    cache.note("new", entry, "route", "note", size=1_000)
    assert list(cache.entries) == ["new"]
    assert cache.info().evictions == 1


@pytest.mark.parametrize(
    ("at", "passes"), [(-1, False), (0, True), (9, True), (10, False)]
)
def test_window_is_half_open(at: int, passes: bool) -> None:
    """An entry passes from its first second until before its last."""
    assert Entry(TOKEN, (0, 10), 0).passes_at(at) is passes


def test_threads_keep_the_bounds() -> None:
    """Eight threads that read and write at once leave the books in order."""
    cache = VerifiedTokens(20, 100_000)

    def work(thread: int) -> None:
        for number in range(500):
            text = str((number * 7 + thread) % 60)
            if cache.get(text) is None:
                cache.put(text, TOKEN, ALWAYS)
            if number % 50 == 0:
                cache.drop(text)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.info().entries <= 20
    sizes = [_size(text, entry.token) for text, entry in cache.entries.items()]
    assert cache.info().bytes == sum(sizes)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "joe"},
        {f"c{n}": n for n in range(100)},
        {"n": 2**53 - 1, "f": 1.5, "t": True, "z": None},
        {"s": "x" * 2_000},
        {"s": "\U0001f600" + "x" * 2_000},
        {"a": [[], [], {"b": []}] * 50},
    ],
    ids=["empty", "one", "many", "numbers", "ascii", "wide", "nested"],
)
@pytest.mark.parametrize("part", ["claims", "header", "both"])
def test_size_is_an_upper_bound(claims: dict[str, object], part: str) -> None:
    """What an entry is charged for is at least what Python accounts for."""
    header = {} if part == "claims" else claims
    claims = {} if part == "header" else claims
    segments = [_base64_of(header), _base64_of(claims), "z" * 43]
    text, token = ".".join(segments), Token(header, claims)
    held = sys.getsizeof(text) + _size_of(header) + _size_of(claims)
    assert _size(text, token) >= held


def _base64_of(members: dict[str, object]) -> str:
    return "x" * (len(json.dumps(members, separators=(",", ":"))) * 4 // 3)

"""
When each key signs and verifies, worked out from what is stored. Pure.

Every process and host that reads the same table works out the same times, so
they switch together and need no message for it. A key never signs before it was
published for long enough, and its predecessor verifies until the last token that
it made has expired.
"""

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from math import inf
from typing import Any

from quart_jwt.service.settings.storage import KeyOptions

FIRST_GENERATION = 1

KEEP_MARGIN_S = 3600
"""Kept longer than the last token, for processes that are configured to wait longer
than the one that rotated, and for clocks that disagree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """
    One key, as the table has it.

    Attributes:
        generation: 1, 2, 3, ... in the order in which keys were made.
        kid: Its RFC 7638 thumbprint.
        algorithm: What it is for.
        public: Its public JWK.
        sealed: Its private half, encrypted; None where a file has it.
        published_at: Since when it is in the JWK Set, in epoch seconds.
        signs_from: From when on it is to sign, in epoch seconds.
        token_life_s: How long tokens lived at most when it was made, in seconds.
        ended_at: When it was retired by hand, in epoch seconds; None if it was not.
    """

    generation: int
    kid: str
    algorithm: str
    public: dict[str, Any]
    sealed: str | None = field(repr=False)
    published_at: int
    signs_from: int
    token_life_s: int
    ended_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledKey:
    """
    One key, and its times.

    Attributes:
        stored: The key.
        signs_from: From when on it signs, in epoch seconds.
        signs_until: From when on its successor does.
        verifies_until: From when on it verifies nothing.
    """

    stored: StoredKey
    signs_from: float
    signs_until: float
    verifies_until: float

    def state(self, now: float) -> str:
        """``next``, ``current``, ``retired`` or ``ended``."""
        if now >= self.verifies_until:
            return "ended"
        if now < self.signs_from:
            return "next"
        return "current" if now < self.signs_until else "retired"


def schedule(
    keys: Sequence[StoredKey], options: KeyOptions, token_life_s: int
) -> list[ScheduledKey]:
    """
    Work out the times of all keys.

    Args:
        keys: All keys that were ever made, in the order of their generations.
        options: How long a key has to be published before it signs.
        token_life_s: How long tokens live at most, in seconds.
    """
    return list(_scheduled(keys, options, token_life_s))


def _scheduled(
    keys: Sequence[StoredKey], options: KeyOptions, token_life_s: int
) -> Iterator[ScheduledKey]:
    for index, key in enumerate(keys):
        signs_from = _signs_from(key, options)
        later = [one for one in keys[index + 1 :] if not _was_cancelled(one, options)]
        signs_until = _signs_from(later[0], options) if later else inf
        life_s = max([token_life_s, *(one.token_life_s for one in later[:1])])
        ended_at = inf if key.ended_at is None else key.ended_at
        yield ScheduledKey(
            stored=key,
            signs_from=signs_from,
            signs_until=signs_until,
            verifies_until=min(ended_at, signs_until + life_s + KEEP_MARGIN_S),
        )


def _signs_from(key: StoredKey, options: KeyOptions) -> int:
    """Whatever the process that rotated was told, we wait as long as we are told."""
    if key.generation == FIRST_GENERATION:
        return key.signs_from  # no cached key set can lack it
    return max(key.signs_from, key.published_at + options.publish_before_use_s)


def _was_cancelled(key: StoredKey, options: KeyOptions) -> bool:
    return key.ended_at is not None and key.ended_at <= _signs_from(key, options)

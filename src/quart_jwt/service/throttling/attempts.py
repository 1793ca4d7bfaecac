"""
Attempts that all processes count together: the rule, applied with compare-and-set.

An attempt is counted *before* the password is looked at, or a hundred guesses that come
at once would all be let through. A right one is told of afterwards, and so is one that
met an outage: nothing was guessed with it.

Records are read without a lock, so an attempt never waits for a lock. If
another attempt was counted in between, nothing is written, and the rule is applied
again to what is there then. What an attempt has written is not read again when it
succeeds.
"""

import asyncio
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.throttling import rule
from quart_jwt.service.throttling.rule import Pool
from quart_jwt.service.throttling.rule import Record
from quart_jwt.service.throttling.rule import Refused
from quart_jwt.service.throttling.rule import Step
from quart_jwt.service.throttling.rule import ThrottleLimits
from quart_jwt.service.throttling.rule import Visit

STEPS_AT_ONCE = 3
"""
Steps under way in a process: the database has five or ten connections for everything.

It also bounds how often a step is repeated because another came between.
"""

MAX_UNDER_WAY = 1_000
"""Attempts of which it is known what they wrote; beyond it, records are read."""

PATIENCE_S = 10
"""How long a step waits for its turn; the store hangs then."""

_DECODER = msgspec.json.Decoder(Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One record to be written.

    Attributes:
        key: Whose it is, a digest.
        old: The text that was read; None if there was none.
        new: The text to write.
        pool: What bounds the record (``rule.Record.pool``).
        expires_at_ms: When it expires: from then on it has no effect.
    """

    key: str
    old: str | None
    new: str
    pool: Pool | None
    expires_at_ms: int


class RecordStore(Protocol):
    """
    Where the texts of records are.

    Attributes:
        name: What a ``StoreUnavailableError`` calls it.
    """

    name: str

    async def read(self, keys: Sequence[str]) -> Mapping[str, str]:
        """
        Return the texts that there are.

        Raises:
            StoreUnavailableError: The store cannot be reached.
        """

    async def swap(self, changes: Sequence[Change], *, now_ms: int) -> bool:
        """
        Write all, or none if one is no longer what was read.

        Of too many records in a pool those that expire first are removed.

        Returns:
            Whether they were written.

        Raises:
            StoreUnavailableError: The store cannot be reached.
        """

    async def close(self) -> None:
        """Let go of connections."""


class Attempts:
    """
    Counts attempts.

    Args:
        records: Where.
        limits: What is allowed.
    """

    def __init__(self, records: RecordStore, limits: ThrottleLimits) -> None:
        self._records = records
        self._limits = limits
        self._turns = asyncio.Semaphore(STEPS_AT_ONCE)
        self._written: dict[Visit, Mapping[str, str]] = {}

    async def admit(self, visit: Visit, *, now_ms: int) -> Refused | None:
        """See ``rule.admit``; raises StoreUnavailableError on an outage."""
        return await self._applied(rule.admit, visit, now_ms)

    async def succeed(self, visit: Visit, *, now_ms: int) -> None:
        """See ``rule.succeed``; raises StoreUnavailableError on an outage."""
        await self._applied(rule.succeed, visit, now_ms)

    async def give_back(self, visit: Visit, *, now_ms: int) -> None:
        """See ``rule.give_back``; raises StoreUnavailableError on an outage."""
        await self._applied(rule.give_back, visit, now_ms)

    async def close(self) -> None:
        """Let go of connections; the next use may be on another event loop."""
        await self._records.close()
        self._turns = asyncio.Semaphore(STEPS_AT_ONCE)

    async def _applied(self, step: Step, visit: Visit, now_ms: int) -> Refused | None:
        turns = self._turns
        try:
            async with asyncio.timeout(PATIENCE_S):
                await turns.acquire()
        except TimeoutError as error:
            raise StoreUnavailableError(self._records.name) from error
        try:
            return await self._swapped(step, visit, now_ms)
        finally:
            turns.release()

    async def _swapped(self, step: Step, visit: Visit, now_ms: int) -> Refused | None:
        # What was written may have changed since: a swap finds out, a refusal does not.
        written = self._written.pop(visit, None) if step is not rule.admit else None
        while True:
            texts = written or await self._read(visit)
            records = {key: _DECODER.decode(texts[key]) for key in texts}
            changed, refused = step(visit, records, self._limits, now_ms)
            changes = [
                _change(key, texts.get(key), record)
                for key, record in changed.items()
                if records.get(key) != record
            ]
            if changes and await self._records.swap(changes, now_ms=now_ms):
                if step is rule.admit:
                    self._note(visit, texts, changes)
                return refused
            if not changes and not written:
                return refused
            written = None

    async def _read(self, visit: Visit) -> Mapping[str, str]:
        return await self._records.read(visit.keys) if visit.keys else {}

    def _note(
        self, visit: Visit, texts: Mapping[str, str], changes: Sequence[Change]
    ) -> None:
        if len(self._written) >= MAX_UNDER_WAY:
            self._written.clear()
        written = {change.key: change.new for change in changes}
        self._written[visit] = {**texts, **written}


def _change(key: str, old: str | None, record: Record) -> Change:
    return Change(
        key=key,
        old=old,
        new=msgspec.json.encode(record).decode(),
        pool=record.pool,
        expires_at_ms=record.expires_at_ms,
    )

"""
The service's keys: made at the first start, rotated, retired, and read as a ring.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from quart_jwt.building_blocks import KeyRing
from quart_jwt.building_blocks import read_public_jwk
from quart_jwt.building_blocks import ring_key
from quart_jwt.building_blocks import RingKey
from quart_jwt.clock import system_time
from quart_jwt.service.database.database import Database
from quart_jwt.service.ground.errors import KeyStateError
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.keys.refresh_secret import refresh_key_of
from quart_jwt.service.keys.schedule import FIRST_GENERATION
from quart_jwt.service.keys.schedule import schedule
from quart_jwt.service.keys.schedule import ScheduledKey
from quart_jwt.service.keys.schedule import StoredKey
from quart_jwt.service.keys.table import KeyTable
from quart_jwt.service.keys.vault import KeyVault
from quart_jwt.service.keys.vault import make_private_key
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.settings.storage import KeyOptions

logger: logging.Logger = logging.getLogger(__name__)


def signing_keys(
    settings: Settings, database: Database, clock: Clock = system_time
) -> "SigningKeys":
    """
    Return the keys of a database.

    Args:
        settings: What the operator wants.
        database: The database, opened or not.
        clock: Gives the time in seconds since 1970.
    """
    directory = settings.storage.state_dir / "keys"
    return SigningKeys(
        KeyTable(database),
        KeyVault(directory, settings.keys.encryption_key),
        settings.keys,
        clock=clock,
        token_life_s=settings.refresh_token_expires_s,
    )


async def prepare_keys(settings: Settings) -> None:
    """
    Make the first key if it is not there, and see that the one that signs is.

    Raises:
        StartError: It is not, or the database cannot be used.
    """
    if settings.secret_key is not None:
        return
    database = Database(settings.storage.database_url)
    try:
        await database.open()
        keys = signing_keys(settings, database)
        await keys.ensure_first()
        await keys.ring(await keys.scheduled())
    finally:
        await database.close()


class SigningKeys:
    """
    The keys that sign the service's tokens.

    Args:
        table: Where all processes agree on them.
        vault: Where the private halves are.
        options: How they are made and published.
        clock: Gives the time in seconds since 1970.
        token_life_s: How long tokens live at most, in seconds.
    """

    def __init__(
        self,
        table: KeyTable,
        vault: KeyVault,
        options: KeyOptions,
        *,
        clock: Clock,
        token_life_s: int,
    ) -> None:
        self._table = table
        self._vault = vault
        self._options = options
        self._clock = clock
        self._token_life_s = token_life_s

    async def scheduled(self) -> list[ScheduledKey]:
        """Return all keys with their times, by generation."""
        return schedule(await self._table.listed(), self._options, self._token_life_s)

    async def ensure_first(self) -> None:
        """
        Make the first key if there is none; of two first starts at once, one does.

        Raises:
            StartError: Its private half cannot be kept.
            StoreUnavailableError: The database does not answer.
        """
        if not await self._table.listed():
            await self._make(FIRST_GENERATION, wait_s=0)

    async def rotate(self) -> StoredKey:
        """
        Publish a new key, which signs after ``publish_before_use_s``.

        Raises:
            KeyStateError: A rotation is under way, or another one was quicker.
        """
        await self.ensure_first()
        keys, now = await self.scheduled(), self._clock()
        waiting = [key for key in keys if key.state(now) == "next"]
        if waiting:
            raise KeyStateError(
                f"a rotation is under way: {waiting[0].stored.kid} signs in "
                f"{waiting[0].signs_from - now:.0f} s"
            )
        generation = keys[-1].stored.generation + 1
        wait_s = self._options.publish_before_use_s
        made = await self._make(generation, wait_s=wait_s)
        if made is None:
            raise KeyStateError("another rotation ran at the same time")
        await self._forget_ended(keys)
        return made

    async def retire(self, kid: str) -> None:
        """
        End a key now: what it has signed is refused from now on.

        Raises:
            KeyStateError: There is no such key, it signs, or it is about to.
        """
        now = self._clock()
        found = [key for key in await self.scheduled() if key.stored.kid == kid]
        if not found or found[0].state(now) == "ended":
            raise KeyStateError(f"there is no key {kid!r} that verifies")
        state, signs_in_s = found[0].state(now), found[0].signs_from - now
        if state == "current":
            raise KeyStateError(f"{kid} signs: rotate first, and wait for it")
        if state == "next" and signs_in_s < 2 * self._options.reread_s:
            # A process that does not reload in time would still sign with it.
            raise KeyStateError(f"{kid} signs in {signs_in_s:.0f} s, which is too soon")
        await self._table.end(kid, int(now))
        await asyncio.to_thread(self._vault.forget, kid)

    async def ring(self, keys: Sequence[ScheduledKey]) -> KeyRing:
        """
        Return the keys that verify now, with the private halves of those that sign
        or will, and beside each the secret of the refresh tokens of its time.

        Args:
            keys: What ``scheduled`` gave.

        Raises:
            StartError: The private half of the key that signs cannot be had.
        """
        now = self._clock()
        verifying = [key for key in keys if key.state(now) != "ended"]
        made = [await asyncio.to_thread(self._ring_keys, key) for key in verifying]
        return KeyRing(tuple(key for pair in made for key in pair))

    def _ring_keys(self, key: ScheduledKey) -> Sequence[RingKey]:
        state, pem = key.state(self._clock()), None
        try:
            pem = self._vault.get(key.stored)
        except StartError as error:
            if state == "current":
                raise
            # It can verify access tokens that others sign, and there is time to put it
            # right: the follower looks again.
            logger.error(  # noqa: TRY400 - the sentence is all
                "The %s key can neither sign nor verify refresh tokens here: %s",
                state,
                error,
            )
        material: Any = pem
        if pem is None or state == "retired":
            material = read_public_jwk(key.stored.public).material
        signing = ring_key(
            key.stored.algorithm,
            material,
            kid=key.stored.kid,
            signs_from=key.signs_from,
            verifies_until=key.verifies_until,
        )
        return (signing,) if pem is None else (signing, refresh_key_of(signing, pem))

    async def _make(self, generation: int, *, wait_s: int) -> StoredKey | None:
        now = int(self._clock())
        pem = await asyncio.to_thread(make_private_key, self._options.algorithm)
        public = ring_key(self._options.algorithm, pem)
        key = StoredKey(
            generation=generation,
            kid=public.kid,
            algorithm=self._options.algorithm,
            public=public.public or {},
            sealed=await asyncio.to_thread(self._vault.put, public.kid, pem),
            published_at=now,
            signs_from=now + wait_s,
            token_life_s=self._token_life_s,
        )
        if await self._table.add(key):
            return key
        await asyncio.to_thread(self._vault.forget, key.kid)
        return None

    async def _forget_ended(self, keys: Sequence[ScheduledKey]) -> None:
        now = self._clock()
        for key in keys:
            if key.state(now) == "ended" and key.stored.ended_at is None:
                await self._table.end(key.stored.kid, int(key.verifies_until))
                await asyncio.to_thread(self._vault.forget, key.stored.kid)

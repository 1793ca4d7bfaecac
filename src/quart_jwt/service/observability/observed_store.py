"""
A session store whose calls are timed, counted and traced.

It stands below the guard: a call that is given up at its deadline arrives here as
cancelled, and counts as an error. ``changes`` waits by design and is not measured.
"""

import asyncio
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager

from quart_jwt.building_blocks import Changes
from quart_jwt.building_blocks import Family
from quart_jwt.building_blocks import Limit
from quart_jwt.building_blocks import Presented
from quart_jwt.building_blocks import Revocation
from quart_jwt.building_blocks import Rotation
from quart_jwt.building_blocks import Store
from quart_jwt.building_blocks import Successor
from quart_jwt.building_blocks import TokenRef
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import StoreError
from quart_jwt.service.ground.tracing import span
from quart_jwt.service.observability.metrics import Metrics


class ObservedStore:
    """
    Same as the store, but seen.

    Args:
        store: The store.
        metrics: Where it is counted.
    """

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def open(self, *, now: float) -> None:
        """See ``stores.base.Lifecycle.open``."""
        with self._counted("open"):
            await self._store.open(now=now)

    async def close(self) -> None:
        """See ``stores.base.Lifecycle.close``."""
        await self._store.close()

    async def ping(self) -> None:
        """See ``stores.base.Lifecycle.ping``."""
        with self._counted("ping"), self._metrics.timed("sessions", "ping"):
            await self._store.ping()

    async def start(
        self, family: Family, *, limit: Limit | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.start``."""
        with self._seen("start"):
            return await self._store.start(family, limit=limit, now=now)

    async def rotate(
        self, presented: Presented, successor: Successor, *, grace_s: float, now: float
    ) -> Rotation:
        """See ``stores.base.Families.rotate``."""
        with self._seen("rotate"):
            return await self._store.rotate(
                presented, successor, grace_s=grace_s, now=now
            )

    async def end(
        self, family_id: str, *, subject: str | None, now: float
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end``."""
        with self._seen("end"):
            return await self._store.end(family_id, subject=subject, now=now)

    async def end_all(
        self,
        subject: str,
        *,
        spare: str | None,
        started_by: float | None,
        before_epoch: int | None = None,
        now: float,
    ) -> tuple[Revocation, ...]:
        """See ``stores.base.Families.end_all``."""
        with self._seen("end_all"):
            return await self._store.end_all(
                subject,
                spare=spare,
                started_by=started_by,
                before_epoch=before_epoch,
                now=now,
            )

    async def live(self, subject: str, *, now: float) -> Sequence[Family]:
        """See ``stores.base.Families.live``."""
        with self._seen("live"):
            return await self._store.live(subject, now=now)

    async def revoke(self, revocation: Revocation, *, now: float) -> None:
        """See ``stores.base.RevokedTokens.revoke``."""
        with self._seen("revoke"):
            await self._store.revoke(revocation, now=now)

    async def is_revoked(self, token: TokenRef, *, now: float) -> bool:
        """See ``stores.base.RevokedTokens.is_revoked``."""
        with self._seen("is_revoked"):
            return await self._store.is_revoked(token, now=now)

    async def changes(
        self, after: str | None, *, limit: int, wait_s: float, now: float
    ) -> Changes:
        """See ``stores.base.RevokedTokens.changes``."""
        with self._counted("changes"):
            return await self._store.changes(after, limit=limit, wait_s=wait_s, now=now)

    async def purge(self, *, limit: int, now: float) -> int:
        """See ``stores.base.RevokedTokens.purge``."""
        with self._counted("purge"), self._metrics.timed("sessions", "purge"):
            return await self._store.purge(limit=limit, now=now)

    @contextmanager
    def _seen(self, verb: str) -> Iterator[None]:
        counted, timed = self._counted(verb), self._metrics.timed("sessions", verb)
        with counted, timed, span(f"store.{verb}"):
            yield

    @contextmanager
    def _counted(self, verb: str) -> Iterator[None]:
        try:
            yield
        except StoreError:
            self._failed(verb)
            raise
        except JWTExtendedException:
            raise  # an answer, such as "no more sessions"
        except (asyncio.CancelledError, Exception):
            self._failed(verb)
            raise

    def _failed(self, verb: str) -> None:
        self._metrics.store_failed("sessions", verb)

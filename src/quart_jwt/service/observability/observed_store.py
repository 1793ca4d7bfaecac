"""
A session store whose calls are timed, counted and traced.

It stands below the guard: a call that is given up at its deadline arrives here as
cancelled, and counts as an error.
"""

import asyncio
from contextlib import ExitStack
from typing import Any

from quart_jwt.building_blocks import Store
from quart_jwt.building_blocks import StoreCall
from quart_jwt.building_blocks import wrapped_store
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import StoreError
from quart_jwt.service.ground.tracing import span
from quart_jwt.service.observability.metrics import Metrics

UNTIMED = {"open", "close", "changes"}
"""``changes`` waits by design."""

UNTRACED = UNTIMED | {"ping", "purge", "try_writing"}
"""No request causes these."""


def observed(store: Store, metrics: Metrics) -> Store:
    """
    Return the same store, but observed.

    Args:
        store: The store.
        metrics: Where it is counted.
    """

    async def around(verb: str, call: StoreCall) -> Any:
        with ExitStack() as around:
            if verb not in UNTIMED:
                around.enter_context(metrics.timed("sessions", verb))
            if verb not in UNTRACED:
                around.enter_context(span(f"store.{verb}"))
            try:
                return await call()
            except (asyncio.CancelledError, Exception) as error:
                is_answer = isinstance(error, JWTExtendedException)
                if isinstance(error, StoreError) or not is_answer:
                    metrics.store_failed("sessions", verb)
                raise

    return wrapped_store(store, around)

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN202, ANN204
# Why: what the peers stand on is not installed where types are checked.
"""
A probe of the event loop's lag, before any ASGI application.

A task asks for a short sleep again and again; how much longer one took is how long
something held up the loop. ``/bench/lag`` gives the figures since it was last asked.
Hypercorn's figures come from plain asyncio, whose timers are exact to about 1 ms.
"""

import asyncio
import json
import time

from benchmarks.medians import percentile

TICK_S = 0.002


class LagProbe:
    """
    Wraps an application.

    Args:
        inner: The application.
    """

    def __init__(self, inner):
        self._inner = inner
        self._lags_ms = []
        self._task = None

    async def __call__(self, scope, receive, send):
        """Answer ``/bench/lag``, and let the application answer the rest."""
        if self._task is None:
            self._task = asyncio.create_task(self._watch())
        if scope["type"] == "http" and scope["path"] == "/bench/lag":
            await self._answer(send)
        else:
            await self._inner(scope, receive, send)

    async def _watch(self):
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            self._lags_ms.append(max(0.0, time.perf_counter() - due) * 1e3)

    async def _answer(self, send):
        lags, self._lags_ms = self._lags_ms or [0.0], []
        figures = {
            "ticks": len(lags),
            "p50_ms": percentile(lags, 50),
            "p99_ms": percentile(lags, 99),
            "max_ms": max(lags),
        }
        body = json.dumps(figures).encode("ascii")
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

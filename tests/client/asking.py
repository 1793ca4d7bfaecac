"""Asking a server through ``JWTAuth``, in tasks or in threads."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx

from quart_jwt.client import JWTAuth

Ask = Callable[..., Awaitable[list[httpx.Response]]]
"""Sends one request ``times`` times, all at once, and gives the answers."""

TIMEOUT_S = 60.0
"""A loaded machine is no failure."""

TRUSTED = httpx.create_ssl_context()

CONNECTIONS = 20
FEW_CONNECTIONS = httpx.Limits(max_connections=CONNECTIONS)
"""Requests that wait for one have their token already: it is `JWTAuth` that is under
load here, and not the server."""

NO_REUSE = {"Connection": "close"}
"""httpcore may close an idle connection in one thread that another has just taken. With
no place for idle ones it still may: a connection is idle before it is removed."""


async def in_tasks(
    auth: JWTAuth, url: str, *, times: int = 1, method: str = "GET", **options: Any
) -> list[httpx.Response]:
    """Ask with ``httpx.AsyncClient``."""
    async with httpx.AsyncClient(
        auth=auth, timeout=TIMEOUT_S, verify=TRUSTED, limits=FEW_CONNECTIONS
    ) as client:
        asking = [client.request(method, url, **options) for _ in range(times)]
        return list(await asyncio.gather(*asking))


async def in_threads(
    auth: JWTAuth, url: str, *, times: int = 1, method: str = "GET", **options: Any
) -> list[httpx.Response]:
    """Ask with ``httpx.Client``."""
    loop = asyncio.get_running_loop()
    with (
        httpx.Client(
            auth=auth, timeout=TIMEOUT_S, verify=TRUSTED, headers=NO_REUSE
        ) as client,
        ThreadPoolExecutor(min(times, CONNECTIONS)) as pool,
    ):
        ask = partial(client.request, method, url, **options)
        asking = [loop.run_in_executor(pool, ask) for _ in range(times)]
        return list(await asyncio.gather(*asking))

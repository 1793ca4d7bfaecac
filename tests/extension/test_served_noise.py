"""
Line noise through a real Hypercorn: no server error, and nothing for the log.

``TESTS_NOISE_REQUESTS=100000 TESTS_NOISE_SEED=7`` sends another number of requests, and
others; a failure names the seed of its request.
"""

import asyncio
import logging
import os
from asyncio import StreamReader
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart
from quart import websocket

from extension.apps import SECRET
from extension.noise import Noise
from extension.noise import NoiseSource
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import create_token_pair
from quart_jwt import ForwardAuth
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import nonblocking
from quart_jwt.service.serving import http1

pytestmark = pytest.mark.slow

REQUESTS = int(os.environ.get("TESTS_NOISE_REQUESTS", "5000"))
SEED = int(os.environ.get("TESTS_NOISE_SEED", "20261130"))
CONNECTIONS = 8
HOST = "127.0.0.1"
PATIENCE_S = 60

HINT = "A token that looks like one of this app has an invalid signature"
"""Said once: it may be a mistake of the operator."""

measured = logging.getLogger("measured")


def _app() -> Quart:
    app = Quart(__name__)
    app.config.update(
        JWT_SECRET_KEY=SECRET,
        JWT_TOKEN_LOCATION=["headers", "cookies", "query_string", "json"],
        JWT_STORE_URL="memory://",
        JWT_WEBSOCKET_SUBPROTOCOL="bearer.v1",
        PROPAGATE_EXCEPTIONS=False,
    )
    jwt = JWTManager(app)
    jwt.user_lookup_loader(nonblocking(lambda _header, claims: claims["sub"]))

    async def view(**_: Any) -> str:
        return repr(get_jwt_identity())

    def view_in_a_thread(**_: Any) -> str:
        return repr(get_jwt_identity())

    guards: dict[str, Any] = {
        "async": jwt_required()(view),
        "sync": jwt_required()(view_in_a_thread),
        "optional": jwt_required(optional=True)(view),
        "scopes": jwt_required(scopes="read", fresh=True)(view),
        "purpose": jwt_required(purpose="download", single_use=True)(view_in_a_thread),
        "body": jwt_required(locations="json")(view_in_a_thread),
    }
    for name, guarded in guards.items():
        for rule in (f"/{name}", f"/{name}/<path:rest>"):
            methods = ["GET", "POST", "PUT", "DELETE"]
            app.add_url_rule(rule, name, guarded, methods=methods)

    async def socket(**_: Any) -> None:
        await websocket.send(repr(get_jwt_identity()))

    guarded_socket: Any = jwt_required()(socket)
    for number, rule in enumerate(("/socket", "/socket/<path:rest>")):
        app.add_websocket(rule, f"socket{number}", guarded_socket)
    app.asgi_app = ForwardAuth(jwt).wrap(app.asgi_app)  # type: ignore[method-assign]
    return app


@pytest.fixture(name="served")
async def _served() -> AsyncIterator[tuple[Quart, int]]:
    """An app under Hypercorn, and its port."""
    http1.install()
    app, config = _app(), Config()
    config.bind = ["127.0.0.1:0"]
    ended = asyncio.Event()
    (listening,) = config.create_sockets().insecure_sockets
    listening.listen()  # connections wait until it serves
    port = listening.getsockname()[1]
    config.bind = [f"fd://{listening.detach()}"]

    async def until_ended() -> None:
        await ended.wait()

    serving = asyncio.create_task(serve(app, config, shutdown_trigger=until_ended))
    try:
        yield app, port
    finally:
        ended.set()
        await serving


async def _answer(reader: StreamReader, noise: Noise) -> tuple[int, bool]:
    """The status of an answer, and whether the connection goes on."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head.split(b" ", 2)[1])
    if status == 100:
        return await _answer(reader, noise)
    if b"transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    elif b"content-length: " in head and noise.method != b"HEAD":
        await reader.readexactly(int(head.split(b"content-length: ")[1].split()[0]))
    is_over = status == 101 or noise.is_handshake or b"connection: close" in head
    return status, not is_over


async def _send_all(port: int, source: NoiseSource, requests: int) -> Counter[int]:
    statuses: Counter[int] = Counter()
    connection = None
    for number in range(requests):
        noise = source.request()
        status = 0
        async with asyncio.timeout(PATIENCE_S):
            while not status:
                is_new = connection is None
                connection = connection or await asyncio.open_connection(HOST, port)
                reader, writer = connection
                try:
                    writer.write(noise.data)
                    status, goes_on = await _answer(reader, noise)
                except (asyncio.IncompleteReadError, ConnectionError):
                    writer.close()
                    connection = None
                    # An old one may have been closed after its last answer.
                    assert not is_new, (number, "no answer", noise.data)
        assert status < 500, (number, status, noise.data)
        statuses[status] += 1
        if not goes_on and connection is not None:
            connection[1].close()
            connection = None
    if connection is not None:
        connection[1].close()
    return statuses


async def _tokens(app: Quart) -> list[bytes]:
    async with app.app_context():
        pair = await create_token_pair("joe")
        tokens = [
            pair.access_token,
            pair.refresh_token,
            create_access_token("joe", fresh=True),
            create_access_token("joe", additional_claims={"scope": "read"}),
            create_refresh_token("joe"),
            create_access_token("joe", purpose="download"),
        ]
    return [token.encode("ascii") for token in tokens]


async def test_no_bytes_are_a_server_error(
    served: tuple[Quart, int], caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a client sends is accepted or refused, and not worth a warning."""
    app, port = served
    tokens = await _tokens(app)
    seeds = [SEED * CONNECTIONS + each for each in range(CONNECTIONS)]
    sources = [NoiseSource(seed, tokens, SECRET) for seed in seeds]
    measured.info("seeds %s", seeds)
    outcomes = await asyncio.gather(
        *(_send_all(port, source, REQUESTS // CONNECTIONS) for source in sources),
        return_exceptions=True,
    )
    faults = [
        (seed, outcome)
        for seed, outcome in zip(seeds, outcomes, strict=True)
        if not isinstance(outcome, Counter)
    ]
    assert faults == []
    statuses = sum((one for one in outcomes if isinstance(one, Counter)), Counter())
    measured.info("statuses %s", dict(statuses))
    assert {200, 401, 403, 404, 422} <= statuses.keys()
    worth = [one for one in caplog.records if one.levelno > logging.INFO]
    assert [one.getMessage() for one in worth if HINT not in one.getMessage()] == []

"""
The service and an app as users start them: processes, sockets, and no part replaced.

Small enough to run with every resolution of the dependencies.
"""

import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.exceptions import InvalidStatus

from service.fleet import COMMAND
from service.fleet import Fleet
from service.fleet import fleet_of
from service.fleet import until
from service.kit import SECRET

APP = f"""
from datetime import timedelta
from quart import Quart, websocket
from quart_jwt import JWTManager, create_access_token, jwt_required
from quart_jwt import verify_jwt_in_request

app = Quart(__name__, static_folder=None)
app.config["JWT_SECRET_KEY"] = {SECRET!r}
app.config["JWT_TOKEN_LOCATION"] = ["headers", "query_string"]
JWTManager(app)


@app.post("/token/<int:seconds>")
async def token(seconds):
    return create_access_token("ada", expires_delta=timedelta(seconds=seconds))


@app.get("/unawaited")
async def unawaited():
    verify_jwt_in_request()
    return "open"


@app.websocket("/echo")
@jwt_required()
async def echo():
    while True:
        await websocket.send(await websocket.receive())
"""


async def _address(fleet: Fleet) -> str:
    pattern = re.compile(r"[Rr]unning on (http://\S+)")
    await until(
        lambda: (
            fleet.process.poll() is not None or pattern.search(fleet.text) is not None
        ),
        "a start",
    )
    found = pattern.search(fleet.text)
    assert found is not None, fleet.text
    return found[1]


@contextlib.asynccontextmanager
async def _client(fleet: Fleet) -> AsyncIterator[httpx.AsyncClient]:
    address = await _address(fleet)
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        yield client


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _ended(fleet: Fleet) -> None:
    fleet.send(signal.SIGTERM)
    assert await fleet.ended() == 0, fleet.text
    assert "Traceback" not in fleet.text


@pytest.mark.parametrize("workers", ["0", "1"])
async def test_the_service_does_what_it_is_for(tmp_path: Path, workers: str) -> None:
    """Login, refusals, refresh, a gateway's question and logout, over a real socket."""
    command = [*COMMAND, "serve", "--port", "0", "--workers", workers]
    mode = {"QUART_JWT_MODE": "development", "PYTHONUNBUFFERED": "1"}
    with fleet_of(command, tmp_path, **mode) as fleet:
        async with _client(fleet) as client:
            password = re.search(r"[\w]{20}", fleet.text.partition("assword")[2])
            assert password is not None, fleet.text
            pair = await _log_in(client, password[0])
            await _refusals(client)
            await _gateway(client, pair["access_token"])
            pair = await _refresh(client, pair)
            await _log_out(client, pair)
        await _ended(fleet)


async def _log_in(client: httpx.AsyncClient, password: str) -> dict[str, Any]:
    wrong = await client.post("/login", json={"username": "demo", "password": "wrong"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    who = {"username": "demo", "password": password}
    answer = await client.post("/login", json=who)
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    view = await client.get("/protected", headers=_bearer(pair["access_token"]))
    assert view.status_code == 200, view.text
    return pair


async def _refusals(client: httpx.AsyncClient) -> None:
    assert (await client.get("/protected")).status_code == 401
    assert (await client.get("/nowhere")).status_code == 404
    garbage = await client.get("/protected", headers=_bearer("a.b.c"))
    assert garbage.status_code in {401, 422}, garbage.text
    assert (await client.post("/login", content=b"{")).status_code in {400, 415}

    assert await _answer_to_much(client) == 413


async def _answer_to_much(client: httpx.AsyncClient) -> int:
    """
    The status of a body over the limit.

    Hypercorn closes the connection behind the answer. If the last chunk comes after
    that, the client's system may drop the answer with the connection: ask again.
    """

    async def chunked() -> AsyncIterator[bytes]:
        yield b" " * 20_000

    headers = {"Content-Type": "application/json"}
    for _ in range(20):
        with suppress(httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            large = await client.post("/login", content=chunked(), headers=headers)
            return large.status_code
    pytest.fail("no answer in 20 attempts")


async def _gateway(client: httpx.AsyncClient, token: str) -> None:
    asked = await client.get("/auth/verify", headers=_bearer(token))
    assert (asked.status_code, asked.headers["X-Auth-Subject"]) == (200, "demo")
    assert (await client.get("/auth/verify")).status_code == 401


async def _refresh(client: httpx.AsyncClient, pair: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post("/refresh", headers=_bearer(pair["refresh_token"]))
    assert answer.status_code == 200, answer.text
    fresh: dict[str, Any] = answer.json()
    assert fresh["refresh_token"] != pair["refresh_token"]
    return fresh


async def _log_out(client: httpx.AsyncClient, pair: dict[str, Any]) -> None:
    headers = _bearer(pair["access_token"])
    assert (await client.post("/logout", headers=headers)).status_code in {200, 204}
    assert (await client.get("/protected", headers=headers)).status_code == 401
    assert (await client.get("/auth/verify", headers=headers)).status_code == 401


async def test_a_websocket_of_an_app_under_hypercorn(tmp_path: Path) -> None:
    """Refused with a status, accepted with a token, and closed when it expires."""
    (tmp_path / "shop.py").write_text(APP)
    bind = ["--bind", "127.0.0.1:0", "--workers", "0"]  # no process that could stay
    command = [sys.executable, "-m", "hypercorn", "shop:app", *bind]
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    with fleet_of(command, tmp_path, PYTHONPATH=path) as fleet:
        async with _client(fleet) as client:
            unawaited = await client.get("/unawaited")
            assert (unawaited.status_code, "open" in unawaited.text) == (500, False)
            echo = str(client.base_url).replace("http", "ws", 1).rstrip("/") + "/echo"
            await _echoes(echo, await _token(client, 60))
            await _closes(client, echo)
        fleet.send(signal.SIGTERM)
        assert await fleet.ended() == 0


async def _echoes(address: str, token: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address)
    assert refused.value.response.status_code == 401
    async with connect(f"{address}?jwt={token}") as socket:
        await socket.send("hello")
        assert await socket.recv() == "hello"


async def _token(client: httpx.AsyncClient, seconds: int) -> str:
    return (await client.post(f"/token/{seconds}")).text


async def _closes(client: httpx.AsyncClient, address: str) -> None:
    for seconds in (1, 5, 30):  # the shortest in which this machine can connect
        token = await _token(client, seconds)
        with contextlib.suppress(InvalidStatus):
            async with connect(f"{address}?jwt={token}") as socket:
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
            return
    pytest.fail("refused with a token of half a minute")

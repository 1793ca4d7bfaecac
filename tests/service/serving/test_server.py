import asyncio
import gc
import os
import signal
import socket
import warnings
from pathlib import Path

import httpx
import hypercorn.asyncio
import pytest
from hypercorn.utils import LifespanFailureError

from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.serving import server
from quart_jwt.service.serving.listeners import ListeningConfig
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.settings.settings import Settings

pytestmark = pytest.mark.usefixtures("kept_logging")


@pytest.fixture(name="settings")
def _settings(settings: Settings) -> Settings:
    """Of a first start: no file is there yet."""
    (settings.storage.state_dir / "test.db").unlink()
    return settings


class Announced:
    """Waits for the address of a server."""

    def __init__(self) -> None:
        self.seen: asyncio.Future[tuple[str, DemoAccount]] = asyncio.Future()

    def __call__(self, address: str, demo: DemoAccount) -> None:
        """Take what the server announces."""
        self.seen.set_result((address, demo))


def _config(*binds: str) -> ListeningConfig:
    return make_config(DEFAULTS, binds or ["127.0.0.1:0"])


async def test_serving_until_told_to_stop(settings: Settings) -> None:
    """A free port is taken and shown, requests are answered, the end is clean."""
    announced, stop = Announced(), asyncio.Event()
    serving = asyncio.create_task(
        server.serve(settings, _config(), announce=announced, stop=stop)
    )
    address, demo = await announced.seen
    assert DemoAccount(users=0, exists=False) == demo
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        response = await client.get("/healthz")
        assert response.json() == {"status": "ok"}
        assert "server" not in response.headers
    stop.set()
    await serving
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_service(
    settings: Settings, number: signal.Signals
) -> None:
    """The first signal is graceful; the handlers are gone afterwards."""
    announced = Announced()
    serving = asyncio.create_task(server.serve(settings, _config(), announce=announced))
    await announced.seen
    os.kill(os.getpid(), number)
    await serving
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


async def test_a_unix_socket_is_served(settings: Settings, tmp_path: Path) -> None:
    """A proxy on the same machine can use a socket file."""
    announced, stop = Announced(), asyncio.Event()
    path = tmp_path / "s.sock"
    serving = asyncio.create_task(
        server.serve(settings, _config(f"unix:{path}"), announce=announced, stop=stop)
    )
    address, _demo = await announced.seen
    assert f"unix:{path}" == address
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport) as client:
        assert (await client.get("http://x/healthz")).status_code == 200
    stop.set()
    await serving


async def _refused(settings: Settings, bind: str, message: str) -> None:
    """Expect a refused bind; Hypercorn leaves such a socket to the collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        with pytest.raises(StartError, match=message):
            await server.serve(settings, _config(bind), announce=Announced())
        gc.collect()


@pytest.mark.parametrize(
    "bind", ["256.0.0.1:1", "127.0.0.1:99999", "unix:/nowhere/at/all.sock"]
)
async def test_an_address_that_cannot_be_bound(settings: Settings, bind: str) -> None:
    """Nothing is made when the address is no good; one sentence says so."""
    await _refused(settings, bind, f"cannot listen on {bind}: ")
    assert not (settings.storage.state_dir / "test.db").exists()


async def test_a_port_in_use_is_one_sentence(settings: Settings) -> None:
    """The second service on a port is refused before it makes anything."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        await _refused(
            settings, bind, f"listen on {bind}: Address already in use; --port"
        )
    assert not (settings.storage.state_dir / "test.db").exists()


async def test_a_broken_database_closes_the_socket(settings: Settings) -> None:
    """A failed start leaves no port behind."""
    (settings.storage.state_dir / "test.db").write_bytes(b"no database" * 1000)
    config = _config()
    with pytest.raises(StartError, match="not a database"):
        await server.serve(settings, config, announce=Announced())


async def test_a_start_that_fails_inside_is_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks after the banner is still a sentence, and status 1."""

    async def broken(*_args: object, **_named: object) -> None:
        raise LifespanFailureError("startup", "no luck")

    monkeypatch.setattr(hypercorn.asyncio, "serve", broken)
    with pytest.raises(StartError, match=r"could not start: no luck$"):
        await server.serve(settings, _config(), announce=Announced())


async def test_the_second_signal_is_pythons_own() -> None:
    """After the first signal the handlers are gone, so a second one ends at once."""
    stop = asyncio.Event()
    undo = server._follow_signals(stop)
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.wait()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    undo()

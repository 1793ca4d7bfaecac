"""The end of serving, by its parts; whole ends are tested with real processes."""

import asyncio
from typing import Any

import pytest

from quart_jwt.service.serving.draining import Drain
from quart_jwt.service.serving.listeners import ListeningConfig


def _config(grace_s: float = 10) -> ListeningConfig:
    return ListeningConfig.of({"graceful_timeout": grace_s})


async def _headers(drain: Drain, **scope: Any) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer that passes through a drain."""
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"x", b"y")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        raise AssertionError("nobody reads")

    wrapped: Any = drain.wrap(app)
    await wrapped(scope, receive, send)
    assert sent[1] == {"type": "http.response.body", "body": b""}
    headers: list[tuple[bytes, bytes]] = sent[0]["headers"]
    return headers


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_answers_announce_the_end_once_it_has_begun(version: str) -> None:
    """Before that they do not touch the connection."""
    drain = Drain(_config(), deadline=None)
    scope = {"type": "http", "http_version": version}
    assert await _headers(drain, **scope) == [(b"x", b"y")]
    drain.begin()
    assert await _headers(drain, **scope) == [(b"x", b"y"), (b"connection", b"close")]


@pytest.mark.parametrize(
    "scope", [{"type": "http", "http_version": "2"}, {"type": "websocket"}]
)
async def test_other_protocols_have_no_such_header(scope: dict[str, str]) -> None:
    """HTTP/2 forbids it, and a websocket is no answer."""
    drain = Drain(_config(), deadline=None)
    drain.begin()
    assert await _headers(drain, **scope) == [(b"x", b"y")]


async def test_the_deadline_is_grace_and_five_seconds() -> None:
    """Idle time comes on top; who hurries sets it anew, who does not, does not."""
    deadlines: list[float] = []
    drain = Drain(_config(grace_s=7), deadline=deadlines.append)
    drain.begin(idle_s=15)
    drain.begin(idle_s=20)
    drain.begin()
    drain.begin()
    assert deadlines == [7 + 15 + 4, 7 + 5]


async def test_without_clients_nothing_is_waited_for() -> None:
    """An idle process ends at once."""
    config = _config(grace_s=0)
    drain = Drain(config, deadline=None)
    lingering = asyncio.create_task(drain.lingered())
    await asyncio.sleep(0)
    assert not lingering.done()
    drain.begin(idle_s=600)
    await lingering

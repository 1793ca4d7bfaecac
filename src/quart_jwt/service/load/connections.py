"""
HTTP/1.1 connections that are kept and reused, as a browser or a gateway keeps them.

h11 writes and parses the messages. A full client would cost the generator several times
as much CPU for each request, which then limits what it can measure.
"""

import asyncio
import json
import ssl
import time
from collections import deque
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

import h11

IDLE_S = 3
"""A connection that was idle for longer may be closed by the server just now."""
CHUNK_BYTES = 65_536
CONNECTIONS = 4_000
"""More than these at once would meet the usual limits of descriptors and ports."""


class ExchangeError(Exception):
    """Raised without a response: a word such as ``timeout`` says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """
    Where a service is.

    Attributes:
        host: Its host name or IP address.
        port: Its TCP port.
        is_secure: Whether it speaks TLS.
        prefix: The path in front of its endpoints, without a final slash.
    """

    host: str
    port: int
    is_secure: bool
    prefix: str

    @classmethod
    def of(cls, url: str) -> "Address":
        """
        Parse an ``http://`` or ``https://`` URL.

        Raises:
            ValueError: It is neither, or has user information.
        """
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("a URL such as https://auth.example.com is expected")
        if "@" in parts.netloc:
            raise ValueError("a URL with a user name or password is not accepted")
        port = parts.port or (443 if is_secure else 80)
        return cls(parts.hostname, port, is_secure, parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """The value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: its status and its body."""

    status: int
    body: bytes

    @property
    def members(self) -> Mapping[str, Any]:
        """The members of a JSON object; nothing for any other body."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    used_s: float = 0

    async def ask(self, request: h11.Request, body: bytes) -> Answer:
        state = self.state
        data = state.send(request) or b""
        if body:
            data += state.send(h11.Data(body)) or b""
        self.writer.write(data + (state.send(h11.EndOfMessage()) or b""))
        status, parts = 0, []
        while True:
            event = state.next_event()
            if event is h11.NEED_DATA:
                state.receive_data(await self.reader.read(CHUNK_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
                return Answer(status, b"".join(parts))

    def is_reusable(self) -> bool:
        """Prepare for the next request; False if this was the last."""
        if self.state.our_state is h11.DONE and self.state.their_state is h11.DONE:
            self.state.start_next_cycle()
            self.used_s = time.monotonic()
            return True
        return False

    def is_fresh(self) -> bool:
        recent = time.monotonic() - self.used_s < IDLE_S
        return recent and not self.reader.at_eof()


class Connections:
    """
    The connections to one service.

    Args:
        address: Where it is.
        timeout_s: Seconds for one request, with its connection.
    """

    def __init__(self, address: Address, timeout_s: float) -> None:
        self._address = address
        self._timeout_s = timeout_s
        self._idle: deque[_Connection] = deque()
        self._held: list[_Connection] = []
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._tls = ssl.create_default_context() if address.is_secure else None

    async def ask(
        self,
        method: str,
        path: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Answer:
        """
        Send a request and return the response.

        Raises:
            ExchangeError: There was none.
        """
        request = self._request(method, path, headers, body)
        connection: _Connection | None = None
        is_kept = False
        try:
            async with asyncio.timeout(self._timeout_s), self._places:
                connection = self._take() or await self._open()
                answer = await connection.ask(request, body)
            is_kept = connection.is_reusable()
        except TimeoutError:
            raise ExchangeError("timeout") from None
        except ConnectionRefusedError:
            raise ExchangeError("connection refused") from None
        except (OSError, h11.ProtocolError) as error:
            raise ExchangeError(f"no response ({type(error).__name__})") from None
        finally:
            if connection is not None:
                self._give_back(connection, is_kept=is_kept)
        if not answer.status:
            raise ExchangeError("connection closed")
        return answer

    async def hold(self, count: int) -> None:
        """
        Open connections, and keep them with one request each.

        Raises:
            ExchangeError: One could not be opened.
        """
        for _ in range(count):
            try:
                connection = await self._open()
                request = self._request("GET", "/healthz/live", (), b"")
                await connection.ask(request, b"")
            except (OSError, h11.ProtocolError) as error:
                raise ExchangeError(f"no connection ({type(error).__name__})") from None
            self._held.append(connection)

    def close(self) -> None:
        """Close what is idle or held."""
        for connection in (*self._idle, *self._held):
            connection.writer.close()
        self._idle.clear()
        self._held.clear()

    def _request(
        self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> h11.Request:
        lines = [("Host", self._address.authority), *headers]
        if body or method == "POST":
            lines.append(("Content-Length", str(len(body))))
        return h11.Request(
            method=method, target=self._address.prefix + path, headers=lines
        )

    def _take(self) -> _Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh():
                return connection
            connection.writer.close()
        return None

    def _give_back(self, connection: _Connection, *, is_kept: bool) -> None:
        if is_kept:
            self._idle.append(connection)
        else:
            connection.writer.close()

    async def _open(self) -> _Connection:
        reader, writer = await asyncio.open_connection(
            self._address.host, self._address.port, ssl=self._tls
        )
        return _Connection(reader, writer)

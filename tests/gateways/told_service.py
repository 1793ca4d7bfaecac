"""
A service in our place that answers as it is told, for what ours never does.

It speaks bytes: what a gateway makes of half an answer is seen nowhere else.
"""

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator
from select import select
from typing import Any

HEAD_ENDS = b"\r\n\r\n"


def answer(status: int, *headers: str) -> bytes:
    """A whole HTTP answer without a body."""
    lines = [f"HTTP/1.1 {status} Told", *headers, "Content-Length: 0"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


class ToldService(socketserver.ThreadingTCPServer):
    """
    Answers every question with the same bytes, or never.

    Attributes:
        says: The answer; None for silence.
        questions: What arrived, head and whatever came with it.
        waits_for_more_s: How long to wait for what comes after the head.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        self.says: bytes | None = answer(200)
        self.questions: list[bytes] = []
        self.waits_for_more_s = 0.0
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def tell(self, says: bytes | None, *, waits_for_more_s: float = 0.0) -> None:
        """Say what to answer from now on, and how long to listen before."""
        self.questions.clear()
        self.says = says
        self.waits_for_more_s = waits_for_more_s


class _Handler(socketserver.BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        question = b""
        while HEAD_ENDS not in question:
            part = self.request.recv(65536)
            if not part:
                return
            question += part
        self.server.questions.append(question + self._rest())
        if self.server.says is None:
            self.server.over.wait()
        else:
            self.request.sendall(self.server.says)

    def _rest(self) -> bytes:
        """What a gateway sends behind the head: nothing, it is hoped."""
        readable, _, _ = select([self.request], [], [], self.server.waits_for_more_s)
        return bytes(self.request.recv(65536)) if readable else b""


@contextlib.contextmanager
def served() -> Iterator[ToldService]:
    """Serve it from a thread of its own."""
    with ToldService() as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield service
        finally:
            service.over.set()
            service.shutdown()
            thread.join()


@contextlib.contextmanager
def port_that_refuses() -> Iterator[int]:
    """A port that stays ours, and on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]

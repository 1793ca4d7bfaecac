"""Bound sockets, and where they go; that a bind fails is tested with the server."""

import os
import socket
from typing import Any

import pytest
from hypercorn.config import Config
from hypercorn.config import Sockets

from quart_jwt.service.serving import binding


class _Bound:
    def __init__(self, family: int, name: Any) -> None:
        self.family = family
        self.name = name

    def getsockname(self) -> Any:
        """Return what a real socket would."""
        return self.name


@pytest.mark.parametrize(
    ("name", "family", "secure", "address"),
    [
        (("127.0.0.1", 1), socket.AF_INET, False, "http://127.0.0.1:1"),
        (("0.0.0.0", 1), socket.AF_INET, False, "http://127.0.0.1:1"),  # noqa: S104 - shown
        (("::", 1, 0, 0), socket.AF_INET6, True, "https://[::1]:1"),
        ("/x.sock", socket.AF_UNIX, False, "unix:/x.sock"),
    ],
)
def test_an_address_is_shown_as_one_can_use_it(
    name: Any, family: int, address: str, *, secure: bool
) -> None:
    """A wildcard is shown as the local host."""
    bound: Any = _Bound(family, name)
    sockets = Sockets([bound] if secure else [], [] if secure else [bound], [])
    assert address == binding.address_of(sockets)


def test_tls_sockets_go_where_hypercorn_takes_them() -> None:
    """With a certificate, plain and QUIC sockets keep their kinds."""
    kinds = (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)
    secure, plain, quic = (socket.socket(socket.AF_INET, kind) for kind in kinds)
    numbers = [one.fileno() for one in (secure, plain, quic)]
    config = Config()
    config.certfile = config.keyfile = "x.pem"
    binding.hand_over(Sockets([secure], [plain], [quic]), config)
    shown = [*config.bind, *config.insecure_bind, *config.quic_bind]
    assert [f"fd://{number}" for number in numbers] == shown
    for number in numbers:
        os.close(number)

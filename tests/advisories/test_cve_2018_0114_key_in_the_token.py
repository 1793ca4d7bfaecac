"""Keys that the token brings or points at (CVE-2018-0114, CVE-2026-27962)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import jwt
import pytest
from jwt.algorithms import RSAAlgorithm

import key_material
from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge
from forging import segment

ATTACKER = key_material.rsa_key(2048, 3)


@dataclass(slots=True)
class Listener:
    """A server that counts who comes."""

    port: int
    visitors: list[Any] = field(default_factory=list)


@pytest.fixture(name="listener")
async def _listener() -> AsyncIterator[Listener]:
    listener = Listener(0)

    async def visit(_reader: object, writer: asyncio.StreamWriter) -> None:
        listener.visitors.append(writer)
        writer.close()

    server = await asyncio.start_server(visit, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


def _bringing(parameter: str, port: int) -> dict[str, Any]:
    jwk = RSAAlgorithm.to_jwk(ATTACKER.public_key(), as_dict=True)
    certificate = segment(key_material.public_der("RS256"))
    url = f"http://127.0.0.1:{port}/keys"
    parameters: dict[str, dict[str, Any]] = {
        "jwk": {"jwk": jwk},
        "jku": {"jku": url},
        "x5u": {"x5u": url},
        "x5c": {"x5c": [certificate]},
        "all": {"jwk": jwk, "jku": url, "x5u": url, "x5c": [certificate]},
    }
    return parameters[parameter]


async def _visit(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.read()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("parameter", ["jwk", "jku", "x5u", "x5c", "all"])
async def test_a_key_from_the_token_is_not_used(
    parameter: str, paired_door: Door, door: Door, listener: Listener
) -> None:
    """The token is refused, whoever signed it, and nobody calls anywhere."""
    bringing = _bringing(parameter, listener.port)
    self_signed = jwt.encode(CLAIMS, ATTACKER, "RS256", headers=bringing)
    well_signed = forge({"alg": "HS256", **bringing}, CLAIMS)
    for token in (self_signed, well_signed):
        for one in (door, paired_door):
            assert (await one.refuses(token)).endswith("is not supported")
    # Connections are accepted in their order: whoever came before ours is counted.
    await _visit(listener.port)

    assert len(listener.visitors) == 1


async def test_the_listener_would_have_noticed(listener: Listener) -> None:
    """The server above counts a visitor who comes before ours."""
    await _visit(listener.port)
    await _visit(listener.port)

    assert len(listener.visitors) == 2

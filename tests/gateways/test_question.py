"""What a gateway asks: seen on the wire, by a service in our place."""

import contextlib

import pytest
from websockets.exceptions import InvalidHandshake
from websockets.sync.client import connect

from gateways.stages import ToldStage
from gateways.told_service import answer
from gateways.told_service import HEAD_ENDS
from quart_jwt.service.web.client_address import client_of

pytestmark = pytest.mark.slow

BODY = b"\0" * 100_000
FORGED = "198.51.100.7"
OWN_METHOD = {"envoy"}
"""Gateways that ask with the client's own method and path."""


def _fields(head: bytes) -> list[tuple[str, str]]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return [
        (name.lower(), value.strip())
        for name, _, value in (line.partition(":") for line in lines)
    ]


def _values(head: bytes, name: str) -> list[str]:
    return [value for key, value in _fields(head) if key == name]


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_question_has_the_method_and_no_body(
    told_stage: ToldStage, method: str, chunked: bool
) -> None:
    """The original method is told once, by the gateway; the body stays with it."""
    told_stage.told.tell(answer(200, "X-Auth-Subject: joe"), waits_for_more_s=0.05)
    headers = {"X-Forwarded-Method": "GET", "Cookie": "a=b", "X-CSRF-TOKEN": "c"}
    content = iter([BODY]) if chunked else BODY
    with told_stage.client() as client:
        client.request(method, "/page?q=1", content=content, headers=headers)

    (question,) = told_stage.told.questions
    head, _, rest = question.partition(HEAD_ENDS)
    asked, path, _ = head.split(b"\r\n")[0].decode().split(" ")
    assert rest == b""
    assert _values(head, "transfer-encoding") == []
    assert "".join(_values(head, "content-length")) in {"", "0"}
    assert _values(head, "cookie") == ["a=b"]
    assert _values(head, "x-csrf-token") == ["c"]
    if told_stage.gateway.product.name in OWN_METHOD:
        assert (asked, path) == (method, "/auth/verify/page?q=1")
    else:
        # Caddy leaves the query where it was; the service reads the header's.
        assert (asked, path.partition("?")[0]) == ("GET", "/auth/verify")
        assert _values(head, "x-forwarded-method") == [method]
        assert _values(head, "x-forwarded-uri") == ["/page?q=1"]
    assert told_stage.application.only.body_bytes == len(BODY)


def test_question_about_a_websocket(told_stage: ToldStage) -> None:
    """It is a plain GET, or an upgrade that the service answers over HTTP."""
    told_stage.told.tell(answer(401, "WWW-Authenticate: Bearer"))
    address = f"ws://127.0.0.1:{told_stage.gateway.port}/socket"
    with (
        contextlib.suppress(InvalidHandshake),
        connect(address, proxy=None, open_timeout=60),
    ):
        pass

    (question,) = told_stage.told.questions
    assert question.startswith(b"GET /auth/verify")


def test_the_token_endpoints_hear_the_clients_address(told_stage: ToldStage) -> None:
    """F08: the last word about its address is the gateway's, whatever a client says."""
    addresses = []
    for forged in ({}, {"X-Forwarded-For": FORGED}):
        told_stage.told.tell(answer(200))
        with told_stage.client() as client:
            client.post("/login", json={}, headers=forged)
        (question,) = told_stage.told.questions
        head = question.partition(HEAD_ENDS)[0]
        said = [one.encode() for one in _values(head, "x-forwarded-for")]
        addresses.append(client_of(said, lambda _address: False))
    own = addresses[0]  # of this machine; Envoy does not show a loopback address
    assert own not in {None, FORGED}
    assert addresses == [own, own]

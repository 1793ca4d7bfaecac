import asyncio
from typing import Any

import pytest

from extension.asgi import asgi_call
from quart_jwt.service.ground.request_facts import note_claims
from quart_jwt.service.ground.request_facts import request_facts
from quart_jwt.service.ground.request_facts import RequestFacts
from quart_jwt.service.ground.request_facts import RequestIds
from service.kit import http_scope
from service.kit import Service


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        (b"a", True),
        (b"01234567-89ab-cdef-0123-456789abcdef", True),
        (b"A.b_c-9", True),
        (b"x" * 63, True),
        (b"x" * 64, True),
        (b"x" * 65, False),
        (b"", False),
        (b"a b", False),
        (b"a\r\nX-Evil: 1", False),
        (b"a\n", False),
        (b"\xff", False),
        (b'a"', False),
    ],
)
async def test_a_plain_id_is_taken(
    service: Service, given: bytes, is_taken: bool
) -> None:
    """What is no short plain word is replaced by 16 digits of ours."""
    headers = [(b"host", b"x"), (b"x-request-id", given)]
    events = await asgi_call(
        service.app.asgi_app, http_scope("/nowhere", headers=headers)
    )
    told = [value for name, value in events[0]["headers"] if name == b"x-request-id"]
    assert len(told) == 1
    assert is_taken == (told == [given])
    assert is_taken or len(told[0]) == 16


@pytest.mark.parametrize("path", ["nonsense", "/nowhere", "/healthz"])
async def test_every_answer_has_an_id(service: Service, path: str) -> None:
    """Those of the outermost guard, too."""
    events = await asgi_call(
        service.app.asgi_app, http_scope(path), {"type": "http.request", "body": b""}
    )
    assert dict(events[0]["headers"])[b"x-request-id"]


async def test_a_gateways_answer_has_none(service: Service) -> None:
    """The lane's headers are the gateway's business, and nothing is added."""
    events = await asgi_call(service.app.asgi_app, http_scope("/auth/verify"))
    assert b"x-request-id" not in dict(events[0]["headers"])


async def test_facts_belong_to_one_request() -> None:
    """Requests at the same time do not mix, and afterwards there are none."""
    seen: dict[str, str | None] = {}

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        note_claims({"jti": scope["path"], "sub": 7, "sid": None})
        await asyncio.sleep(0)
        facts = request_facts()
        assert facts is not None
        assert (facts.claim("sub"), facts.claim("sid")) == (None, None)
        assert facts.request_id == facts.request_id
        seen[scope["path"]] = facts.claim("jti")

    layer: Any = RequestIds(app, without="/auth/verify")
    paths = [f"/{number}" for number in range(20)]
    await asyncio.gather(*(asgi_call(layer, http_scope(path)) for path in paths))
    assert seen == {path: path for path in paths}
    assert request_facts() is None
    note_claims({"jti": "nobody's"})


async def test_the_lifespan_passes() -> None:
    """Start and stop are no requests."""
    passed: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append((scope, request_facts()))

    layer: Any = RequestIds(app, without="/auth/verify")
    await asgi_call(layer, {"type": "lifespan"})
    assert passed == [({"type": "lifespan"}, None)]


@pytest.mark.parametrize(
    ("client", "peer"), [(("10.0.0.1", 5), "10.0.0.1"), (None, None), ((), None)]
)
def test_a_peer_may_have_no_address(client: Any, peer: str | None) -> None:
    """A unix socket's has none."""
    assert RequestFacts(http_scope("/", client=client)).peer == peer

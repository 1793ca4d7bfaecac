"""Websockets through each gateway: with a token they open, without one they do not."""

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gateways.processes import DEADLINE_S
from gateways.stages import Stage
from gateways.stages import USER

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("cookies", [False, True], ids=["header", "cookie"])
def test_websocket_passes_with_a_token(stage: Stage, cookies: bool) -> None:
    """It opens, carries text both ways, and the application is told who it is."""
    with stage.signed_in(cookies=cookies) as client:
        pairs = "; ".join(f"{k}={v}" for k, v in client.cookies.items())
        bearer = client.headers.get("Authorization", "")
    headers = {"Cookie": pairs} if cookies else {"Authorization": bearer}
    address = f"ws://127.0.0.1:{stage.gateway.port}/socket"
    headers["X-Auth-Subject"] = "admin"
    with connect(
        address, additional_headers=headers, proxy=None, open_timeout=DEADLINE_S
    ) as websocket:
        websocket.send("hello")
        assert websocket.recv(DEADLINE_S) == "hello"

    arrival = stage.application.only
    assert arrival.kind == "websocket"
    assert arrival.named("X-Auth-Subject") == [USER]


def test_websocket_without_a_token_is_refused(stage: Stage) -> None:
    """The handshake is answered with 401 and a challenge, and goes no further."""
    address = f"ws://127.0.0.1:{stage.gateway.port}/socket"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, proxy=None, open_timeout=60),
    ):
        pass

    assert refused.value.response.status_code == 401
    assert refused.value.response.headers["WWW-Authenticate"] == "Bearer"
    assert stage.application.arrivals == []

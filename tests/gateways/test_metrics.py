"""Through no gateway can the metrics be read; they are there on the machine itself."""

import httpx
import pytest

from gateways.stages import Stage

pytestmark = pytest.mark.slow

MARK = "quart_jwt_processes"


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "/metrics?a",
        "//metrics",
        "/%6detrics",
        "/login/../metrics",
    ],
)
def test_metrics_are_not_for_who_comes_through_a_gateway(
    stage: Stage, path: str
) -> None:
    """That path is the application's, signed in or not."""
    direct = httpx.get(f"http://127.0.0.1:{stage.service.port}/metrics", timeout=60)
    assert MARK in direct.text
    with stage.client() as client:
        assert MARK not in client.get(path).text
    with stage.signed_in() as client:
        assert MARK not in client.get(path).text

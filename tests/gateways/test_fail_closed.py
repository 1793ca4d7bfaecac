"""When there is no verdict, nobody passes: statuses, silence, nonsense, no service."""

import httpx
import pytest

from gateways.processes import poll
from gateways.products import Product
from gateways.stages import Stage
from gateways.stages import Stages
from gateways.stages import ToldStage
from gateways.told_service import answer

pytestmark = pytest.mark.slow

STATUSES = [301, 302, 400, 401, 403, 404, 405, 422, 429, 431, 500, 502, 503, 504]
NONSENSE = {
    "nothing": b"",
    "no-http": b"SSH-2.0-OpenSSH_9.2\r\n",
    "half-a-head": b"HTTP/1.1 200 OK\r\nX-Auth-Subject: admin\r\n",
    "no-status": b"HTTP/1.1 OK\r\n\r\n",
}
WITHOUT_VERDICT = {
    "nginx": {503},
    "caddy": {502, 504},
    "haproxy": {503},
    "envoy": {503},
    "traefik": {500},
}
"""What the client sees without the service: docs/operate/gateways.md has it."""

UNDERSTAND_TWO = {"nginx", "haproxy"}
"""Gateways to which everything but 401 and 403 is no verdict."""


def _is_without_verdict(product: Product, seen: httpx.Response) -> bool:
    """Whether an answer says what docs/operate/gateways.md says of this product."""
    if product.name in UNDERSTAND_TWO and seen.headers["Retry-After"] != "1":
        return False
    return seen.status_code in WITHOUT_VERDICT[product.name]


def _shown(product: Product, status: int) -> set[int]:
    """What the client sees of a status of the service."""
    if product.name in UNDERSTAND_TWO and status not in {401, 403}:
        return WITHOUT_VERDICT[product.name]
    if product.name == "envoy" and status >= 500:
        return WITHOUT_VERDICT[product.name]
    return {status}


def test_only_a_yes_passes(told_stage: ToldStage) -> None:
    """Every other status is the client's in some form, and not the application's."""
    product = told_stage.gateway.product
    with told_stage.client() as client:
        for status in STATUSES:
            headers = ("X-Auth-Subject: admin", "Location: /public/")
            told_stage.told.tell(answer(status, *headers))
            shown = client.get("/page").status_code
            assert shown in _shown(product, status), status

    assert told_stage.application.arrivals == []


@pytest.mark.parametrize("says", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_no_yes(told_stage: ToldStage, says: bytes) -> None:
    """What is not a whole answer lets nobody pass."""
    told_stage.told.tell(says)
    with told_stage.client() as client:
        seen = client.get("/page")

    assert _is_without_verdict(told_stage.gateway.product, seen)
    assert told_stage.application.arrivals == []


def test_silence_is_no_yes(stages: Stages, product: Product) -> None:
    """A service that takes the question and never answers lets nobody pass."""
    told_stage = stages.told_of(product, as_shipped=True)
    told_stage.application.arrivals.clear()
    told_stage.told.tell(None)
    with told_stage.client() as client:
        seen = client.get("/page")

    assert _is_without_verdict(product, seen)
    assert told_stage.application.arrivals == []


def test_refused_connection_is_no_yes(stages: Stages, product: Product) -> None:
    """A service that is not there lets nobody pass; public pages stay."""
    gateway = stages.without_service(product)
    stages.application.arrivals.clear()
    with gateway.client() as client:
        seen = client.get("/page", headers={"Authorization": "Bearer a.b.c"})
        assert stages.application.arrivals == []
        assert client.get("/public/page").status_code == 200

    assert _is_without_verdict(product, seen)


def test_hanging_service_is_no_yes_until_it_goes_on(
    stages: Stages, product: Product
) -> None:
    """A good token does not pass while the service hangs, and does afterwards."""
    stage = stages.of(product, as_shipped=True)
    stage.application.arrivals.clear()
    with stage.signed_in() as client:
        with stage.service.process.stopped():
            seen = client.get("/page")
        assert _is_without_verdict(product, seen)
        assert stage.application.arrivals == []
        poll(lambda: client.get("/page").status_code == 200)


def test_headers_without_end_are_no_yes(stage: Stage) -> None:
    """More headers than the service or the gateway takes let nobody pass."""
    with stage.client() as client:
        for length in (3_000, 7_000, 15_000, 40_000):
            headers = {f"X-Long-{n}": length * "a" for n in range(4)}
            assert client.get("/page", headers=headers).status_code >= 400, length

    assert stage.application.arrivals == []


def test_yes_without_a_name_is_not_the_clients(told_stage: ToldStage) -> None:
    """A yes that says no name does not let the client's own copy through."""
    told_stage.told.tell(answer(200))
    with told_stage.client() as client:
        seen = client.get("/page", headers={"X-Auth-Subject": "admin"})

    assert seen.status_code == 200
    # Caddy 2.6 says "{http.reverse_proxy.header.X-Auth-Subject}", the others nothing.
    assert "admin" not in told_stage.application.only.named("X-Auth-Subject")

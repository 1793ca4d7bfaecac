"""Request durations: the access log hands them over, by route and class of status."""

import io
from contextlib import redirect_stdout
from typing import Any

import pytest

from extension.asgi import asgi_call
from quart_jwt.service.observability.durations import Durations
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import make_config
from service.kit import http_scope
from service.kit import Service
from service.observability.scrape import Scrape
from service.observability.scrape import scrape

pytestmark = pytest.mark.usefixtures("kept_logging")

COUNT = "quart_jwt_request_duration_seconds_count"
BUCKET = "quart_jwt_request_duration_seconds_bucket"
SUM = "quart_jwt_request_duration_seconds_sum"


async def _scraped(service: Service) -> Scrape:
    page = await service.client.get(
        "/metrics", scope_base={"client": ("127.0.0.1", 40000)}
    )
    return scrape((await page.get_data()).decode())


async def _served(
    service: Service, path: str, seconds: float = 0.03, *, status: int = 0
) -> None:
    """Answer a request and log it as Hypercorn does, with the scope of the request."""
    values = {**DEFAULTS, "accesslog": None}
    with redirect_stdout(io.StringIO()):
        log: Any = make_config(values, []).log
    scope: Any = http_scope(path)
    await asgi_call(service.app.asgi_app, scope)
    answer = {"status": status, "headers": []} if status else None
    await log.access(scope, answer, seconds)
    await log.access(scope, answer, seconds)  # of a response after its client left


@pytest.mark.parametrize(
    ("path", "status", "route", "label"),
    [
        ("/protected", 401, "/protected", "4xx"),
        ("/sessions/of-somebody", 405, "other", "4xx"),
        ("/healthz/live", 200, "/healthz/live", "2xx"),
        ("/auth/verify", 401, "/auth/verify", "4xx"),
        ("/auth/verify/below/it", 200, "/auth/verify", "2xx"),
        ("/auth/verify-not", 404, "other", "4xx"),
        ("/nowhere/eyJ.a.b", 404, "other", "4xx"),
        ("/protected", 0, "/protected", "gone"),
    ],
)
async def test_a_request_counts_once_by_route_and_status(
    service: Service, path: str, status: int, route: str, label: str
) -> None:
    """Also where no access log is written, and never with the path that came."""
    await _served(service, path, status=status)
    seen = await _scraped(service)
    assert seen.value(COUNT, route=route, status=label) == 1
    assert seen.total(COUNT) == 1
    assert seen.value(BUCKET, route=route, status=label, le="0.025") == 0
    assert seen.value(BUCKET, route=route, status=label, le="0.05") == 1


async def test_a_flood_of_paths_is_one_series(service: Service) -> None:
    """What a client asks for makes no label."""
    for number in range(20):
        await _served(service, f"/nowhere/{number}", status=404)
    assert (await _scraped(service)).value(COUNT, route="other", status="4xx") == 20


def test_time_that_goes_back_counts_as_nothing() -> None:
    """The time of day can be set back meanwhile; a sum only goes up."""
    metrics = Metrics()
    Durations(metrics).observe("/login", 200, -3.0)
    value = metrics.registry.get_sample_value
    labels = {"route": "/login", "status": "2xx"}
    assert value(COUNT, labels) == 1
    assert value(SUM, labels) == 0


def test_a_failure_is_said_once_and_costs_no_response(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Such as a full disk under the files of several workers."""
    durations = Durations(Metrics())
    for _ in range(2):
        durations.observe("/login", 200, None)  # type: ignore[arg-type] # that is the fault
    assert caplog.text.count("request durations could not be counted") == 1

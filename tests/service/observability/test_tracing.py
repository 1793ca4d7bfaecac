import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from quart_jwt.service.ground import tracing
from quart_jwt.service.ground.tracing import span
from quart_jwt.service.ground.tracing import traced
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import Service

WITHOUT = """
import sys
sys.modules["opentelemetry"] = None
from importlib import util
find = util.find_spec
util.find_spec = lambda name, *rest: None if name == "opentelemetry" else find(name)
from quart_jwt.service.ground.tracing import span, traced

async def work():
    pass

assert traced("work")(work) is work
assert span("a") is span("b")
with span("a") as nothing:
    assert nothing is None
import quart_jwt.service.app
assert sys.modules["opentelemetry"] is None
"""


@pytest.fixture(name="spans")
def _spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Collect spans; the provider of the process is left as it is."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield exporter
    provider.shutdown()


def _tree(spans: InMemorySpanExporter) -> set[tuple[str, str | None]]:
    """Give each span with the one around it."""
    finished = spans.get_finished_spans()
    names = {one.context.span_id: one.name for one in finished if one.context}
    return {
        (one.name, names.get(one.parent.span_id) if one.parent else None)
        for one in finished
    }


async def test_a_sign_in_and_a_refresh_have_spans(
    service: Service, spans: InMemorySpanExporter
) -> None:
    """The hash and the store stand below what asked for them."""
    await service.add()
    spans.clear()
    tokens = await service.log_in()
    assert _tree(spans) == {
        ("quart_jwt.sign_in", None),
        ("quart_jwt.password.verify", "quart_jwt.sign_in"),
        ("quart_jwt.store.start", "quart_jwt.sign_in"),
    }
    spans.clear()
    assert await service.status("POST", "/refresh", tokens["refresh_token"]) == 200
    assert _tree(spans) == {
        ("quart_jwt.refresh", None),
        ("quart_jwt.store.rotate", "quart_jwt.refresh"),
    }


async def test_a_span_tells_nothing_of_what_was_sent(
    service: Service, spans: InMemorySpanExporter
) -> None:
    """No name, no password and no token; of an error, its class."""
    await service.add()
    tokens = await service.log_in()
    await service.client.post("/login", json={"username": NAME, "password": "guess"})
    await service.client.post("/login", data=b"nonsense")
    await service.status("POST", "/refresh", tokens["refresh_token"])
    finished = spans.get_finished_spans()
    told = " ".join(one.to_json() for one in finished)
    for hidden in (f'"{NAME}"', PASSWORD, "guess", "eyJ", "Traceback", "exception."):
        assert hidden not in told
    failed = [one for one in finished if not one.status.is_ok and one.attributes]
    assert {_error(one) for one in failed} == {"CredentialsError", "MediaTypeError"}
    assert not any(one.events for one in finished)


def _error(one: ReadableSpan) -> Any:
    return (one.attributes or {}).get("error.type")


async def test_the_lane_has_a_span_of_the_store_at_most(
    service: Service, spans: InMemorySpanExporter
) -> None:
    """What happens most pays for nothing; here the follower has just begun."""
    await service.add()
    tokens = await service.log_in()
    spans.clear()
    await service.status("GET", "/auth/verify", tokens["access_token"])
    await service.status("GET", "/auth/verify", "x.y.z")
    assert _tree(spans) <= {("quart_jwt.store.is_revoked", None)}


def test_without_the_package_there_is_nothing() -> None:
    """Functions stay what they are, and nothing of it is loaded."""
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)  # noqa: S603 - our own program


async def test_a_traced_function_is_itself(
    monkeypatch: pytest.MonkeyPatch, spans: InMemorySpanExporter
) -> None:
    """Name, arguments and result pass through."""

    @traced("work")
    async def work(number: int, *, more: int) -> int:
        """Work."""
        return number + more

    assert await work(1, more=2) == 3
    assert (work.__name__, work.__doc__) == ("work", "Work.")
    monkeypatch.setattr(tracing, "_trace", None)
    with span("work"):
        pass
    assert _tree(spans) == {("quart_jwt.work", None)}

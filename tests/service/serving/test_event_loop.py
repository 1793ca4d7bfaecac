"""Which event loop serves."""

import asyncio
import gc
from importlib.machinery import ModuleSpec

import pytest
import uvloop

from quart_jwt.service.serving import event_loop


@pytest.mark.parametrize(
    ("worker_class", "kind"),
    [("uvloop", uvloop.Loop), ("asyncio", asyncio.SelectorEventLoop)],
)
def test_the_loop_that_was_asked_for_runs(
    worker_class: str, kind: type[asyncio.AbstractEventLoop]
) -> None:
    """To the end of the coroutine, as asyncio.run does."""
    seen: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        seen.append(asyncio.get_running_loop())

    event_loop.run(main(), worker_class)
    assert isinstance(seen[0], kind)
    assert seen[0].is_closed()


def test_what_is_there_at_the_start_is_not_collected() -> None:
    """A look through all that was imported would stop every request meanwhile."""
    imported = [[object()]]
    looked_through: list[bool] = []

    async def main() -> None:
        looked_through.append(any(each is imported for each in gc.get_objects()))

    event_loop.run(main(), "asyncio")
    assert looked_through == [False]


def test_asyncio_serves_where_uvloop_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On Windows it does not exist, and nobody has to write another file there."""

    def found(_name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(event_loop, "find_spec", found)
    assert event_loop.loop_factory("uvloop") is None

"""Tests that run on each event loop that serves: hooks for a folder's conftest."""

import asyncio
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path

import pytest
import uvloop

Factories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]

EACH: Factories = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
ASYNCIO: Factories = {"asyncio": EACH["asyncio"]}


def slow_on_asyncio(items: Iterable[pytest.Item], folder: Path) -> None:
    """Leave one of two runs to the slow tail: uvloop's is the one that is served."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        is_ours = item.path.is_relative_to(folder)
        if is_ours and asyncio.new_event_loop in parameters.values():
            item.add_marker(pytest.mark.slow)

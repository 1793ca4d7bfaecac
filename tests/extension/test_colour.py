"""The bridges between sync and async."""

import asyncio
from functools import partial
from typing import Any

import pytest

from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.hooks.colour import is_async
from quart_jwt.extension.hooks.colour import WouldSuspendError
from quart_jwt.extension.hooks.waiting import run_from_sync


async def _coroutine(value: int = 1) -> int:
    return value


async def _waiting() -> int:
    await asyncio.sleep(0)
    return 2


class _AsyncObject:
    async def __call__(self) -> None: ...


class _SyncObject:
    def __call__(self) -> None: ...


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (_coroutine, True),
        (partial(_coroutine, 1), True),
        (partial(partial(_coroutine), 1), True),
        (_AsyncObject(), True),
        (_SyncObject(), False),
        (lambda: None, False),
        (len, False),
        (dict, False),
    ],
)
def test_colour(function: Any, expected: bool) -> None:
    """A function's colour is seen through partials and objects."""
    assert is_async(function) is expected


def test_finish() -> None:
    """What never waits can be run without a loop."""
    assert finish(_coroutine(5)) == 5


def test_finish_what_waits() -> None:
    """What has to wait is closed and reported."""
    with pytest.raises(WouldSuspendError):
        finish(_waiting())


def test_finish_passes_errors_on() -> None:
    """An error comes out as it was raised."""

    async def broken() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        finish(broken())


def test_run_from_sync_without_a_loop() -> None:
    """Without any loop a coroutine is run by hand."""
    assert run_from_sync(_coroutine(3)) == 3

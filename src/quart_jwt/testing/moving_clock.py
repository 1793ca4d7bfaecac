"""
Time for tests: it stands still until they move it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from quart import Quart

from quart_jwt.extension.request.current import manager_of


class Clock:
    """
    Stands still until a test moves it.

    Args:
        now: Epoch seconds.
    """

    def __init__(self, now: float) -> None:
        self.now: float = now

    def __call__(self) -> float:
        """Epoch seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass or, with a negative number, come back."""
        self.now += seconds


@contextmanager
def moving_clock(app: Quart, now: float | None = None) -> Iterator[Clock]:
    """
    Let an app's tokens live by a clock that the test moves.

    Args:
        app: The app.
        now: Where it stands first, in epoch seconds; the present time if None.
    """
    jwt = manager_of(app)
    before = jwt.clock
    clock = Clock(before() if now is None else now)
    jwt.clock = clock
    try:
        yield clock
    finally:
        jwt.clock = before

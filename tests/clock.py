"""A clock that stands still until a test moves it."""

START = 1_700_000_000
"""14 November 2023: any fixed instant would do."""


class Clock:
    """Gives epoch seconds; put it wherever ``time.time`` would stand."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:  # noqa: D102 - the class says it
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass (or, with a negative number, come back)."""
        self.now += seconds

"""
How long the end of a process may take; known to it and to its supervisor.
"""

from dataclasses import dataclass

LINGER_S = 1.0
"""How long a stop waits for requests that may be on their way."""

CLOSING_S = 4.0
"""What a process has for closing itself; with ``LINGER_S`` the 5 s on top of the
grace time."""

KILL_AFTER_S = 2.0
"""A worker ends itself; what cannot even do that is killed so much later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """
    How long things may take, in seconds.

    Attributes:
        start_s: From a worker's start to its first beat.
        grace_s: From SIGTERM to the last answer.
        idle_s: For how long a connection may be without a request.
    """

    start_s: float
    grace_s: float
    idle_s: float

    @property
    def stop_s(self) -> float:
        """From SIGTERM to the end of a worker."""
        return self.grace_s + LINGER_S + CLOSING_S + KILL_AFTER_S

    @property
    def drain_s(self) -> float:
        """From the wish to replace a worker to its end."""
        return self.idle_s + self.stop_s

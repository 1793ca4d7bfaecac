"""
Values that several parts of the service exchange.
"""

from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Gives the time in seconds since 1970."""

VERIFY_PATH = "/auth/verify"
"""Where a gateway asks; every path below counts, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashCost:
    """
    What one Argon2id hash costs.

    Attributes:
        memory_kib: Memory in kibibytes.
        iterations: Passes over that memory.
        lanes: Threads that one hash runs on.
    """

    memory_kib: int
    iterations: int
    lanes: int


OWASP_MINIMUM = HashCost(memory_kib=19 * 1024, iterations=2, lanes=1)
"""
OWASP's recommended minimum rather than RFC 9106's 64 MiB in four lanes.

One lane makes a slot one core, and 19 MiB a slot keeps a login flood small:
24 ms a hash where the RFC's second recommendation takes 114 ms.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashLoad:
    """
    How busy the hashing pool is.

    Attributes:
        running: Hashes being computed.
        waiting: Logins that have a place and wait.
        limit: Both together at which the next login is refused.
    """

    running: int
    waiting: int
    limit: int

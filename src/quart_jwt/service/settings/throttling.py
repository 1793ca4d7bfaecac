"""
How often somebody may try to sign in.
"""

from dataclasses import dataclass

from quart_jwt.service.settings.environment import MINUTES
from quart_jwt.service.settings.environment import Reading

MAX_FREE_FAILURES = 100
"""NIST SP 800-63B section 5.2.2: no more than 100 failures of an account in a row."""
LONGEST_WAIT_S = 60 * MINUTES
"""The same section names 30 seconds up to an hour; longer locks the owner out."""
MAX_PER_MINUTE = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttling:
    """
    How often somebody may try to sign in.

    Attributes:
        enabled: Whether attempts are counted at all.
        free_failures: How many failures of an account make nobody wait. Ten guesses
            find no password, and spare whoever mistypes or signs in several times
            at once.
        max_wait_s: The longest wait of an account, in seconds.
        address_per_minute: How many failures of an address in a minute.
    """

    enabled: bool = True
    free_failures: int = 10
    max_wait_s: int = LONGEST_WAIT_S
    address_per_minute: int = 30


def read_throttling(reading: Reading) -> Throttling:
    """Read them; faults are left with the reading."""
    default = Throttling()
    return Throttling(
        enabled=reading.flag("THROTTLE", default=default.enabled),
        free_failures=reading.number(
            "THROTTLE_FREE_FAILURES", default.free_failures, most=MAX_FREE_FAILURES
        ),
        max_wait_s=reading.number(
            "THROTTLE_MAX_WAIT", default.max_wait_s, most=LONGEST_WAIT_S
        ),
        address_per_minute=reading.number(
            "THROTTLE_ADDRESS_PER_MINUTE",
            default.address_per_minute,
            most=MAX_PER_MINUTE,
        ),
    )

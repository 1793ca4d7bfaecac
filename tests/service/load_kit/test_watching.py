"""What the load test makes of processes that have ended."""

from quart_jwt.service.load.watching import cpu_s
from quart_jwt.service.load.watching import resident_bytes
from quart_jwt.service.load.watching import workers_of

NO_PROCESS = 2**22 + 1
"""Above the largest process id of Linux (proc(5))."""


def test_a_process_that_has_ended_has_no_figures() -> None:
    """It may end while it is being watched."""
    assert (workers_of(NO_PROCESS), workers_of(None)) == ((), ())
    assert cpu_s([NO_PROCESS]) is None
    assert resident_bytes([NO_PROCESS]) is None
    assert (cpu_s([]), resident_bytes([])) == (None, None)

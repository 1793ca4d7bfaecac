"""
How many apps, requests and verifications this process has had, for ``quart-jwt try``.

``totals()`` gives them by name: ``apps``, ``requests``, ``native_requests`` (those of
the requests that needed no thread) and ``verifications``.
"""

import threading


class Total:
    """A number that threads may count up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value: int = 0

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self.value += 1


APPS = Total()
REQUESTS = Total()
NATIVE_REQUESTS = Total()
VERIFICATIONS = Total()


def totals() -> dict[str, int]:
    """Return all numbers by name."""
    return {
        "apps": APPS.value,
        "requests": REQUESTS.value,
        "native_requests": NATIVE_REQUESTS.value,
        "verifications": VERIFICATIONS.value,
    }

"""
How long requests took, by route and class of status.

The access log calls this with the time that Hypercorn has measured anyway. Routes are
the rules of the application; paths that no rule matches share one label.
"""

import logging

from prometheus_client import Histogram

from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.metrics import OTHER

logger: logging.Logger = logging.getLogger(__name__)

CLASSES = {0: "gone", 1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}
"""The labels, by the first digit of the status; 0 if the client left before it."""


class Durations:
    """
    Measures the requests of one application.

    Args:
        metrics: Where the histogram is.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._histogram = metrics.request_duration
        self._children: dict[tuple[str | None, int], Histogram] = {}
        self._has_failed = False

    def observe(self, route: str | None, status: int, seconds: float) -> None:
        """
        Count a request; never raises.

        Args:
            route: The rule that its path matched; None if there was none.
            status: The status of the response; 0 if the client left before it.
            seconds: How long it took. Hypercorn reads the time of day, which can be
                set back; less than nothing counts as nothing.
        """
        key = route, status // 100
        try:
            child = self._children.get(key) or self._add(*key)
            child.observe(seconds if seconds > 0 else 0.0)
        except Exception as error:  # noqa: BLE001 - a full disk must not cost the response
            if not self._has_failed:
                self._has_failed = True
                logger.error("request durations could not be counted: %r", error)  # noqa: TRY400 - the sentence says it

    def _add(self, route: str | None, digit: int) -> Histogram:
        child = self._histogram.labels(route or OTHER, CLASSES.get(digit, OTHER))
        self._children[route, digit] = child
        return child

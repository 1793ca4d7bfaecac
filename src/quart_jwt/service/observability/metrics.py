"""
The metrics: every one there is, what it is called and which labels it has.

Labels come from small sets that are ours. Where a value comes from somewhere else,
only so many different ones are let in (``Bounded``); a name, a path, a key's id or
a token never is one.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry
from prometheus_client import Counter
from prometheus_client import Gauge
from prometheus_client import Histogram

LATENCIES_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
LAGS_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

OTHER = "other"
MAX_VALUES = 64
"""Our own sets are smaller; what is beyond them is a fault or an attack."""


class Family:
    """
    Makes metrics: their names begin alike, and of several processes they add up.

    Args:
        registry: Where they are kept.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, what: str, *labels: str) -> Counter:
        """Make something that only goes up; a dead process's counts stay."""
        return Counter(f"quart_jwt_{name}", what, labels, registry=self._registry)

    def gauge(self, name: str, what: str) -> Gauge:
        """Make something that goes up and down; a dead process's value goes."""
        full_name, registry = f"quart_jwt_{name}", self._registry
        return Gauge(full_name, what, registry=registry, multiprocess_mode="livesum")

    def histogram(
        self, name: str, what: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        """Make a distribution of seconds."""
        full_name, registry = f"quart_jwt_{name}", self._registry
        return Histogram(full_name, what, labels, buckets=buckets, registry=registry)


class CacheMetrics:
    """The verified-token cache."""

    def __init__(self, family: Family) -> None:
        self.lookups: Counter = family.counter(
            "cache_lookups", "Tokens looked up in the verified-token cache.", "result"
        )
        self.evictions: Counter = family.counter(
            "cache_evictions", "Tokens evicted from the cache."
        )
        self.entries: Gauge = family.gauge("cache_entries", "Tokens in the cache.")
        self.bytes: Gauge = family.gauge(
            "cache_bytes", "Memory of the cache (an upper bound)."
        )
        self.max_bytes: Gauge = family.gauge(
            "cache_max_bytes", "Limit of the cache's memory."
        )


class HashingMetrics:
    """The pool of Argon2 hashes."""

    def __init__(self, family: Family) -> None:
        self.running: Gauge = family.gauge(
            "password_hashes_running", "Hashes being computed."
        )
        self.waiting: Gauge = family.gauge(
            "password_hashes_waiting", "Hashes that wait to be computed."
        )
        self.most: Gauge = family.gauge(
            "password_hashes_max",
            "Limit of running and waiting hashes; beyond it, logins get a 503.",
        )


class Metrics:
    """The metrics of one service."""

    def __init__(self) -> None:
        self.registry: CollectorRegistry = CollectorRegistry()
        family = Family(self.registry)
        self.cache: CacheMetrics = CacheMetrics(family)
        self.hashing: HashingMetrics = HashingMetrics(family)
        self.processes: Gauge = family.gauge(
            "processes", "Worker processes that serve."
        )
        self.loop_lag: Histogram = family.histogram(
            "event_loop_lag_seconds", "How late the event loop wakes up.", LAGS_S
        )
        self.audit_lines_lost: Counter = family.counter(
            "audit_lines_lost", "Lines of the audit log that could not be written."
        )
        self._events = family.counter(
            "security_events", "Events of the audit log.", "event", "reason"
        )
        self._refusals = family.counter(
            "refusals", "Rejected requests, by error code.", "door", "code"
        )
        self._store_errors = family.counter(
            "store_errors", "Calls that failed or timed out.", "store", "verb"
        )
        self._store_latency = family.histogram(
            "store_duration_seconds",
            "Response time of a store.",
            LATENCIES_S,
            *("store", "verb"),
        )
        self.request_duration: Histogram = family.histogram(
            "request_duration_seconds",
            "Response time of a route, by class of status.",
            LATENCIES_S,
            *("route", "status"),
        )
        self._codes, self._reasons = Bounded(), Bounded()

    def refused(self, door: str, code: str, times: int = 1) -> None:
        """
        Count refusals.

        Args:
            door: ``endpoint``, or ``gateway`` for questions at ``/auth/verify``.
            code: The code of the answer.
            times: How many.
        """
        self._refusals.labels(door, self._codes.of(code)).inc(times)

    def event(self, kind: str, reason: str | None) -> None:
        """Count a security event."""
        self._events.labels(kind, self._reasons.of(reason or "")).inc()

    def store_failed(self, store: str, verb: str) -> None:
        """Count a call of a store that came to nothing; see ``timed``."""
        self._store_errors.labels(store, verb).inc()

    @contextmanager
    def timed(self, store: str, verb: str) -> Iterator[None]:
        """
        Measure a call of a store.

        Args:
            store: ``sessions`` or ``accounts``.
            verb: What is asked of it.
        """
        began = time.perf_counter()
        try:
            yield
        finally:
            spent_s = time.perf_counter() - began
            self._store_latency.labels(store, verb).observe(spent_s)


class Bounded:
    """Lets so many different values through; whatever comes later is ``other``."""

    def __init__(self, most: int = MAX_VALUES) -> None:
        self._most = most
        self._seen: set[str] = set()

    def of(self, value: str) -> str:
        """Return the value, or ``other``."""
        if value not in self._seen:
            if len(self._seen) >= self._most:
                return OTHER
            self._seen.add(value)
        return value

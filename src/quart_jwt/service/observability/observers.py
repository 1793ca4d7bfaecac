"""
Who watches the service: put together here, opened and closed with the application.

They receive security events, the extension's signals and the rejections of the
endpoints, and count them or write them into the audit log.
"""

from collections.abc import AsyncGenerator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quart import current_app
from quart import has_app_context
from quart import has_request_context
from quart import Quart

from quart_jwt import nonblocking
from quart_jwt.building_blocks import settings_of
from quart_jwt.service.ground.events import answer_refused
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.ground.lifetime import Part
from quart_jwt.service.ground.request_facts import note_claims
from quart_jwt.service.ground.values import Clock
from quart_jwt.service.ground.values import HashLoad
from quart_jwt.service.observability.audit import AuditLog
from quart_jwt.service.observability.exposition import Exposition
from quart_jwt.service.observability.metrics import Metrics
from quart_jwt.service.observability.sampler import Sampler
from quart_jwt.service.observability.token_events import TokenEvents
from quart_jwt.signals import token_refused

OBSERVERS = "quart-jwt-observers"


@dataclass(frozen=True, slots=True)
class Observers:
    """
    Everybody who watches one app.

    Args:
        app: The app.
        metrics: What is counted.
        audit_path: The audit log's file; None for none.
        log_format: How other log lines are written.
        sampler: Reads what is counted in plain integers.
        audit: The audit log.
        exposition: What ``/metrics`` says.
    """

    app: Quart
    metrics: Metrics
    audit_path: Path | None
    log_format: str
    sampler: Sampler
    audit: AuditLog
    exposition: Exposition

    async def listening(self) -> AsyncGenerator[None, None]:
        """
        Listen until the service ends.

        Raises:
            StartError: The audit log cannot be opened.
        """
        lost = self.metrics.audit_lines_lost.inc
        on_token_refused = nonblocking(self._on_token_refused)
        with (
            self.audit.opened(self.audit_path, lost, log_format=self.log_format),
            security_events.connected_to(self._on_event),
            answer_refused.connected_to(self._on_answer_refused),
            token_refused.connected_to(on_token_refused, sender=self.app),
        ):
            yield

    async def page(self, accept: str) -> tuple[bytes, str]:
        """Return what ``/metrics`` says now, and its media type."""
        self.sampler.sample()
        return await self.exposition.page(accept)

    def _on_event(self, event: Event) -> None:
        if self._is_ours():
            self.metrics.event(event.kind.value, event.reason)
            self.audit.write(event)

    def _on_answer_refused(self, code: str) -> None:
        if self._is_ours():
            self.metrics.refused("endpoint", code)

    def _on_token_refused(
        self, _app: Quart, *, code: str, jti: Any, subject: Any, session_id: Any
    ) -> None:
        """Count a question of a gateway; an endpoint's answer is counted as such."""
        if not has_request_context():
            self.sampler.lane_refusals[code] += 1
            return
        note_claims({"jti": jti, "sub": subject, "sid": session_id})

    def _is_ours(self) -> bool:
        """Whether it happened here, and not in another app of this process."""
        return not has_app_context() or current_app == self.app


def observed(
    app: Quart,
    *,
    metrics: Metrics,
    clock: Clock,
    audit_path: Path | None,
    log_format: str,
    hash_load: Callable[[], HashLoad],
) -> tuple[Part, ...]:
    """
    Let an app be watched.

    Args:
        app: The app; ``current_observers`` finds its observers.
        metrics: What is counted.
        clock: Gives the time in seconds since 1970.
        audit_path: The audit log's file; None for none.
        log_format: How other log lines are written.
        hash_load: Gives how busy the hashing pool is.

    Returns:
        What has to be opened with the app.
    """
    observers = Observers(
        app=app,
        metrics=metrics,
        audit_path=audit_path,
        log_format=log_format,
        sampler=Sampler(
            metrics,
            cache=lambda: settings_of(app).verified,
            hash_load=hash_load,
        ),
        audit=AuditLog(clock),
        exposition=Exposition(metrics),
    )
    app.extensions[OBSERVERS] = observers
    token_events = TokenEvents(app)
    return observers.listening, token_events.serving, observers.sampler.serving


def current_observers() -> Observers:
    """Return who watches the app that serves this request."""
    observers: Observers = current_app.extensions[OBSERVERS]
    return observers

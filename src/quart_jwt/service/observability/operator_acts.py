"""
What an operator does on the command line, written into the service's audit log.

Only if ``QUART_JWT_AUDIT_LOG`` names a file: standard error is the operator's own
terminal here. The file is opened before anything is changed.
"""

import getpass
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager

from quart_jwt.service.events import happened
from quart_jwt.service.events import Kind
from quart_jwt.service.events import security_events
from quart_jwt.service.observability.audit import AuditLog
from quart_jwt.service.settings.environment import Reading
from quart_jwt.service.settings.observability import read_audit_log

Say = Callable[..., None]


@contextmanager
def operator_acts(environ: Mapping[str, str]) -> Iterator[Say]:
    """
    Give what says an event with the operator's name, after the act.

    Args:
        environ: Where the audit log's place is.

    Raises:
        StartError: The audit log cannot be opened; nothing was changed.
    """
    path = read_audit_log(Reading(environ))
    if path is None:
        yield _say
        return
    audit = AuditLog(time.time)
    with (
        audit.opened(path, lost=lambda: None),
        security_events.connected_to(audit.write),
    ):
        yield _say


def _say(
    kind: Kind,
    *,
    subject: str | None = None,
    key_id: str | None = None,
    client: str | None = None,
) -> None:
    actor = operator_name()
    happened(kind, subject=subject, key_id=key_id, client=client, actor=actor)


def operator_name() -> str:
    """Return the name of the system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a line in passwd
        return "unknown"

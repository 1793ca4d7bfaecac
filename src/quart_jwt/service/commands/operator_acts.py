"""
What an operator does on the command line, written into the service's audit log.

Only if ``QUART_JWT_AUDIT_LOG`` names a file: standard error is the operator's own
terminal here. The file is opened before anything is changed. If root is the first to
write, it is made for the service's user, or the service could not write it.
"""

import getpass
import os
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path

from quart_jwt.clock import system_time
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.events import security_events
from quart_jwt.service.observability.audit import AuditLog
from quart_jwt.service.settings.groups import Observability
from quart_jwt.service.settings.settings import reading_of
from quart_jwt.service.settings.state_dir import PRIVATE_FILE
from quart_jwt.service.settings.storage import Storage

ROOT = 0

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
    reading = reading_of(environ)
    path: Path | None = reading.value(Observability, "audit_log")
    if path is None:
        yield _say
        return
    if os.geteuid() == ROOT:
        _make_for_the_service(path, reading.value(Storage, "state_dir"))
    audit = AuditLog(system_time)
    with (
        audit.opened(path, lost=lambda: None),
        security_events.connected_to(audit.write),
    ):
        yield _say


def _make_for_the_service(path: Path, state_dir: Path) -> None:
    """
    Make the audit log, if it is not there, and give it to whom the state directory
    belongs, or without one its own. What goes wrong, the opening will say.
    """
    with suppress(OSError):
        place = state_dir if state_dir.is_dir() else path.parent
        owner = place.stat()
        # Only what is made here and now: a link might lead to any file of root's.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        try:
            os.fchown(file, owner.st_uid, owner.st_gid)
        finally:
            os.close(file)


def _say(
    kind: Kind,
    *,
    subject: str | None = None,
    key_id: str | None = None,
    client: str | None = None,
    new_name: str | None = None,
) -> None:
    happened(
        kind,
        subject=subject,
        key_id=key_id,
        client=client,
        actor=operator_name(),
        new_name=new_name,
    )


def operator_name() -> str:
    """Return the name of the system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a line in passwd
        return "unknown"

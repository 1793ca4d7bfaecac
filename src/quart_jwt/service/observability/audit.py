"""
The audit log: a line of JSON for every security event, on standard error or in a file.

The file is opened before the service starts, only its owner may read it, and it is
reopened after it was moved (logrotate). Every line is one write at its end, so that
several processes may share it. An event that cannot be written later is lost, which is
logged once and counted: a full disk does not stop sign-ins.
"""

import io
import json
import logging
import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from logging.handlers import WatchedFileHandler
from pathlib import Path

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.request_facts import request_facts
from quart_jwt.service.ground.request_facts import RequestFacts
from quart_jwt.service.observability.json_lines import json_line
from quart_jwt.service.observability.json_lines import timestamp
from quart_jwt.service.observability.logs import LineFormatter
from quart_jwt.service.observability.logs import LineHandler
from quart_jwt.service.observability.logs import say_lost
from quart_jwt.service.observability.repeats import Repeats
from quart_jwt.service.settings.state_dir import PRIVATE_FILE

LOGGER = "quart_jwt.audit"

MAX_USER_AGENT = 256
"""Characters; browsers have some 120."""

OFTEN = {Kind.THROTTLED, Kind.CLIENT_REFUSED}
"""What nothing but the patience of a stranger limits."""

_LOGGER = logging.getLogger(LOGGER)

Clock = Callable[[], float]
Lost = Callable[[], None]
Members = dict[str, str | int | None]


class AuditLog:
    """
    Writes events down.

    Args:
        clock: Gives the time in seconds since 1970.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._repeats = Repeats()
        self._handle: Callable[[logging.LogRecord], object] = _LOGGER.handle
        self._line: Callable[[Members], str] = json_line

    @contextmanager
    def opened(
        self, path: Path | None, lost: Lost, *, log_format: str = "json"
    ) -> Iterator[None]:
        """
        Have a place to write to.

        Args:
            path: The file; None for standard error, or for what the operator has
                configured for the logger ``quart_jwt.audit``.
            lost: Called for each line that could not be written.
            log_format: How other lines are written: on a terminal, which people read,
                these are like them.

        Raises:
            StartError: The file cannot be opened.
        """
        if path is None and _LOGGER.handlers:
            yield
            return
        with closing(_handler(path, lost)) as handler:
            if path is None and log_format == "text" and _is_terminal():
                handler.setFormatter(LineFormatter())
                self._line = _text_line
            self._handle = handler.handle
            yield
        self._handle, self._line = _LOGGER.handle, json_line

    def write(self, event: Event) -> None:
        """Write one line: what has happened, to whom, and who asked for it."""
        members = self._members(event)
        if event.kind in OFTEN:
            what = (event.kind, event.reason, members.get("address"))
            left_out = self._repeats.left_out(what, self._clock())
            if left_out is None:
                return
            members["left_out"] = left_out or None
        line = self._line(members)
        self._handle(
            logging.LogRecord(LOGGER, logging.INFO, __file__, 0, "%s", (line,), None)
        )

    def _members(self, event: Event) -> Members:
        facts = request_facts()
        return {
            "time": timestamp(self._clock()),
            "event": event.kind.value,
            "subject": event.subject,
            "session_id": event.session_id,
            "reason": event.reason,
            "key_id": event.key_id,
            "client": event.client,
            "actor": event.actor,
            "new_name": event.new_name,
            **({} if facts is None else _client(facts)),
        }


def _client(facts: RequestFacts) -> dict[str, str | None]:
    agent = facts.user_agent
    return {
        "address": facts.address,
        "user_agent": None if agent is None else agent[:MAX_USER_AGENT],
        "request_id": facts.request_id,
    }


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _text_line(members: Members) -> str:
    """Return ``event name=value ...``; the formatter adds the time."""
    given = {name: value for name, value in members.items() if value is not None}
    rest = (name for name in given if name not in {"time", "event"})
    pairs = (f"{name}={_quoted(str(given[name]))}" for name in rest)
    return " ".join([str(given["event"]), *pairs])


def _quoted(value: str) -> str:
    """Return a value in quotes if it could be taken for several."""
    return json.dumps(value) if set(value) & {" ", "=", '"'} else value


def _handler(path: Path | None, lost: Lost) -> logging.Handler:
    if path is None:
        return _CountingHandler(lost)
    try:
        return _PrivateFile(path, lost)
    except OSError as error:
        raise StartError(
            f"the audit log {str(path)!r} cannot be opened: {error.strerror}"
        ) from error


class _CountingHandler(LineHandler):
    """Standard error."""

    def __init__(self, lost: Lost) -> None:
        super().__init__()
        self._lost = lost

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Count it, and say so once."""
        self._lost()
        super().handleError(record)


class _PrivateFile(WatchedFileHandler):
    """A file that its owner alone may read, opened again when it was moved away."""

    def __init__(self, path: Path, lost: Lost) -> None:
        self._lost = lost
        self._has_failed = False
        super().__init__(path, encoding="ascii")

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; opening it again may fail as writing may."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name
        """Count it, and say so once."""
        self._lost()
        if not self._has_failed:
            self._has_failed = True
            say_lost()

    def _open(self) -> io.TextIOWrapper:
        file = io.FileIO(self.baseFilename, "a", opener=_private)
        # Without a buffer: a line is one write, or it is lost.
        return io.TextIOWrapper(file, "ascii", write_through=True)  # as python -u does


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, PRIVATE_FILE)

r"""
Log lines: one record is one line, and no record holds a token.

What clients send can end up in a message (a path, a user name). Control
characters are escaped, so that a client cannot forge a second line; what looks like a
JWT is masked, so that a token pasted into a path is not kept. Everything beyond
ASCII is escaped, too: a line can be written in whatever encoding a stream has.
The lines of a traceback are indented and cannot be taken for records.

A record that cannot be written is lost and never shown: ``logging`` would print
its arguments, and Hypercorn's are all headers and the whole environment.
"""

import asyncio
import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from functools import lru_cache
from typing import Any
from typing import TextIO

from quart_jwt.service.ground.values import VERIFY_PATH

LOST = "quart-jwt: a log line could not be written, and others may be lost, too\n"
UNFORMED = "a line could not be formed: access_log_format is wrong"

ACCESS_LOGGER = "hypercorn.access"

YES = "200"

MAX_LINE = 4_096
"""Characters; what a client can put into a line should not fill a disk."""

ACCESS = {
    "client": "h",
    "method": "m",
    "path": "U",
    "status": "s",
    "microseconds": "D",
}
"""Members of an access line in JSON, and Hypercorn's names of them."""

# Possessive, and matching without a dot as well: nothing is ever read twice.
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]*+)?+(?:\.[A-Za-z0-9_-]*+)?+")


class FinishedLine(logging.Filter):
    """
    Turns a record of format and atoms into one that holds its text alone.

    Questions of a gateway that were answered 200 do not pass, unless
    ``QUART_JWT_LOG_VERIFIED`` says so: the gateway logs the requests themselves.
    """

    @cached_property
    def _logs_verified(self) -> bool:
        # Late, for the process that keeps workers needs no settings.
        from quart_jwt.service.settings.settings import logs_verified  # noqa: PLC0415

        return logs_verified(os.environ)

    def filter(self, record: logging.LogRecord) -> bool:
        """Finish the record, and say whether it passes."""
        atoms = record.args
        if (
            isinstance(atoms, Mapping)
            and not self._logs_verified
            and is_verified(atoms.get("U"), atoms.get("s"))
        ):
            return False
        try:
            record.msg = record.getMessage()
            if isinstance(record.args, Mapping):
                record.access = harmless(record.args)
        except Exception:  # noqa: BLE001 - a format of the operator's may raise anything
            record.msg = UNFORMED
        record.args = None
        return True


class LineHandler(logging.StreamHandler[TextIO]):
    """
    Writes to a stream; says once, on standard error, that it could not.

    Lines that come without a record (``write_soon``) are written together, when the
    event loop has finished its turn: a process that is killed loses those of that turn.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self._waiting: list[str] = []
        self._has_failed = False

    def write_soon(self, line: str) -> None:
        """Write a finished line at the end of this turn of the running event loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._write_waiting)
        self._waiting.append(line)

    def emit(self, record: logging.LogRecord) -> None:
        """Same as ``logging``'s, but lines keep their order."""
        self._write_waiting()
        super().emit(record)

    def flush(self) -> None:
        """Write what is waiting, and flush the stream."""
        self._write_waiting()
        super().flush()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name; the record is not to be shown
        """Say so, the first time."""
        self._say_lost()

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        lines, self._waiting = self._waiting, []
        try:
            self.stream.write("\n".join([*lines, ""]))
            self.stream.flush()
        except Exception:  # noqa: BLE001 - whatever a stream raises, the service goes on
            self._say_lost()

    def _say_lost(self) -> None:
        if not self._has_failed:
            self._has_failed = True
            say_lost()


def say_lost() -> None:
    """Say that a line is lost, if anything can be said."""
    # Standard error may be what is broken, closed or not there at all.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(LOST)


class LineFormatter(logging.Formatter):
    """Formats as ``2026-01-31 12:00:00 INFO hypercorn.error: message``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self.default_msec_format: str | None = ""

    def access_line(self, message: str, _atoms: Mapping[str, Any]) -> str:
        """Return what ``format`` makes of a record of the access log."""
        moment = _local_time(int(time.time()))
        return safe_line(f"{moment} INFO {ACCESS_LOGGER}: {message}")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record as one safe line."""
        return safe_line(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Return a traceback, each line indented and safe."""
        return _indented(super().formatException(ei))  # type: ignore[arg-type] # passed through

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """Return where a record was made, each line indented and safe."""
        return _indented(stack_info)


def is_verified(path: object, status: object) -> bool:
    """Whether a request was a gateway's question whose answer was yes."""
    if str(status) != YES or not isinstance(path, str):
        return False
    return path == VERIFY_PATH or path.startswith(f"{VERIFY_PATH}/")


@lru_cache(2)
def _local_time(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def harmless(atoms: Mapping[str, Any]) -> dict[str, Any]:
    """What of an access line's atoms is neither a header nor a query string."""
    return {member: atoms[atom] for member, atom in ACCESS.items() if atom in atoms}


def safe_line(text: str) -> str:
    """Return text in ASCII, tokens masked and everything unprintable escaped."""
    masked = text[:MAX_LINE]
    if "eyJ" in masked:
        masked = _TOKEN.sub("<token>", masked)
    if masked.isascii() and masked.isprintable():
        return masked
    return "".join(
        character
        if character.isascii() and character.isprintable()
        else character.encode("unicode_escape").decode("ascii")
        for character in masked
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {safe_line(line)}" for line in text.split("\n"))

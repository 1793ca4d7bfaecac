r"""
Log lines: one record is one line, and no record holds a token.

What clients send can end up in a message (a path, a user name). Control
characters are escaped, so that nobody forges a second line; what looks like a
JWT is masked, so that a token pasted into a path is not kept. Everything beyond
ASCII is escaped, too: a line can be written in whatever encoding a stream has.
The lines of a traceback are indented and cannot be taken for records.

A record that cannot be written is lost and never shown: ``logging`` would print
its arguments, and Hypercorn's are all headers and the whole environment.
"""

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from typing import TextIO

from hypercorn.config import Config
from hypercorn.logging import Logger

LOST = "quart-jwt: a log line could not be written, and others may be lost, too\n"
UNFORMED = "a line could not be formed: access_log_format is wrong"

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


class LineLogger(Logger):
    """
    Hypercorn's logger, but nothing that it logs is ever dumped.

    Whatever logging an operator has configured, the access log gets finished
    lines, and handlers of other loggers keep what they cannot write to
    themselves.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        logging.raiseExceptions = False
        if self.access_logger is not None:
            self.access_logger.addFilter(FinishedLine())


class FinishedLine(logging.Filter):
    """Turns a record of format and atoms into one that holds its text alone."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Finish the record; always let it pass."""
        try:
            record.msg = record.getMessage()
            if isinstance(record.args, Mapping):
                record.access = _harmless(record.args)
        except Exception:  # noqa: BLE001 - a format of the operator's may raise anything
            record.msg = UNFORMED
        record.args = None
        return True


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes to a stream; says once, on standard error, that it could not."""

    _has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's name; the record is not to be shown
        """Write one constant line, the first time."""
        if self._has_failed:
            return
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

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record as one safe line."""
        return safe_line(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        """Return a traceback, each line indented and safe."""
        return _indented(super().formatException(ei))  # type: ignore[arg-type] # passed through

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's name
        """Return where a record was made, each line indented and safe."""
        return _indented(stack_info)


def _harmless(atoms: Mapping[str, Any]) -> dict[str, Any]:
    """What of an access line's atoms is neither a header nor a query string."""
    return {member: atoms[atom] for member, atom in ACCESS.items() if atom in atoms}


def safe_line(text: str) -> str:
    """Return text in ASCII, tokens masked and everything unprintable escaped."""
    masked = _TOKEN.sub("<token>", text[:MAX_LINE])
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

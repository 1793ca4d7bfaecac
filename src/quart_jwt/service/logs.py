r"""
Log lines: one record is one line, and no record holds a token.

What clients send can end up in a message (a path, a user name). Control
characters are escaped, so that nobody forges a second line; what looks like a
JWT is masked, so that a token pasted into a path is not kept. The lines of a
traceback are indented and cannot be taken for records.
"""

import logging
import re

MAX_LINE = 4_096
"""Characters; what a client can put into a line should not fill a disk."""

# Possessive, and matching without a dot as well: nothing is ever read twice.
_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]*+)?+(?:\.[A-Za-z0-9_-]*+)?+")


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
        text = super().formatException(ei)  # type: ignore[arg-type] # passed through
        return "\n".join(f"    {safe_line(line)}" for line in text.split("\n"))


def safe_line(text: str) -> str:
    """Return text with tokens masked and everything unprintable escaped."""
    masked = _TOKEN.sub("<token>", text[:MAX_LINE])
    if masked.isprintable():
        return masked
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape").decode("ascii")
        for character in masked
    )

"""
Log lines in JSON: one record is one object on one line, of a fixed set of members.

What holds for text (``logs``) holds here for every member: no control character, no
token, a bounded length. What a library hangs onto a record as ``extra`` is left out,
for it may be headers.
"""

import json
import logging
import os
import time
from collections.abc import Mapping
from datetime import datetime
from datetime import UTC
from functools import lru_cache
from typing import Any

from quart_jwt.service.ground.request_facts import request_facts
from quart_jwt.service.observability.logs import ACCESS_LOGGER
from quart_jwt.service.observability.logs import harmless
from quart_jwt.service.observability.logs import LineFormatter
from quart_jwt.service.observability.logs import safe_line
from quart_jwt.service.settings.settings import log_format_of

MAX_TRACEBACK_LINES = 64
"""The last ones: what was raised stands at the end."""


class JsonFormatter(logging.Formatter):
    """Formats as ``{"time": ..., "level": ..., "logger": ..., "message": ...}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        return json_line(
            {
                "time": timestamp(record.created),
                "level": record.levelname,
                "logger": record.name,
                "process": record.process,
                "message": record.getMessage(),
                **_facts(),
                **getattr(record, "access", {}),
                "exception": self._exception(record),
            }
        )

    def access_line(self, message: str, atoms: Mapping[str, Any]) -> str:
        """Return what ``format`` makes of a record of the access log."""
        members = json_line({"message": message, **_facts(), **harmless(atoms)})
        return (
            f'{{"time": "{timestamp(time.time())}", "level": "INFO", '
            f'"logger": "{ACCESS_LOGGER}", "process": {os.getpid()}, {members[1:]}'
        )

    def _exception(self, record: logging.LogRecord) -> list[str] | None:
        if not record.exc_info:
            return None
        lines = self.formatException(record.exc_info).split("\n")
        return lines[-MAX_TRACEBACK_LINES:]


def chosen_formatter() -> logging.Formatter:
    """Return the formatter that ``QUART_JWT_LOG_FORMAT`` asks for."""
    is_json = log_format_of(os.environ) == "json"
    return JsonFormatter() if is_json else LineFormatter()


def json_line(members: Mapping[str, Any]) -> str:
    """
    Return one line of ASCII with the members that are not None.

    Args:
        members: Texts and lists of texts, which are masked and cut, and numbers.
    """
    return json.dumps(
        {name: _safe(value) for name, value in members.items() if value is not None}
    )


def timestamp(seconds: float) -> str:
    """Return a moment as RFC 3339 has it, in UTC and with milliseconds."""
    whole = int(seconds // 1)
    return f"{_to_the_second(whole)}.{int((seconds - whole) * 1000):03}Z"


@lru_cache(2)
def _to_the_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def _safe(value: Any) -> Any:
    if isinstance(value, list):
        return [_safe(one) for one in value]
    return safe_line(value) if isinstance(value, str) else value


def _facts() -> dict[str, str | None]:
    facts = request_facts()
    if facts is None:
        return {}
    return {
        "request_id": facts.request_id,
        "jti": facts.claim("jti"),
        "sid": facts.claim("sid"),
    }

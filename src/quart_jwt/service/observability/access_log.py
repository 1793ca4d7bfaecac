"""
The access log under ``quart-jwt serve``: what Hypercorn calls for every request.

A record of ``logging`` costs more than many an answer: Hypercorn copies all headers and
the whole environment into it, and ``logging`` looks for its caller. Here only what the
format asks for is looked up, and a line goes straight to our handler if that is the
only one. Handlers of an operator's own get records, as before.
"""

import logging
import os
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from hypercorn.config import Config
from hypercorn.logging import AccessLogAtoms
from hypercorn.logging import Logger
from hypercorn.typing import ResponseSummary
from hypercorn.typing import WWWScope

from quart_jwt.service.ground.request_facts import FACTS
from quart_jwt.service.ground.request_facts import RequestFacts
from quart_jwt.service.observability.json_lines import JsonFormatter
from quart_jwt.service.observability.logs import FinishedLine
from quart_jwt.service.observability.logs import is_verified
from quart_jwt.service.observability.logs import LineFormatter
from quart_jwt.service.observability.logs import LineHandler
from quart_jwt.service.observability.logs import UNFORMED
from quart_jwt.service.settings.settings import logs_verified

PAIR = 2
"""Members of a client: its address and port."""


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
        self._logs_verified = logs_verified(os.environ)
        self._writer: _Writer | None = None
        if self.access_logger is not None:
            self.access_logger.addFilter(FinishedLine())
            self._writer = _writer(self.access_logger)

    async def access(
        self, request: WWWScope, response: ResponseSummary | None, request_time: float
    ) -> None:
        """
        Write the line of a request, and have it measured.

        ``response`` is None if the client left.
        """
        facts = request.get(FACTS)
        if isinstance(facts, RequestFacts):
            note_answered(facts, response, request_time)
        logger = self.access_logger
        if logger is None or not logger.isEnabledFor(logging.INFO):
            return
        if (
            not self._logs_verified
            and response is not None
            and is_verified(request["path"], response["status"])
        ):
            return
        atoms = Atoms(request, response, request_time)
        writer = self._writer
        if writer is None or len(logger.handlers) > 1:
            logger.info(self.access_log_format, atoms)
            return
        handler, formatter = writer
        handler.write_soon(_line(formatter, self.access_log_format, atoms))


def note_answered(
    facts: RequestFacts, response: ResponseSummary | None, seconds: float
) -> None:
    """Hand the time that a request took to its application, once."""
    observe, facts.observe = facts.observe, None  # a late response has a second line
    if observe is not None:
        observe(facts.route, 0 if response is None else response["status"], seconds)


_Formatter = LineFormatter | JsonFormatter
_Writer = tuple[LineHandler, _Formatter]


def _writer(logger: logging.Logger) -> _Writer | None:
    """Return what writes the lines, if it is ours and everything there is."""
    if logger.propagate or len(logger.handlers) != 1:
        return None
    (handler,) = logger.handlers
    if type(handler) is not LineHandler or handler.filters or handler.level:
        return None
    if any(type(one) is not FinishedLine for one in logger.filters):
        return None
    formatter = handler.formatter
    is_ours = type(formatter) in {LineFormatter, JsonFormatter}
    return (handler, formatter) if is_ours else None  # type: ignore[return-value] # is_ours says it


def _line(formatter: _Formatter, form: str, atoms: "Atoms") -> str:
    try:
        message = form % atoms
    except Exception:  # noqa: BLE001 - a format of the operator's may raise anything
        return formatter.access_line(UNFORMED, {})
    return formatter.access_line(message, atoms)


class Atoms(dict[str, Any]):
    """
    Same as Hypercorn's atoms, but each is worked out when a format asks for it.

    Args:
        scope: The ASGI scope of the request.
        response: The start of the answer; None if there was none.
        seconds: How long it took.
    """

    __slots__ = ("_about",)

    def __init__(
        self, scope: WWWScope, response: ResponseSummary | None, seconds: float
    ) -> None:
        # Never empty: ``logging`` takes an empty mapping for a single argument.
        super().__init__(s="-" if response is None else str(response["status"]))
        self._about = scope, response, seconds

    def __missing__(self, name: str) -> Any:
        """Work one out."""
        make = _ATOMS.get(name)
        return (
            AccessLogAtoms(*self._about)[name] if make is None else make(*self._about)
        )

    def __contains__(self, name: object) -> bool:
        """Whether it is one that is cheap, and holds no header."""
        return name in _ATOMS or super().__contains__(name)


def _client(scope: Any, *_rest: Any) -> str | None:
    client = scope.get("client")
    if client is None or len(client) != PAIR:
        return None if client is None else str(client[0])
    return f"{client[0]}:{client[1]}"


def _method(scope: Any, *_rest: Any) -> str:
    return scope["method"] if scope["type"] == "http" else "GET"


def _request_line(scope: Any, *_rest: Any) -> str:
    return f"{_method(scope)} {scope['path']} {scope.get('http_version', 'ws')}"


def _size(_scope: Any, response: Any, _seconds: float) -> str:
    for name, value in () if response is None else response.get("headers", ()):
        if name.lower() == b"content-length":
            return str(value, "latin-1")
    return "-"


_ATOMS: Mapping[str, Callable[[Any, Any, float], Any]] = {
    "h": _client,
    "m": _method,
    "U": lambda scope, _response, _seconds: scope["path"],
    "r": _request_line,
    "b": _size,
    "B": _size,
    "D": lambda _scope, _response, seconds: int(seconds * 1_000_000),
    "L": lambda _scope, _response, seconds: f"{seconds:.6f}",
    "p": lambda *_about: f"<{os.getpid()}>",
}

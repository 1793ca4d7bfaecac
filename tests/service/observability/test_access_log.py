"""The access log under ``quart-jwt serve``: the lines of Hypercorn, at less cost."""

import asyncio
import io
import logging
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import pytest
from hypercorn.logging import AccessLogAtoms

from quart_jwt.service.observability.access_log import Atoms
from quart_jwt.service.observability.json_lines import chosen_formatter
from quart_jwt.service.observability.logs import FinishedLine
from quart_jwt.service.observability.logs import LineFormatter
from quart_jwt.service.observability.logs import LineHandler
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import make_config
from service.kit import http_scope

pytestmark = pytest.mark.usefixtures("kept_logging")

HEADERS = [(b"Content-Length", b"12"), (b"x-of-ours", b"y")]
ANSWER: Any = {"status": 200, "headers": HEADERS}
NAMES = (
    *("h", "l", "r", "R", "s", "st", "S", "m", "U", "Uq", "q", "H", "b", "B", "f"),
    *("a", "T", "D", "L", "p", "{Host}i", "{x-of-ours}o", "{none}i", "{home}e"),
)


class Written(io.StringIO):
    """A stream that counts its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0

    def write(self, text: str, /) -> int:
        """Write, and count that."""
        self.writes += 1
        return super().write(text)


@pytest.fixture(name="written")
def _written() -> Written:
    return Written()


def _log(values: Mapping[str, Any], stdout: Written) -> Any:
    """Return the logger of a configuration that finds this standard output."""
    with redirect_stdout(stdout):
        return make_config(values, []).log


async def _lines(
    written: Written,
    *requests: tuple[str, Any],
    values: Mapping[str, Any] = DEFAULTS,
) -> list[str]:
    """Log requests as Hypercorn does, within one turn of the loop."""
    log = _log(values, written)
    for path, answer in requests:
        scope: Any = http_scope(path, headers=[(b"host", b"x")])
        await log.access(scope, answer, 0.25)
    await asyncio.sleep(0)
    return written.getvalue().splitlines()


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param({}, id="http"),
        pytest.param({"client": None}, id="no-client"),
        pytest.param({"client": ("/run/s.sock",)}, id="unix"),
        pytest.param({"type": "websocket"}, id="websocket"),
        pytest.param({"query_string": b"a=b"}, id="query"),
    ],
)
@pytest.mark.parametrize("answer", [ANSWER, None, {"status": 999, "headers": []}])
@pytest.mark.parametrize("name", NAMES)
def test_every_atom_is_hypercorns(scope: Any, answer: Any, name: str) -> None:
    """What is worked out here and what is left to Hypercorn reads alike."""
    asked: Any = http_scope("/a", headers=[(b"host", b"x")], **scope)
    expected = AccessLogAtoms(asked, answer, 1.5)
    assert expected[name] == Atoms(asked, answer, 1.5)[name]


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_line_is_what_logging_would_write(
    monkeypatch: pytest.MonkeyPatch, written: Written, form: str
) -> None:
    """With a second handler there is a record, and the line is the same."""
    monkeypatch.setenv("QUART_JWT_LOG_FORMAT", form)
    # From Python 3.13 on, logging divides nanoseconds; of .25 it makes .2499998.
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    monkeypatch.setattr("time.time_ns", lambda: 1_800_000_000_500_000_000)
    (directly,) = await _lines(written, ("/a", ANSWER))
    by_records = io.StringIO()
    other = logging.StreamHandler(by_records)
    other.setFormatter(chosen_formatter())
    log = _log(DEFAULTS, written)
    log.access_logger.addHandler(other)
    scope: Any = http_scope("/a", headers=[(b"host", b"x")])
    await log.access(scope, ANSWER, 0.25)
    assert by_records.getvalue() == f"{directly}\n"
    assert written.getvalue() == f"{directly}\n" * 2


@pytest.mark.parametrize(
    ("path", "answer", "lines"),
    [
        ("/auth/verify", ANSWER, 0),
        ("/auth/verify/below", ANSWER, 0),
        ("/auth/verify", {"status": 401, "headers": []}, 1),
        ("/auth/verify", {"status": 503, "headers": []}, 1),
        ("/auth/verify", None, 1),
        ("/auth/verifyx", ANSWER, 1),
        ("/protected", ANSWER, 1),
    ],
)
async def test_a_gateways_question_with_a_yes_is_not_logged(
    written: Written, path: str, answer: Any, lines: int
) -> None:
    """The gateway logs the request that it asked about; a refusal is ours to log."""
    assert lines == len(await _lines(written, (path, answer)))


async def test_a_setting_logs_them_all(
    monkeypatch: pytest.MonkeyPatch, written: Written
) -> None:
    """For who wants to see each question here, too."""
    monkeypatch.setenv("QUART_JWT_LOG_VERIFIED", "true")
    assert len(await _lines(written, ("/auth/verify", ANSWER))) == 1


@pytest.mark.parametrize(("logs_verified", "passes"), [("false", False), ("yes", True)])
def test_plain_hypercorns_records_are_held_to_it(
    monkeypatch: pytest.MonkeyPatch, logs_verified: str, *, passes: bool
) -> None:
    """The filter of hypercorn.toml does what ``quart-jwt serve`` does."""
    monkeypatch.setenv("QUART_JWT_LOG_VERIFIED", logs_verified)
    scope: Any = http_scope("/auth/verify", headers=[(b"host", b"x")])
    atoms = (AccessLogAtoms(scope, ANSWER, 0.25),)
    record = logging.LogRecord("x", 20, "f", 1, "%(h)s", atoms, None)
    assert passes == FinishedLine().filter(record)


async def test_the_lines_of_a_turn_are_one_write(written: Written) -> None:
    """However many requests were answered in it."""
    assert len(await _lines(written, ("/a", ANSWER), ("/b", ANSWER))) == 2
    assert written.writes == 1


async def test_lines_and_records_keep_their_order(written: Written) -> None:
    """A record of another logger on the same stream writes first what is waiting."""
    handler = LineHandler(written)
    handler.setFormatter(LineFormatter())
    handler.write_soon("first")
    handler.handle(logging.LogRecord("x", 20, "f", 1, "second", (), None))
    handler.write_soon("third")
    handler.flush()
    first, second, third = written.getvalue().splitlines()
    assert (first, second[-6:], third) == ("first", "second", "third")


async def test_what_is_waiting_is_written_at_the_end(written: Written) -> None:
    """``logging`` flushes its handlers when the interpreter ends, by whatever way."""
    handler = LineHandler(written)
    handler.write_soon("last")
    logging.shutdown([lambda: handler])
    assert written.getvalue() == "last\n"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"accesslog": None, "logconfig_dict": {"version": 1}}, id="none"),
        pytest.param(
            {
                "logconfig_dict": {
                    **DEFAULTS["logconfig_dict"],
                    "loggers": {"hypercorn.access": {"level": "WARNING"}},
                }
            },
            id="level",
        ),
    ],
)
async def test_an_access_log_that_is_off_writes_nothing(
    written: Written, values: dict[str, Any]
) -> None:
    """Neither without a logger nor below its level."""
    assert await _lines(written, ("/a", ANSWER), values={**DEFAULTS, **values}) == []

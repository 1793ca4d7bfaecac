import asyncio
import io
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any
from typing import NoReturn

import pytest

from quart_jwt.service.observability.logs import FinishedLine
from quart_jwt.service.observability.logs import LineFormatter
from quart_jwt.service.observability.logs import LineHandler
from quart_jwt.service.observability.logs import LOST
from quart_jwt.service.observability.logs import MAX_LINE
from quart_jwt.service.observability.logs import safe_line
from quart_jwt.service.observability.logs import UNFORMED
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import make_config
from service.kit import http_scope
from service.kit import SECRET


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain", "plain"),
        ("\u00e9 \u20ac \U0001f600", r"\xe9 \u20ac \U0001f600"),
        ("GET /a\r\nforged", r"GET /a\r\nforged"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202eevil", r"\u202eevil"),
        ("\ud800", r"\ud800"),
        ("GET /eyJhbGciOiJ9.eyJzdWIiOiJ9.c2ln x", "GET /<token> x"),
        ("GET /eyJhbGciOiJ9.eyJzdWIiOiJ9\n", r"GET /<token>\n"),
    ],
)
def test_a_line_is_one_line_without_tokens(text: str, line: str) -> None:
    """Control characters are escaped and what looks like a token is masked."""
    assert line == safe_line(text)


def test_a_record_is_one_line() -> None:
    """A message from outside cannot begin a second record."""
    record = logging.LogRecord("x", 20, "f", 1, "user %s", ("a\nb",), None)
    assert LineFormatter().format(record).endswith(r"INFO x: user a\nb")
    assert "\n" not in LineFormatter().format(record)


def _failure() -> NoReturn:
    raise ValueError("first\n2026-01-01 INFO forged eyJh.eyJh.x")


def test_a_traceback_is_indented() -> None:
    """The lines of a traceback cannot be taken for records."""
    try:
        _failure()
    except ValueError:
        record = logging.LogRecord("x", 40, "f", 1, "oops", (), sys.exc_info())
    _head, *lines = LineFormatter().format(record).split("\n")
    assert all(line.startswith("    ") for line in lines)
    assert lines[-1].endswith("INFO forged <token>")


def test_hostile_path_is_masked_in_linear_work() -> None:
    """A line full of half-tokens is cut and masked without being read twice."""
    masked = safe_line("/" + "eyJ" * 30_000)
    assert masked == "/<token>"
    assert len(safe_line("a" * 100_000)) == MAX_LINE


def test_a_stack_is_indented() -> None:
    """Where a record was made is as safe as a traceback."""
    record = logging.LogRecord("x", 40, "f", 1, "oops", (), None, sinfo="a\n\u20ac")
    assert LineFormatter().format(record).endswith("oops\n    a\n    \\u20ac")


# what cannot be written -------------------------------------------------------


class _Broken(io.StringIO):
    """A pipe that nobody reads."""

    def write(self, _text: str, /) -> int:
        raise BrokenPipeError


def _latin() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="latin-1")


COOKIE = "access_token_cookie=eyJCOOKIE"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyZWFsIn0.c2ln"


async def _access(values: Mapping[str, Any], path: str = "/\u20ac") -> None:
    """Log one request as Hypercorn does."""
    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"cookie", COOKIE.encode()),
    ]
    scope: Any = http_scope(path, headers=headers)
    log = make_config(values, []).log
    for _ in range(3):
        await log.access(scope, {"status": 200, "headers": []}, 0.1)
    await asyncio.sleep(0)  # a line is written at the end of a turn of the loop


def _nothing_secret(text: str) -> bool:
    return not any(part in text for part in (SECRET, TOKEN, COOKIE, "Arguments"))


@pytest.fixture(name="secret_environment")
def _secret_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUART_JWT_SECRET_KEY", SECRET)


@pytest.mark.usefixtures("kept_logging", "secret_environment")
async def test_a_broken_log_is_one_constant_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither headers nor environment come out when the access log is broken."""
    monkeypatch.setattr(sys, "stdout", _Broken())
    await _access(DEFAULTS)
    assert capsys.readouterr().err == LOST


PLAIN: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"all": {"format": "%(message)s %(args)s"}},
    "handlers": {
        "plain": {
            "class": "logging.StreamHandler",
            "formatter": "all",
            "stream": "ext://sys.stdout",
        }
    },
    "loggers": {"hypercorn.access": {"handlers": ["plain"], "level": "INFO"}},
}
"""A configuration that an operator could write, without anything of ours."""


@pytest.mark.usefixtures("kept_logging", "secret_environment")
@pytest.mark.parametrize("stream", [_Broken, _latin], ids=["broken", "latin-1"])
async def test_another_logging_dumps_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stream: Any
) -> None:
    """An operator's own handlers get finished lines and keep silent if they fail."""
    monkeypatch.setattr(sys, "stdout", stream())
    await _access({**DEFAULTS, "logconfig_dict": PLAIN})
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("kept_logging", "secret_environment")
async def test_records_hold_nothing_but_their_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A formatter that prints the arguments finds none."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    await _access({**DEFAULTS, "logconfig_dict": PLAIN}, "/a")
    assert (
        written.getvalue().count(f'"GET /a 1.1" 200 - 0.100000 <{os.getpid()}> None\n')
        == 3
    )
    assert _nothing_secret(written.getvalue())


@pytest.mark.usefixtures("kept_logging", "secret_environment")
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16", "shift-jis"])
async def test_a_line_fits_every_encoding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    """A path beyond the stream's encoding is escaped, and nothing is lost."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    await _access(DEFAULTS)
    lines = written.getvalue().decode(encoding).splitlines()
    assert [r'"GET /\u20ac 1.1" 200' in line for line in lines] == [True] * 3
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("kept_logging", "secret_environment")
@pytest.mark.parametrize("form", ["%(s)d", "%(", "%s %s", "%(h)y"])
async def test_a_wrong_format_dumps_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """An access_log_format with a fault in it is pointed out, and no more."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    await _access({**DEFAULTS, "access_log_format": form})
    assert written.getvalue().count(UNFORMED) == 3
    assert _nothing_secret(written.getvalue())
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("kept_logging")
@pytest.mark.parametrize(
    "name", ["root", "asyncio", "py.warnings", "some.library", "hypercorn.error"]
)
async def test_no_other_logger_dumps_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """A record that cannot be written or formed is not shown."""
    stderr = sys.stderr
    monkeypatch.setattr(sys, "stderr", _Broken())
    await _access(DEFAULTS)
    monkeypatch.setattr(sys, "stderr", stderr)
    logging.getLogger(name).error("of %s", {"key": SECRET})
    logging.getLogger(name).error("of %d", SECRET)
    assert capsys.readouterr().err == LOST


@pytest.mark.usefixtures("kept_logging")
async def test_other_loggers_write_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """What other loggers say goes to standard error in the same safe lines."""
    await _access(DEFAULTS)
    logging.getLogger("asyncio").warning("never awaited: %s", f"\u20ac {TOKEN}")
    logging.getLogger("asyncio").info("of no interest")
    line = "WARNING asyncio: never awaited: \\u20ac <token>\n"
    assert capsys.readouterr().err.endswith(line)


@pytest.mark.parametrize("stderr", [None, _Broken()], ids=["none", "broken"])
def test_a_handler_without_standard_error(
    monkeypatch: pytest.MonkeyPatch, stderr: Any
) -> None:
    """Where nothing can be said, nothing is said, and nothing is raised."""
    monkeypatch.setattr(sys, "stderr", stderr)
    handler = LineHandler(_Broken())
    handler.handle(logging.LogRecord("x", 20, "f", 1, "a", (), None))


def test_a_finished_line_keeps_its_percent_signs() -> None:
    """The text of a record is no format any more."""
    record = logging.LogRecord("x", 20, "f", 1, "%s", ("100%d",), None)
    assert FinishedLine().filter(record)
    assert (record.getMessage(), record.args) == ("100%d", None)

import logging
import sys
from typing import NoReturn

import pytest

from quart_jwt.service.logs import LineFormatter
from quart_jwt.service.logs import MAX_LINE
from quart_jwt.service.logs import safe_line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain \u00e9 \U0001f600", "plain \u00e9 \U0001f600"),
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

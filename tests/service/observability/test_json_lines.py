import asyncio
import io
import json
import logging
import sys
from typing import Any

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import strategies as st

from extension.asgi import asgi_call
from quart_jwt.service.ground.request_facts import RequestIds
from quart_jwt.service.observability.json_lines import chosen_formatter
from quart_jwt.service.observability.json_lines import json_line
from quart_jwt.service.observability.json_lines import JsonFormatter
from quart_jwt.service.observability.json_lines import MAX_TRACEBACK_LINES
from quart_jwt.service.observability.json_lines import timestamp
from quart_jwt.service.observability.logs import FinishedLine
from quart_jwt.service.observability.logs import LineFormatter
from quart_jwt.service.observability.logs import MAX_LINE
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import make_config
from service.kit import http_scope

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyZWFsIn0.c2lnbmF0dXJl"
NASTY = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "\r\n",
            '\n{"level": "ERROR"}',
            "\x00",
            "\x1b[2J",
            "\u2028",
            "\u202e",
            "\x85",
            "\ud800",
            TOKEN,
            f"Bearer {TOKEN}",
            '"}',
            "\\",
        ]
    ),
)
MESSAGES = st.lists(NASTY, max_size=6).map("".join)


def _record(message: str, *args: object, **facts: Any) -> logging.LogRecord:
    record = logging.LogRecord("x", logging.INFO, "f", 1, message, args, None)
    record.__dict__.update(facts)
    return record


def _parsed(line: str) -> dict[str, Any]:
    """Read a line as whoever collects logs does."""
    assert line.isascii()
    assert line.isprintable()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.items() for part in one for text in _texts(part)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


@given(MESSAGES, MESSAGES)
@example("%s", "100%d")
@example("a" * 1_000_000, TOKEN * 10_000)
def test_nothing_from_outside_forges_a_line(path: str, name: str) -> None:
    """One record is one line of JSON without a control character or a token."""
    access = {"path": path, "client": name}
    parsed = _parsed(
        JsonFormatter().format(_record("%s %s", path, name, access=access))
    )
    assert parsed["level"] == "INFO"
    assert parsed["logger"] == "x"
    for text in _texts(parsed):
        assert text.isprintable()
        assert "eyJ" not in text or len(text) >= MAX_LINE
        assert TOKEN not in text
        assert len(text) <= 10 * MAX_LINE


@given(st.dictionaries(st.sampled_from("abc"), st.one_of(MESSAGES, st.lists(MESSAGES))))
def test_every_member_is_safe(members: dict[str, Any]) -> None:
    """Also a list's; what is None is left out."""
    parsed = _parsed(json_line({**members, "none": None}))
    assert parsed.keys() == members.keys()
    assert all(text.isprintable() and TOKEN not in text for text in _texts(parsed))


@given(MESSAGES)
def test_an_error_is_told_line_by_line(words: str) -> None:
    """The words of an exception, and its source lines, are as safe as a message."""
    try:
        raise ValueError(words)  # noqa: TRY301 - to have a traceback
    except ValueError:
        record = _record("oops")
        record.exc_info = sys.exc_info()
    parsed = _parsed(JsonFormatter().format(record))
    assert "Traceback (most recent call last):" in parsed["exception"]
    assert all(text.isprintable() and TOKEN not in text for text in _texts(parsed))


def test_a_long_traceback_keeps_its_end() -> None:
    """What was raised stands at the end of it."""
    record = _record("oops")
    record.exc_info = (ValueError, ValueError("\n".join("abc" * 99) + "\nlast"), None)
    lines = _parsed(JsonFormatter().format(record))["exception"]
    assert (len(lines), lines[-1]) == (MAX_TRACEBACK_LINES, "last")


def test_what_a_library_hangs_on_is_left_out() -> None:
    """Headers and nested things of an ``extra`` are nobody's business."""
    extra = {"headers": {"authorization": TOKEN}, "jti": TOKEN, "deep": [[TOKEN]]}
    line = JsonFormatter().format(_record("plain", **extra))
    assert _parsed(line).keys() == {"time", "level", "logger", "process", "message"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_700_000_000.9996, "2023-11-14T22:13:20.999Z"),
        (1_700_000_001, "2023-11-14T22:13:21.000Z"),
    ],
)
def test_a_moment_is_rfc_3339(seconds: float, text: str) -> None:
    """In UTC, with milliseconds that never round up into the next second."""
    assert text == timestamp(seconds)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, LineFormatter),
        ("text", LineFormatter),
        ("json", JsonFormatter),
        ("JSON", LineFormatter),  # and the settings refuse it
    ],
)
def test_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch, value: str | None, kind: type[logging.Formatter]
) -> None:
    """A wrong value is text until the settings are read."""
    if value is not None:
        monkeypatch.setenv("QUART_JWT_LOG_FORMAT", value)
    assert isinstance(chosen_formatter(), kind)


@pytest.mark.usefixtures("kept_logging")
async def test_an_access_line_has_members_and_no_query(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Client, method, path and status stand alone; the request's id is there."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setenv("QUART_JWT_LOG_FORMAT", "json")
    log = make_config(DEFAULTS, []).log

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        await log.access(scope, {"status": 200, "headers": []}, 0.25)
        await asyncio.sleep(0)

    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"user-agent", b"\r\nforged"),
        (b"x-request-id", b"from-the-gateway.1"),
    ]
    scope = http_scope(f"/a/{TOKEN}\r\n", headers=headers, query_string=b"q=secret")
    await asgi_call(RequestIds(app, without="/auth/verify"), scope)
    parsed = _parsed(written.getvalue().rstrip("\n"))
    assert parsed["request_id"] == "from-the-gateway.1"
    assert parsed["client"] == "127.0.0.1:1"
    assert parsed["method"] == "GET"
    assert parsed["path"] == r"/a/<token>\r\n"
    assert (parsed["status"], parsed["microseconds"]) == ("200", 250_000)
    for hidden in ("secret", "eyJ", "Bearer", "forged"):
        assert hidden not in written.getvalue()


def test_an_access_line_without_an_answer() -> None:
    """A client that went away leaves a line all the same."""
    record = _record("%(h)s", {"h": "x"})
    assert FinishedLine().filter(record)
    assert _parsed(JsonFormatter().format(record))["client"] == "x"

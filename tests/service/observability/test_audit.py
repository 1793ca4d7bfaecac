import asyncio
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from clock import Clock
from quart_jwt.service.app import create_app
from quart_jwt.service.commands.operator_acts import operator_name
from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.ground.events import Event
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.observability.audit import AuditLog
from quart_jwt.service.observability.audit import LOGGER
from quart_jwt.service.observability.audit import MAX_USER_AGENT
from quart_jwt.service.observability.logs import LOST
from quart_jwt.service.observability.repeats import MAX_REMEMBERED
from quart_jwt.service.observability.repeats import Repeats
from quart_jwt.service.settings.settings import Settings
from service.kit import NAME
from service.kit import PASSWORD
from service.kit import SECRET
from service.kit import Service

HERE = {"client": ("192.0.2.7", 1)}
WRITER = """
import sys, time
from pathlib import Path
from quart_jwt.service.ground.events import Event, Kind
from quart_jwt.service.observability.audit import AuditLog
log = AuditLog(time.time)
with log.opened(Path(sys.argv[1]), lost=sys.exit):
    for number in range(500):
        log.write(Event(kind=Kind.SIGNED_IN, subject=sys.argv[2] * 200))
"""


def _never() -> None:
    pytest.fail("a line was lost")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "audit.log"


@pytest.fixture(name="audited")
def _audited(settings: Settings, path: Path) -> Settings:
    return replace(
        settings, observability=replace(settings.observability, audit_log=path)
    )


async def test_a_life_in_the_audit_log(
    audited: Settings, service: Service, path: Path
) -> None:
    """Each event once, with whom, why, from where and in which request."""
    app = create_app(audited, service.clock)
    async with app.test_app():
        one = Service(app=app, client=app.test_client(), clock=service.clock)
        await one.add()
        for name, password in ((NAME, PASSWORD), (NAME, "wrong"), ("typo", "wrong")):
            await one.client.post(
                "/login",
                json={"username": name, "password": password},
                scope_base=HERE,
                headers={"X-Request-ID": "r-1", "User-Agent": "Browser/1"},
            )
        tokens = await one.log_in()
        assert await one.status("POST", "/refresh", tokens["refresh_token"]) == 200
        one.clock.advance(11)
        assert await one.status("POST", "/refresh", tokens["refresh_token"]) == 401
        tokens = await one.log_in()
        one.clock.advance(901)
        assert await one.status("POST", "/logout", tokens["access_token"]) == 200
    lines = _lines(path)
    assert [
        (line["event"], line.get("subject"), line.get("reason")) for line in lines
    ] == [
        ("signed_in", NAME, None),
        ("sign_in_refused", NAME, "wrong_password"),
        ("sign_in_refused", None, "unknown_user"),
        ("signed_in", NAME, None),
        ("refreshed", NAME, None),
        ("refresh_reused", NAME, None),
        ("session_ended", NAME, None),
        ("signed_in", NAME, None),
        ("session_ended", NAME, None),
    ]
    assert lines[1] == {
        "time": "2023-11-14T22:13:20.000Z",
        "event": "sign_in_refused",
        "subject": NAME,
        "reason": "wrong_password",
        "address": "192.0.2.7",
        "user_agent": "Browser/1",
        "request_id": "r-1",
    }
    assert len({lines[index]["session_id"] for index in (3, 4, 5, 6)}) == 1
    for hidden in ("typo", "eyJ", PASSWORD, 'wrong"', SECRET):
        assert hidden not in json.dumps(lines)


async def test_a_session_that_ends_without_its_client_is_told(
    audited: Settings, path: Path
) -> None:
    """A logout whose client went away is in the log, for it happened."""
    app = create_app(audited)
    async with app.test_app():
        one = Service(app=app, client=app.test_client(), clock=None)  # type: ignore[arg-type] # no clock is moved
        await one.add()
        tokens = await one.log_in()
        begun, go_on = asyncio.Event(), asyncio.Event()
        store: Any = one.resources.sessions
        end = store.end

        async def slow(*args: Any, **kwargs: Any) -> Any:
            begun.set()
            await go_on.wait()
            return await end(*args, **kwargs)

        store.end = slow
        leaving = asyncio.create_task(
            one.status("POST", "/logout", tokens["access_token"])
        )
        await begun.wait()
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        go_on.set()
    assert [line["event"] for line in _lines(path)] == ["signed_in", "session_ended"]
    assert _lines(path)[1]["subject"] == NAME


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(subject=st.text(), reason=st.text(), session_id=st.text())
def test_a_line_is_a_line_whatever_is_in_it(
    tmp_path: Path, subject: str, reason: str, session_id: str
) -> None:
    """Two events are two lines of JSON, and no value has a control character."""
    path = tmp_path / "fuzzed.log"
    path.unlink(missing_ok=True)
    audit = AuditLog(lambda: 0.0)
    event = Event(
        kind=Kind.SIGNED_IN, subject=subject, reason=reason, session_id=session_id
    )
    with audit.opened(path, _never):
        audit.write(event)
        audit.write(event)
    assert path.read_bytes().count(b"\n") == 2
    for line in _lines(path):
        assert line["event"] == "signed_in"
        assert all(value.isprintable() for value in line.values())


async def test_a_long_user_agent_is_cut(
    service: Service, audited: Settings, path: Path
) -> None:
    """A line stays short, whatever a client calls itself."""
    app = create_app(audited)
    async with app.test_app():
        await app.test_client().post(
            "/login",
            json={"username": "x", "password": "y"},
            headers={"User-Agent": "\x1b[2J" + "a" * 10_000},
        )
    (line,) = _lines(path)
    assert line["user_agent"].startswith(r"\x1b[2Ja")
    assert len(line["user_agent"]) <= MAX_USER_AGENT + 3


# the file ---------------------------------------------------------------------


def test_the_file_is_private_and_grows(path: Path) -> None:
    """Only its owner may read it, and a second start goes on where the first ended."""
    for _ in range(2):
        audit = AuditLog(lambda: 0.0)
        with audit.opened(path, _never):
            audit.write(Event(kind=Kind.SIGNED_IN))
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(_lines(path)) == 2


def test_a_file_that_was_moved_away_is_made_anew(path: Path) -> None:
    """As logrotate does it: the old one keeps its lines, the new one gets the next."""
    audit, old = AuditLog(lambda: 0.0), path.with_suffix(".1")
    with audit.opened(path, _never):
        audit.write(Event(kind=Kind.SIGNED_IN))
        path.rename(old)
        audit.write(Event(kind=Kind.REFRESHED))
    assert [line["event"] for line in _lines(old)] == ["signed_in"]
    assert [line["event"] for line in _lines(path)] == ["refreshed"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_several_processes_write_whole_lines(path: Path) -> None:
    """Three at once, 500 long lines each: none is torn, none is missing."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name])  # noqa: S603 - our own program
        for name in "abc"
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    subjects = [line["subject"] for line in _lines(path)]
    assert sorted(subjects) == sorted(name * 200 for name in "abc" for _ in range(500))


@pytest.mark.parametrize("kind", ["directory", "missing"])
async def test_a_start_without_its_audit_log(
    audited: Settings, path: Path, kind: str
) -> None:
    """Who wants an audit log gets none of the service without it."""
    place = path.parent if kind == "directory" else path / "missing"
    other = replace(audited.observability, audit_log=place)
    audited = replace(audited, observability=other)
    with pytest.raises(StartError, match=r"the audit log '.+' cannot be opened: "):
        await create_app(audited).startup()


def test_a_disk_that_is_full_later(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said once, each line is counted, and later lines are whole again."""
    lost: list[None] = []
    audit = AuditLog(lambda: 0.0)
    with audit.opened(path, lambda: lost.append(None)):
        audit.write(Event(kind=Kind.SIGNED_IN))
        path.unlink()
        path.symlink_to("/dev/full")
        for _ in range(3):
            audit.write(Event(kind=Kind.REFRESHED))
        path.unlink()
        audit.write(Event(kind=Kind.SESSION_ENDED))
    assert len(lost) == 3
    assert capsys.readouterr().err == LOST
    assert [line["event"] for line in _lines(path)] == ["session_ended"]


def test_a_directory_that_goes_away(tmp_path: Path) -> None:
    """Opening again may fail, too, and is tried again."""
    place = tmp_path / "logs"
    place.mkdir()
    lost: list[None] = []
    audit = AuditLog(lambda: 0.0)
    with audit.opened(place / "audit.log", lambda: lost.append(None)):
        audit.write(Event(kind=Kind.SIGNED_IN))
        place.rename(tmp_path / "moved")
        audit.write(Event(kind=Kind.REFRESHED))
        place.mkdir()
        audit.write(Event(kind=Kind.SESSION_ENDED))
    assert len(lost) == 1
    assert [line["event"] for line in _lines(place / "audit.log")] == ["session_ended"]


# standard error, and what an operator has configured ---------------------------


def test_without_a_file_it_is_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In JSON, whatever the other lines are."""
    audit = AuditLog(lambda: 0.0)
    with audit.opened(None, _never):
        audit.write(Event(kind=Kind.SIGNED_IN, subject="alice"))
    assert json.loads(capsys.readouterr().err)["subject"] == "alice"


def test_standard_error_may_be_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is lost there is counted as well."""
    lost: list[None] = []
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        audit = AuditLog(lambda: 0.0)
        with audit.opened(None, lambda: lost.append(None)):
            audit.write(Event(kind=Kind.SIGNED_IN))
        monkeypatch.undo()
        try:
            full.close()
        except OSError:
            os.close(os.open(os.devnull, os.O_RDONLY))
    assert len(lost) == 1


@pytest.fixture(name="configured")
def _configured() -> Iterator[list[str]]:
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, handler = logging.getLogger(LOGGER), Kept()
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def test_a_configured_logger_gets_the_lines(
    configured: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """An operator who has handlers for it needs no other place."""
    audit = AuditLog(lambda: 0.0)
    with audit.opened(None, _never):
        audit.write(Event(kind=Kind.SIGNED_IN))
    assert [json.loads(line)["event"] for line in configured] == ["signed_in"]
    assert capsys.readouterr().err == ""


# events without a request -------------------------------------------------------


async def test_an_event_outside_of_a_request_is_kept(
    audited: Settings, path: Path
) -> None:
    """A task of the service's own, or a layer below Quart, may say one."""
    app = create_app(audited)
    async with app.test_app():
        happened(Kind.THROTTLED, reason="address")
    assert [line["event"] for line in _lines(path)] == ["throttled"]
    happened(Kind.THROTTLED)
    assert len(_lines(path)) == 1


def test_an_operator_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user may have no line in passwd."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert operator_name() == "unknown"


# what comes again and again -----------------------------------------------------


@pytest.mark.parametrize(("after_s", "lines"), [(59.9, 1), (60, 2), (60.1, 2)])
def test_what_comes_often_has_a_line_a_minute(
    path: Path, after_s: float, lines: int
) -> None:
    """The next line says how many were left out, and counts anew."""
    clock = Clock(1_000.0)
    log = AuditLog(clock)
    event = Event(kind=Kind.THROTTLED, reason="address")
    with log.opened(path, _never):
        for _ in range(4):
            log.write(event)
        clock.now += after_s
        log.write(event)
        found = _lines(path)
        assert len(found) == lines
        assert [line.get("left_out") for line in found] == [None, 3][:lines]


def test_other_things_have_a_line_each(path: Path) -> None:
    """Another reason, another kind, and whatever is not refused for coming often."""
    log = AuditLog(Clock(1_000.0))
    often = Event(kind=Kind.SIGN_IN_REFUSED, reason="wrong_password")
    with log.opened(path, _never):
        for event in (
            Event(kind=Kind.THROTTLED, reason="address"),
            Event(kind=Kind.THROTTLED, reason="account"),
            Event(kind=Kind.CLIENT_REFUSED, reason="no_credentials"),
            *(often, often),
        ):
            log.write(event)
    assert len(_lines(path)) == 5


@pytest.mark.parametrize(("extra", "again"), [(-1, None), (0, None), (1, 0)])
def test_so_many_are_remembered(extra: int, again: int | None) -> None:
    """One more, and the first is forgotten."""
    repeats = Repeats()
    for number in range(MAX_REMEMBERED + extra):
        assert repeats.left_out(number, 0) == 0
    assert repeats.left_out(0, 0) == again

"""Command lines, right answers, and servers that surely end."""

import sys
from pathlib import Path

import pytest
from benchmarks.answers import fault
from benchmarks.answers import forged
from benchmarks.contenders import CHECKED
from benchmarks.contenders import Contender
from benchmarks.contenders import families
from benchmarks.contenders import WAITING
from benchmarks.servers import command
from benchmarks.servers import free_port
from benchmarks.servers import ServerError
from benchmarks.servers import serving

from benchmarks import servers

CONTENDERS = [
    *(one for each in families(every_server=True).values() for one in each),
    *WAITING,
    *CHECKED,
]


def test_keys_are_unique() -> None:
    """No contender's rounds end up with another's."""
    keys = [contender.key for contender in CONTENDERS]

    assert sorted({*keys}) == sorted(keys)


@pytest.mark.parametrize(
    "contender", [pytest.param(one, id=one.key) for one in CONTENDERS]
)
def test_every_contender_has_a_server_and_an_app(contender: Contender) -> None:
    """Its command line listens on 127.0.0.1, and its module exists."""
    line = command(contender.server, contender.app, 4321)
    app = Path(servers.__file__).parent / "apps" / f"{contender.app}.py"

    assert [sys.executable, "-m"] == line[:2]
    assert "127.0.0.1" in " ".join(line)
    assert app.exists()


GUARDED = next(one for one in CONTENDERS if one.protected)
OPEN = next(one for one in CONTENDERS if not one.protected)


@pytest.mark.parametrize(
    ("contender", "statuses", "is_right"),
    [
        pytest.param(GUARDED, (200, 401, 422), True, id="guarded"),
        pytest.param(GUARDED, (200, 401, 200), False, id="takes-forged"),
        pytest.param(GUARDED, (200, 200, 401), False, id="takes-none"),
        pytest.param(GUARDED, (200, 500, 401), False, id="breaks"),
        pytest.param(GUARDED, (401, 401, 401), False, id="refuses-good"),
        pytest.param(OPEN, (200, 200, 200), True, id="open"),
        pytest.param(OPEN, (200, 401, 200), False, id="open-refuses"),
    ],
)
def test_wrong_answers_are_found(
    contender: Contender, statuses: tuple[int, int, int], is_right: bool
) -> None:
    """A contender that accepts what it must refuse is never timed."""
    asked = dict(zip(("good", "no", "a forged"), statuses, strict=True))

    assert is_right is (fault(contender, asked) is None)


def test_a_forged_token_has_the_same_form() -> None:
    """Only the signature differs, and its length does not."""
    token = "head.body.abcdefgh"

    assert forged(token) == "head.body.dcbaefgh"


def test_a_port_is_free() -> None:
    """The port is one that anybody may take."""
    assert 1024 < free_port() < 65536


def test_a_server_that_ends_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it printed last stands in the error."""
    dying = [sys.executable, "-c", "raise SystemExit('no such application')"]
    monkeypatch.setattr(servers, "command", lambda *_args: dying)

    with (
        pytest.raises(ServerError, match="no such application"),
        serving("any", "any", core=0, env={}, log=tmp_path / "log"),
    ):
        pass


LISTENING = """
import socket, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
bound = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(60)
"""


def test_a_server_ends_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving the block by an error leaves no process of the group behind."""
    monkeypatch.setattr(
        servers,
        "command",
        lambda _server, _app, port: [sys.executable, "-c", LISTENING, str(port)],
    )
    log = tmp_path / "log"

    with (
        pytest.raises(KeyboardInterrupt),
        serving("any", "any", core=0, env={}, log=log) as running,
    ):
        raise KeyboardInterrupt

    child = Path(f"/proc/{log.read_text('utf-8').strip()}/stat")
    assert not Path(f"/proc/{running.pid}").exists()
    assert not child.exists() or ") Z " in child.read_text("utf-8")

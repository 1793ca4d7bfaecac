"""A worker's serving in this process, with the supervisor's end in the test."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.serving import worker
from quart_jwt.service.serving.heartbeat import SupervisorEnd
from quart_jwt.service.serving.listeners import ListeningConfig
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.worker_command import WorkerCommand
from service.load import asked
from service.paced_app import app as paced_app

pytestmark = pytest.mark.usefixtures("kept_logging")


class Post:
    """One worker that serves the paced application, and the supervisor's place."""

    def __init__(self, config: ListeningConfig) -> None:
        ours, theirs = socket.socketpair()
        self.config = config
        self.end = SupervisorEnd(ours, silent=lambda: None, silent_after_s=60)
        serving = worker.serve(paced_app, config, theirs, deadline=None)  # type: ignore[arg-type] # ASGI in plain words
        self.serving = asyncio.create_task(serving)

    @property
    def port(self) -> int:
        """Where it listens."""
        (bound,) = self.config._sockets.insecure_sockets
        return int(bound.getsockname()[1])


@pytest.fixture(name="config")
def _config() -> ListeningConfig:
    values = {"graceful_timeout": 10, "keep_alive_timeout": 30, "accesslog": None}
    return make_config(values, ["127.0.0.1:0"])


@pytest.fixture(name="post")
async def _post(config: ListeningConfig) -> AsyncIterator[Post]:
    post = Post(config)
    await asyncio.wait_for(post.end.ready.wait(), 60)
    yield post
    post.end.close()
    await asyncio.wait_for(post.serving, 60)


async def test_a_drained_worker_answers_and_ends(post: Post) -> None:
    """An idle connection may ask once more; the answer says that it was the last."""
    reader, writer = await asked(post.port, "/")
    assert b"connection: close" not in await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(len(str(os.getpid())))
    post.end.drain()
    await asyncio.sleep(0)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    writer.close()
    await asyncio.wait_for(post.serving, 60)


async def test_an_orphaned_worker_finishes_and_ends(post: Post) -> None:
    """Without a supervisor nobody would end it."""
    reader, writer = await asked(post.port, "/slow")
    await asyncio.sleep(0)
    post.end.close()
    await asyncio.wait_for(post.serving, 60)
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_sigterm_cuts_off_what_is_late(post: Post) -> None:
    """After the grace time a request that never ends is ended, on every Python."""
    post.config.graceful_timeout = 0.1
    reader, writer = await asked(post.port, "/never")
    os.kill(os.getpid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(post.serving, 60)
    assert b" 200" not in await reader.read()
    writer.close()


async def test_a_start_that_fails_is_one_sentence(
    config: ListeningConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No beat is sent for an application that does not start."""
    monkeypatch.setenv("PACED_APP_FAILS", "1")
    post = Post(config)
    with pytest.raises(StartError, match=r"could not start: .*no luck"):
        await post.serving
    assert not post.end.ready.is_set()
    post.end.close()


def test_a_command_line_carries_the_descriptors(tmp_path: Path) -> None:
    """What a worker inherits, it is told."""
    path = tmp_path / "x.toml"
    command = WorkerCommand(application="a:b", config=path, secure=[3], plain=[4, 5])
    assert command.descriptors == [3, 4, 5]
    assert command.arguments(9) == [
        *(sys.executable, "-P", "-m", "quart_jwt.service.serving.worker"),
        *("--channel", "9", "--config", str(path)),
        *("--secure=3", "--plain=4", "--plain=5", "a:b"),
    ]


def test_descriptors_go_where_hypercorn_takes_them(tmp_path: Path) -> None:
    """With a certificate the two kinds stay apart; without, there is one."""
    path = tmp_path / "x.toml"
    path.write_text('certfile = "x.pem"\nkeyfile = "x.pem"\n')
    config = worker._config(path, secure=[3], plain=[4])
    assert (config.bind, config.insecure_bind) == (["fd://3"], ["fd://4"])
    assert worker._config(None, secure=[], plain=[4, 5]).bind == ["fd://4", "fd://5"]


def test_an_application_without_its_settings_is_a_sentence() -> None:
    """A worker that cannot even begin says why, without a traceback."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as bound:
        command = WorkerCommand(
            application="quart_jwt.service.asgi:app", plain=[bound.fileno()]
        )
        done = subprocess.run(  # noqa: S603 - our own command
            command.arguments(theirs.fileno()),
            pass_fds=[theirs.fileno(), bound.fileno()],
            env={**os.environ, "QUART_JWT_SECRET_KEY": "short"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "QUART_JWT_SECRET_KEY is too weak" in done.stderr
    assert "Traceback" not in done.stderr

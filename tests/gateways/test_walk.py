"""The walk behind nginx, in both languages, gone as it stands on its page."""

import contextlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from docs import printing
from docs import running
from docs.blocks import Block
from docs.blocks import blocks_of
from docs.blocks import commands_of
from docs.blocks import ROOT
from gateways.processes import Process
from gateways.processes import running as process_running
from gateways.products import DEPLOY
from gateways.products import free_port
from gateways.products import PRODUCTS

pytestmark = pytest.mark.slow

PAGES = ("docs/operate/gateways.md", "docs/start/tutorial.zh-CN.md")
OUR_PROGRAMS = Path(sys.executable).parent
NGINX = PRODUCTS[0]


@pytest.fixture(name="service")
def _service(tmp_path: Path) -> Iterator[running.Service]:
    with running.service_in(tmp_path / ".quart-jwt") as service:
        login = {"username": "demo", "password": service.password}
        for _ in range(2):  # as who has pasted the lines above it
            httpx.post(
                f"{service.url}/login", json=login, timeout=60
            ).raise_for_status()
        yield service


def _walk(page: str) -> tuple[list[str], Block]:
    """What the reader starts in terminals of their own, and the commands after that."""
    blocks = blocks_of(ROOT / page)
    (walk,) = (block for block in blocks if block.asks_a_gateway)
    above = blocks[blocks.index(walk) - 1]
    assert above.language == "sh"
    return above.text.splitlines(), walk


@contextlib.contextmanager
def _application(where: Path, command: str, port: int) -> Iterator[Process]:
    command = command.replace(".venv/bin", str(OUR_PROGRAMS)).replace("9000", str(port))
    with process_running(command.split(), where, {}) as process:
        process.wait_until(lambda: _answers(port))
        yield process


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 404
    return False


def _copy(where: Path, ports: dict[str, str]) -> None:
    """A checkout as far as the walk goes, with the ports that are free here."""
    shutil.copytree(DEPLOY / "nginx", where / "deploy" / "nginx")
    file = where / "deploy" / "nginx" / "quart-jwt.conf"
    text = file.read_text("utf-8").replace("read_timeout 1s", "read_timeout 30s")
    for written, here in ports.items():
        text = re.sub(rf"\b{written}\b", here, text)
    file.write_text(text, "utf-8")


@contextlib.contextmanager
def _no_nginx_left(where: Path) -> Iterator[None]:
    """The walk starts a daemon and ends it; a walk that fails must not leave it."""
    try:
        yield
    finally:
        pid = where / "deploy" / "nginx" / "walk" / "run.pid"
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGTERM)


@pytest.mark.parametrize("page", PAGES)
async def test_the_walk_goes_as_it_is_written(
    service: running.Service, tmp_path: Path, page: str
) -> None:
    """Sign in, protect a route behind nginx, rotate a key, end a session."""
    nginx = Path(NGINX.program())
    (serve, application), walk = _walk(page)
    assert serve == "make serve"
    gateway, protected = str(free_port()), free_port()
    served = service.url.rpartition(":")[2]
    _copy(tmp_path, {"8080": gateway, "8000": served, "9000": str(protected)})
    running.write_stand_ins(tmp_path)
    commands = [
        type(command)(
            command.text.replace("8080", gateway)
            .replace(".venv/bin", str(OUR_PROGRAMS))
            .replace("deploy/nginx", f"{tmp_path}/deploy/nginx"),
            command.printed,
        )
        for command in commands_of(walk)
    ]
    places = [str(nginx.parent), os.environ["PATH"], str(tmp_path)]
    with _application(tmp_path, application, protected), _no_nginx_left(tmp_path):
        printed = await running.run_commands(
            commands,
            program="no program",
            service=service.url,
            path=os.pathsep.join(places),
            variables={
                "PASSWORD": service.password,
                "QUART_JWT_STATE_DIR": str(tmp_path / ".quart-jwt"),
            },
        )
    for command, text in zip(commands, printed, strict=True):
        assert printing.fits(command.printed, text), text

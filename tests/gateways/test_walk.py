"""The walk behind nginx in both languages, and the tutorial: gone as written there."""

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
from docs.blocks import Command
from docs.blocks import commands_of
from docs.blocks import GATEWAY_TUTORIAL
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


@contextlib.contextmanager
def _production_service(where: Path, command: str) -> Iterator[str]:
    """Give the address of the service that a line of the page starts in a folder."""
    line = ["sh", "-c", f"exec env {command} --port 0"]
    with process_running(line, where, {}) as process:
        address = re.compile(r" on (http://\S+)$", re.MULTILINE)
        process.wait_until(lambda: address.search(process.text) is not None)
        (url,) = address.findall(process.text)[:1]
        yield url


def _copy(where: Path, ports: dict[str, str]) -> None:
    """A checkout as far as the walk goes, with the ports that are free here."""
    shutil.copytree(DEPLOY / "nginx", where / "deploy" / "nginx")
    file = where / "deploy" / "nginx" / "quart-jwt.conf"
    text = file.read_text("utf-8").replace("read_timeout 1s", "read_timeout 30s")
    for written, here in ports.items():
        text = re.sub(rf"\b{written}\b", here, text)
    file.write_text(text, "utf-8")


@contextlib.contextmanager
def _no_nginx_left(prefix: Path) -> Iterator[None]:
    """The walk starts a daemon and ends it; a walk that fails must not leave it."""
    try:
        yield
    finally:
        # It may be about to end by itself, and take the file away.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int((prefix / "run.pid").read_text()), signal.SIGTERM)


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
    prefix = tmp_path / "deploy" / "nginx" / "walk"
    with _application(tmp_path, application, protected), _no_nginx_left(prefix):
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


async def test_the_tutorial_goes_as_it_is_written(tmp_path: Path) -> None:
    """A user, nginx with TLS, a sign-in, a new key and a sign-out, in production."""
    blocks = blocks_of(ROOT / GATEWAY_TUTORIAL)
    (program,) = (block for block in blocks if block.language == "python")
    *_, terminals = (block for block in blocks if block.language == "sh")
    serve, application = terminals.text.splitlines()
    commands = [c for b in blocks if b.language == "console" for c in commands_of(b)]
    checkout, beside = tmp_path / "checkout", tmp_path / "application"
    checkout.mkdir()
    beside.mkdir()
    (checkout / ".venv").symlink_to(OUR_PROGRAMS.parent)
    (beside / "application.py").write_text(program.text, "utf-8")
    gateway, protected = str(free_port()), free_port()
    running.write_stand_ins(tmp_path)
    places = [str(Path(NGINX.program()).parent), os.environ["PATH"], str(tmp_path)]

    with (
        _production_service(checkout, serve.replace("8443", gateway)) as url,
        _application(beside, application, protected),
        _no_nginx_left(checkout / "gateway" / "walk"),
    ):
        _copy(checkout, {"8000": url.rpartition(":")[2], "9000": str(protected)})
        _, *printed = await running.run_commands(
            [
                Command(f"cd {checkout}", ""),
                *(Command(c.text.replace("8443", gateway), "") for c in commands),
            ],
            program="no program",
            service=url,
            path=os.pathsep.join(places),
            variables={},
        )

    for command, text in zip(commands, printed, strict=True):
        assert printing.fits(command.printed.replace("8443", gateway), text), text

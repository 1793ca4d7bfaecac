"""``docker compose``, as far as ``deploy/docker/compose.yaml`` needs it."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.fleet import need
from deploy.machine import COMMAND
from deploy.machine import hypercorn_toml
from deploy.machine import new_address
from deploy.machine import PATIENCE_S
from deploy.machine import Process
from deploy.machine import typed
from real_servers import program
from source_tree import ROOT

DOCKER = ROOT / "deploy" / "docker"
PATH = DOCKER / "compose.yaml"
DOCKERFILE = (DOCKER / "Dockerfile").read_text("utf-8")


class Compose:
    """
    The services of the file, each a process with an address of its own.

    Args:
        folder: Where their data are, which outlive a shutdown.
    """

    def __init__(self, folder: Path) -> None:
        self.services: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))[
            "services"
        ]
        self.addresses = {name: new_address() for name in self.services}
        self.processes: dict[str, Process] = {}
        self._folder = folder

    def up(self, shell: Mapping[str, str]) -> None:
        """Start what does not run, in the order that ``depends_on`` asks for."""
        started: set[str] = set()
        for name in self.services:
            self._start(name, shell, started)

    def exec(self, name: str, command: list[str], password: str) -> tuple[int, str]:
        """Run a command beside a service, at a terminal."""
        process = self.processes[name]
        assert command[0] == "quart-jwt"
        words = [*COMMAND, *command[1:]]
        return typed(words, process.environ, process.folder, password)

    def stop(self) -> None:
        """Stop every service within its grace period, the last one started first."""
        stop = re.search(r"^STOPSIGNAL (\w+)$", DOCKERFILE, re.MULTILINE)
        assert stop is not None
        for name, process in reversed(self.processes.items()):
            if process.running is None or process.running.poll() is not None:
                continue
            grace = self.services[name].get("stop_grace_period", "60s").rstrip("s")
            number = signal.Signals[stop[1]]
            assert process.stop(number, float(grace)) == 0, process.output

    def _start(self, name: str, shell: Mapping[str, str], started: set[str]) -> None:
        if name in started:
            return
        started.add(name)
        needed = self.services[name].get("depends_on", {})
        for other in needed:
            self._start(other, shell, started)
        for other in needed:
            wanted = "service_started"
            if isinstance(needed, dict):
                wanted = needed[other]["condition"]
            self._await(other, wanted)
        if name not in self.processes:
            self.processes[name] = self._process(name, shell)
        self.processes[name].start()

    def _await(self, name: str, condition: str) -> None:
        process = self.processes[name]
        if condition == "service_completed_successfully":
            assert process.completed() == 0, process.output
        elif condition == "service_healthy":
            process.until(lambda: self._is_healthy(name))
        else:
            assert condition == "service_started"

    def _is_healthy(self, name: str) -> bool:
        kind, tool, *words = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        command = [program(tool), "-h", self.addresses[name], *words]
        return not subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603 - the sample's words

    def _process(self, name: str, shell: Mapping[str, str]) -> Process:
        image = self.services[name]["image"].partition(":")[0]
        environ = {
            key: self._resolved(_interpolated(text, shell))
            for key, text in self.services[name].get("environment", {}).items()
        }
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        making = {
            "nginx": self._nginx,
            "postgres": self._postgres,
            "redis": self._redis,
            "quart-jwt": self._quart_jwt,
        }
        return making[image](name, environ, folder)

    def _resolved(self, text: str) -> str:
        """Replace the host names in a URL."""
        names = "|".join(map(re.escape, self.addresses))
        pattern = rf"(?<=[@/])({names})(?=[:/])"
        return re.sub(pattern, lambda found: self.addresses[found[1]], text)

    def _quart_jwt(self, name: str, environ: dict[str, str], folder: Path) -> Process:
        default = re.search(r"^CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
        assert default is not None
        words = self.services[name].get("command") or yaml.safe_load(default[1])
        config = hypercorn_toml(folder, self.addresses[name])
        words = [word.replace("0.0.0.0", self.addresses[name]) for word in words]  # noqa: S104 - it is replaced
        words = [str(config) if "hypercorn.toml" in word else word for word in words]
        state = {"QUART_JWT_STATE_DIR": str(folder), "PATH": os.environ["PATH"]}
        return Process([*COMMAND, *words], {**state, **environ}, folder)

    def _postgres(self, name: str, environ: dict[str, str], folder: Path) -> Process:
        user = "postgres" if os.geteuid() == 0 else None
        data, role = folder / "data", environ["POSTGRES_USER"]
        if not data.exists():
            password = folder / "password"
            password.write_text(environ["POSTGRES_PASSWORD"])
            if user is not None:
                for path in (folder, password):
                    shutil.chown(path, user)
            options = ["-A", "scram-sha-256", "-U", role, f"--pwfile={password}", "-N"]
            _run(program("initdb"), *options, "-D", data, user=user)
            single: list[str | Path] = ["--single", "-D", data, "postgres"]
            making = f"CREATE DATABASE {environ['POSTGRES_DB']}\n"
            _run(program("postgres"), *single, user=user, given=making)
        address = self.addresses[name]
        command = [program("postgres"), "-D", data, "-h", address, "-k", "", "-F"]
        return Process([str(word) for word in command], {}, folder, user)

    def _redis(self, name: str, _environ: dict[str, str], folder: Path) -> Process:
        server, *words = self.services[name]["command"]
        where = ["--bind", self.addresses[name], "--dir", str(folder)]
        return Process([str(program(server)), *words, *where], {}, folder)

    def _nginx(self, name: str, _environ: dict[str, str], folder: Path) -> Process:
        (mount,) = self.services[name]["volumes"]
        source, target, _mode = mount.split(":")
        assert target == "/etc/nginx/nginx.conf"
        ((outside, inside),) = [p.split(":") for p in self.services[name]["ports"]]
        assert outside == inside
        text = (DOCKER / source).read_text("utf-8")
        text = text.replace(f"listen {inside}", f"listen {self.addresses[name]}:8080")
        text = text.replace("http {", "http {\naccess_log off;")
        for other, address in self.addresses.items():
            text = text.replace(f"server {other}:", f"server {address}:")
        (folder / "nginx.conf").write_text(text)
        globals_ = f"daemon off; pid {folder}/nginx.pid;"
        command = [need("nginx"), "-p", str(folder), "-e", "stderr", "-c", "nginx.conf"]
        return Process([*command, "-g", globals_], {}, folder)


def _interpolated(text: str, shell: Mapping[str, str]) -> str:
    """Replace ``${NAME:?why}``; a name that is not set stops everything."""

    def value(found: re.Match[str]) -> str:
        assert shell.get(found[1]), f"{found[1]}: {found[2]}"
        return shell[found[1]]

    return re.sub(r"\$\{(\w+):\?([^}]*)\}", value, text)


def _run(*command: str | Path, user: str | None, given: str = "") -> None:
    subprocess.run(  # noqa: S603 - programs of PostgreSQL
        [str(word) for word in command],
        input=given.encode(),
        check=True,
        capture_output=True,
        user=user,
        cwd="/",
        timeout=PATIENCE_S,
    )

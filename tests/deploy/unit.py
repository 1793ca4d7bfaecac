"""``systemctl`` and ``systemd-run``, as far as ``deploy/systemd`` needs them."""

import os
import re
import signal
import subprocess
from pathlib import Path

from deploy.machine import COMMAND
from deploy.machine import new_address
from deploy.machine import Process
from deploy.machine import typed
from deploy.machine import words_of
from source_tree import ROOT

UNIT = ROOT / "deploy" / "systemd" / "quart-jwt.service"
INSTALLED = "/opt/quart-jwt/bin/quart-jwt"


class Host:
    """
    A machine with a root file system of its own.

    Args:
        root: That root; what is installed goes below it.
    """

    def __init__(self, root: Path) -> None:
        self.address = new_address()
        self.root = root
        self.service: Process | None = None

    def install(self, words: list[str]) -> None:
        """Run ``install``, below the root of this machine."""
        *options, target = words
        self.path(target).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(  # noqa: S603 - a line of our own sample
            [*options, str(self.path(target))], check=True, cwd=ROOT
        )
        if target.endswith("hypercorn.toml"):
            text = self.path(target).read_text("utf-8")
            self.path(target).write_text(text.replace("127.0.0.1:", f"{self.address}:"))

    def path(self, text: str) -> Path:
        """Where an absolute path of this machine is."""
        return self.root / text.lstrip("/")

    def enable_now(self) -> None:
        """``systemctl enable --now``: the first command, then the service."""
        if self.service is not None and self.service.running is not None:
            return
        unit = _read(self.path("/etc/systemd/system/quart-jwt.service"))
        before = self._process(unit, unit["ExecStartPre"])
        before.start()
        assert before.completed() == 0, before.output
        self.service = self._process(unit, unit["ExecStart"])
        self.service.start()

    def stop(self) -> None:
        """``systemctl stop``: a signal to the supervisor, and time to end."""
        unit = _read(self.path("/etc/systemd/system/quart-jwt.service"))
        assert self.service is not None
        within_s = float(unit["TimeoutStopSec"])
        assert self.service.stop(signal.SIGTERM, within_s) == 0, self.service.output
        self.service = None

    def run(self, words: list[str], password: str) -> tuple[int, str]:
        """Run the command that the sample installs into ``/usr/local/sbin``."""
        script = self.path("/usr/local/sbin/quart-jwt")
        assert os.access(script, os.X_OK)
        text = re.sub(r"^#.*$|\\$", "", script.read_text("utf-8"), flags=re.MULTILINE)
        *given, at_all = words_of(text.replace("\n", " "))
        assert given[:2] == ["exec", "systemd-run"]
        assert at_all == "$@"
        options = [word for word in given if word.startswith("--")]
        pairs = [o.removeprefix("--property=").partition("=")[::2] for o in options]
        unit = {name: self._specified(text) for name, text in pairs}
        unit["Environment"] = self._specified(
            next(o for o in options if o.startswith("--setenv=")).partition("=")[2]
        )
        served = _read(UNIT)
        for name in ("User", "DynamicUser", "StateDirectory", "StateDirectoryMode"):
            assert unit[name] == served[name], name
        process = self._process(unit, f"{given[-1]} {' '.join(words)}")
        return typed(process.command, process.environ, process.folder, password)

    def _process(self, unit: dict[str, str], command: str) -> Process:
        program, *words = words_of(self._specified(command))
        assert program == INSTALLED
        words = [str(self.path(w)) if w.startswith("/") else w for w in words]
        folder = self.path(self._specified(unit["WorkingDirectory"]))
        folder.mkdir(
            mode=int(unit["StateDirectoryMode"], 8), parents=True, exist_ok=True
        )
        environ = {"PATH": os.environ["PATH"]}
        for line in (
            self._specified(unit["Environment"]),
            *self.path(unit["EnvironmentFile"]).read_text("utf-8").splitlines(),
        ):
            name, is_set, value = line.partition("=")
            if is_set and not line.startswith("#"):
                path = value.startswith("/")
                environ[name] = str(self.path(value)) if path else value
        return Process([*COMMAND, *words], environ, folder)

    def _specified(self, text: str) -> str:
        """Replace the specifier of the state directory (systemd.unit(5))."""
        return text.replace("%S", "/var/lib")


def _read(path: Path) -> dict[str, str]:
    pairs = re.findall(r"^(\w+)=(.*)$", path.read_text("utf-8"), re.MULTILINE)
    return dict(pairs)

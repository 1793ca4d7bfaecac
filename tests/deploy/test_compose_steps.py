"""The steps of ``deploy/docker``: performed twice, and after a shutdown."""

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.compose import Compose
from deploy.compose import PATH
from deploy.machine import exported
from deploy.machine import is_ready
from deploy.machine import PASSWORD
from deploy.machine import refresh
from deploy.machine import sign_in
from deploy.machine import steps_of
from deploy.machine import words_of

pytestmark = pytest.mark.slow

UP = ["docker", "compose", "-f", "deploy/docker/compose.yaml", "up"]
EXEC = [*UP[:-1], "exec"]


class Shell:
    """An operator's shell: it keeps what was exported."""

    def __init__(self, compose: Compose) -> None:
        self.compose = compose
        self.environ = dict(os.environ)

    def perform(self, step: str) -> tuple[int, str]:
        """Perform one step; return its status and what it showed."""
        if step.startswith("export "):
            self.environ = exported(step, self.environ)
            return 0, ""
        words = words_of(step)
        if words[: len(UP)] == UP:
            assert set(words[len(UP) :]) == {"--build", "--detach"}
            self.compose.up(self.environ)
            return 0, ""
        assert words[: len(EXEC)] == EXEC
        service, *command = words[len(EXEC) :]
        return self.compose.exec(service, command, PASSWORD)


@pytest.fixture(name="compose")
def _compose() -> Iterator[Compose]:
    # Not below tmp_path: PostgreSQL runs as a user that cannot read root's folders.
    with tempfile.TemporaryDirectory(prefix="qj-") as name:
        Path(name).chmod(0o755)
        compose = Compose(Path(name))
        try:
            yield compose
        finally:
            for process in compose.processes.values():
                process.kill()


def _both_ready(compose: Compose) -> None:
    for name in ("auth-1", "auth-2"):
        address = f"{compose.addresses[name]}:8000"
        compose.processes[name].until(partial(is_ready, address))


def test_the_sample_serves_a_first_user(compose: Compose) -> None:
    """From nothing; nothing changes the second time; sessions outlive a shutdown."""
    shell = Shell(compose)
    steps = steps_of(PATH)
    *before, add = steps
    for step in before:
        assert shell.perform(step)[0] == 0
    _both_ready(compose)
    services = [compose.processes[name] for name in ("auth-1", "auth-2")]
    hint = "There are no users yet:"
    assert all(hint in service.output for service in services)
    status, shown = shell.perform(add)
    assert (status, "added alice" in shown) == (0, True), shown
    gateway = f"http://{compose.addresses['gateway']}:8080"
    token = sign_in(gateway)

    _repeat(shell, before, add)
    token = refresh(gateway, token)

    compose.stop()
    _repeat(shell, before, add)
    _both_ready(compose)
    refresh(gateway, token)
    sign_in(gateway)
    assert [service.output.count(hint) for service in services] == [1, 1]


def _repeat(shell: Shell, before: list[str], add: str) -> None:
    """Perform the steps once more; secrets are kept, and the user is there."""
    for step in before:
        if not step.startswith("export "):
            assert shell.perform(step)[0] == 0
    status, shown = shell.perform(add)
    assert (status, "there is a user named 'alice' already" in shown) == (1, True)


def test_without_the_upgrade_it_would_not_start(compose: Compose) -> None:
    """The step is needed: a service alone ends with a sentence that names it."""
    del compose.services["upgrade"]
    for name in ("auth-1", "auth-2"):
        wanted = compose.services[name]["depends_on"]
        compose.services[name]["depends_on"] = {
            "database": {"condition": "service_healthy"},
            **{key: value for key, value in wanted.items() if key != "upgrade"},
        }
    shell = Shell(compose)
    for step in steps_of(PATH)[:-1]:
        shell.perform(step)
    assert compose.processes["auth-1"].completed() == 1
    assert "run 'quart-jwt db upgrade'" in compose.processes["auth-1"].output

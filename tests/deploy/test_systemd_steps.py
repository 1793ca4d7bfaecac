"""The steps of ``deploy/systemd``: performed twice, and after a shutdown."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.machine import is_ready
from deploy.machine import PASSWORD
from deploy.machine import refresh
from deploy.machine import sign_in
from deploy.machine import steps_of
from deploy.machine import words_of
from deploy.unit import Host
from deploy.unit import UNIT

pytestmark = pytest.mark.slow

ALREADY_THERE = {
    "python3 -m venv /opt/quart-jwt",
    "/opt/quart-jwt/bin/python -m pip install 'quart-jwt[service]'",
    "systemctl daemon-reload",
}
"""The tests run from an installation; there is no systemd that could reload."""


@pytest.fixture(name="host")
def _host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    try:
        yield host
    finally:
        if host.service is not None:
            host.service.kill()


def _perform(host: Host, step: str) -> tuple[int, str]:
    words = words_of(step)
    if words[0] == "install":
        host.install(words)
    elif step == "systemctl enable --now quart-jwt":
        host.enable_now()
        assert host.service is not None
        host.service.until(lambda: is_ready(f"{host.address}:8000"))
    elif words[0] == "quart-jwt":
        return host.run(words[1:], PASSWORD)
    else:
        assert step in ALREADY_THERE
    return 0, ""


def test_the_sample_serves_a_first_user(host: Host) -> None:
    """With SQLite and keys of its own, which outlive a shutdown."""
    steps = steps_of(UNIT)
    for step in steps:
        status, shown = _perform(host, step)
        assert status == 0, shown
    assert "added alice" in shown
    assert host.service is not None
    assert "There are no users yet:" in host.service.output
    base = f"http://{host.address}:8000"
    token = sign_in(base)

    for _time in range(2):
        for step in steps[:-1]:
            _perform(host, step)
        status, shown = _perform(host, steps[-1])
        assert (status, "there is a user named 'alice' already" in shown) == (1, True)
        token = refresh(base, token)
        host.stop()

"""The paths of a login under asyncio's own checks."""

import os
import subprocess
import sys

import pytest

from source_tree import ROOT

PATIENCE_S = 300
PATHS = [
    "tests/service/web/test_bearer_mode.py",
    "tests/service/web/test_cookie_mode.py",
    "tests/service/web/test_sessions.py",
    "tests/service/accounts/test_authentication.py",
    "tests/service/accounts/test_passwords.py",
]
COMPLAINTS = ["was never awaited", "never retrieved", "unclosed", "ResourceWarning"]


@pytest.mark.slow
def test_nothing_is_forgotten_on_the_way() -> None:
    """No coroutine is left unawaited and nothing open, in debug mode and as errors."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PATHS],
        cwd=ROOT,
        env={**os.environ, "PYTHONASYNCIODEBUG": "1", "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-2_000:]
    assert not [complaint for complaint in COMPLAINTS if complaint in told]

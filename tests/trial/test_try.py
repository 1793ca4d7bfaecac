"""``quart-jwt try``: a project's own tests under Flask, and then under quart_jwt."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHOP = """\
from flask import Flask, request
from flask_jwt_extended import JWTManager, create_access_token, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "a secret that is long enough for this"
JWTManager(app)

@app.post("/login")
def login():
    return {"token": create_access_token(request.json["name"])}

@app.get("/me")
@jwt_required()
def me():
    return {}
"""
GOOD = """\
from shop import app

def test_me():
    client = app.test_client()
    token = client.post("/login", json={"name": "ada"}).json["token"]
    header = {"Authorization": f"Bearer {token}"}
    assert client.get("/me", headers=header).status_code == 200

def test_nobody():
    assert app.test_client().get("/me").status_code == 401
"""
WORSE = """\
import pytest
import flask_jwt_extended

def test_place():
    assert "quart" not in flask_jwt_extended.JWTManager.__module__, "another place"

@pytest.fixture
def broken():
    assert "quart" not in flask_jwt_extended.JWTManager.__module__, "in a fixture"

def test_fixture(broken): ...

def test_both(): assert 0

@pytest.mark.skip
def test_skipped(): ...

@pytest.mark.xfail
def test_expected(): assert 0
"""
Output = subprocess.CompletedProcess[str]


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(GOOD)
    return tmp_path


def _try(project: Path, *command: str) -> Output:
    environment = {
        name: value for name, value in os.environ.items() if "PYTEST" not in name
    }
    if "-n" not in command:  # what else is installed here takes half of the time
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "quart_jwt", "try", "--", *command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    [
        ("pytest", "-q"),
        ("python", "-m", "pytest", "-q"),
        ("pytest", "-q", "-n", "1"),
        ("sh", "-c", f"{sys.executable} -m pytest"),
    ],
    ids=["pytest", "python", "xdist", "another program"],
)
def test_both_counts_and_what_went_through_us(
    project: Path, command: tuple[str, ...]
) -> None:
    """Two runs, their counts, and the counters; nothing is written."""
    done = _try(project, *command)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "Under Flask:     2 passed\n"
        "As if migrated:  2 passed\n"
        "Through quart_jwt.flask: 1 app, 3 requests, 2 verifications.\n"
    )
    assert sorted(path.name for path in project.iterdir()) == [
        "shop.py",
        "test_shop.py",
    ]
    assert (project / "shop.py").read_text() == SHOP


def test_every_test_that_differs_is_listed(project: Path) -> None:
    """With both outcomes and the reason; those that fail both times are not."""
    (project / "test_worse.py").write_text(WORSE)

    done = _try(project, "pytest", "-q")

    assert done.returncode == 1
    assert "Under Flask:     4 passed, 1 failed, 1 skipped, 1 xfailed\n" in done.stdout
    assert "As if migrated:  2 passed, 2 failed, 1 error, 1 skipped" in done.stdout
    assert done.stdout.endswith(
        "Different (2):\n"
        "test_worse.py::test_place: passed, then failed\n"
        "    AssertionError: another place\n"
        "test_worse.py::test_fixture: passed, then error\n"
        "    AssertionError: in a fixture\n"
    )


def test_a_module_that_cannot_be_collected_is_worse(project: Path) -> None:
    """Its tests are missing, and the error has the reason."""
    (project / "test_worse.py").write_text(
        "from flask_jwt_extended.tokens import _encode_jwt\ndef test_a(): ...\n"
    )

    done = _try(project, "pytest", "-q")

    assert done.returncode == 1
    assert "test_worse.py::test_a: passed, then not run" in done.stdout
    assert "test_worse.py: not run, then error" in done.stdout
    assert "flask_jwt_extended.tokens" in done.stdout


def test_tests_without_an_app_show_nothing(project: Path) -> None:
    """Not one app went through quart_jwt: that is no success."""
    (project / "test_shop.py").write_text("def test_a(): ...\n")

    done = _try(project, "pytest", "-q")

    assert done.returncode == 1
    assert "No app was made through quart_jwt.flask" in done.stderr


def test_tests_that_all_fail_show_nothing(project: Path) -> None:
    """Under Flask already, so nothing can be worse."""
    (project / "test_shop.py").write_text("import shop\ndef test_a(): assert 0\n")

    done = _try(project, "pytest", "-q")

    assert done.returncode == 1
    assert "No test passes under Flask: the trial shows nothing." in done.stderr


def test_tests_without_a_request_are_said(project: Path) -> None:
    """They pass, and show little."""
    (project / "test_shop.py").write_text("import shop\ndef test_a(): ...\n")

    done = _try(project, "pytest", "-q")

    assert done.returncode == 0
    assert "send no request through quart_jwt.flask" in done.stderr


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("no-such-command",), "no-such-command cannot be run: No such file"),
        (("echo", "hello"), "ran no pytest to its end (exit status 0)"),
    ],
)
def test_a_command_without_pytest_is_an_error(
    project: Path, command: tuple[str, ...], message: str
) -> None:
    """In one sentence, without a traceback."""
    done = _try(project, *command)

    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr

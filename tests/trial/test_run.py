"""``quart-jwt run``: a Flask app on a real Hypercorn."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from quart_jwt.trial.serving import SERVED

SHOP = """\
from flask import Flask, request
from flask_jwt_extended import JWTManager, create_access_token, jwt_required

def create_app():
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = "a secret that is long enough for this"
    JWTManager(app)

    @app.post("/login")
    def login():
        return {"token": create_access_token(request.json["name"])}

    @app.get("/me")
    @jwt_required()
    def me():
        return {"server": request.environ.get("SERVER_PROTOCOL")}

    return app
"""
WAIT_S = 60


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    return tmp_path


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "quart_jwt", "run", *arguments]


@contextmanager
def _served(project: Path, *arguments: str) -> Iterator[httpx.Client]:
    socket = project / "socket"
    command = _command(*arguments, "--bind", f"unix:{socket}")
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            said = []
            for line in server.stdout:
                said.append(line)
                if "Running on" in line:
                    break
            else:
                pytest.fail("".join(said))
            transport = httpx.HTTPTransport(uds=str(socket))
            with httpx.Client(
                transport=transport, base_url="http://shop", timeout=WAIT_S
            ) as client:
                yield client
        finally:
            server.terminate()
            server.communicate(timeout=WAIT_S)


def test_an_unchanged_project_is_served(project: Path) -> None:
    """With --as-flask, through quart_jwt and Hypercorn."""
    with _served(project, "--as-flask", "shop:create_app()") as client:
        refused = client.get("/me")
        token = client.post("/login", json={"name": "ada"}).json()["token"]
        answer = client.get("/me", headers={"Authorization": f"Bearer {token}"})

    assert refused.status_code == 401
    assert answer.status_code == 200
    assert (project / "shop.py").read_text() == SHOP


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["shop:create_app()"], "makes Flask's own app"),
        (["nowhere:app"], "Could not import 'nowhere'"),
        ([], "Could not locate a Flask application"),
    ],
)
def test_what_cannot_be_served_is_said(
    project: Path, arguments: list[str], message: str
) -> None:
    """In a sentence, without a traceback."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_")}
    done = subprocess.run(  # noqa: S603 - our own command
        _command(*arguments),
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_hypercorn_is_told_the_interface() -> None:
    """It would take the app for WSGI by itself."""
    assert SERVED.startswith("asgi:")

"""The pytest plugin, in runs of pytest of its own."""

import os
import subprocess
import sys
from pathlib import Path

DEADLINE_S = 120

SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""

USED = """
import pytest
from quart import Quart, jsonify
from quart_jwt import JWTManager, get_jwt_identity, jwt_required

@pytest.fixture
async def app():
    app = Quart(__name__)
    app.config["JWT_SECRET_KEY"] = "0123456789abcdef0123456789abcdef-unused"
    JWTManager(app)

    @app.get("/me")
    @jwt_required(fresh=True)
    async def me():
        return jsonify(get_jwt_identity())

    return app

async def test_me(
    app, auth_headers, authenticated_client, make_token, assert_protected, jwt_clock
):
    await assert_protected("/me", fresh=True)
    client = await authenticated_client("ada", fresh=True)
    assert await (await client.get("/me")).get_json() == "ada"
    headers = await auth_headers("bob", fresh=True)
    assert await (await client.get("/me", headers=headers)).get_json() == "bob"
    token = await make_token("eve", fault="wrong_key")
    headers = {"Authorization": f"Bearer {token}"}
    assert (await client.get("/me", headers=headers)).status_code == 422
    jwt_clock.advance(900)
    assert (await client.get("/me")).status_code == 401
"""

OVERRIDDEN = """
import pytest

@pytest.fixture
def auth_headers():
    return "ours"

def test_ours(auth_headers):
    assert auth_headers == "ours"
"""

UNUSED = """
import sys

def test_nothing_is_loaded():
    loaded = {"quart", "flask", "quart_jwt", "jwt", "httpx"} & set(sys.modules)
    assert "pytest_quart_jwt" in sys.modules
    assert loaded == set()
"""


def _run(where: Path, **files: str) -> str:
    """Run pytest on some files, every warning an error; return what it says last."""
    (where / "pytest.ini").write_text(SETTINGS)
    for name, text in files.items():
        (where / f"test_{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=where,
        env={name: value for name, value in os.environ.items() if name[:4] != "COV_"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_fixtures_work_and_give_way(tmp_path: Path) -> None:
    """With a fixture ``app``, all of them; a project's own fixture wins."""
    assert "2 passed" in _run(tmp_path, used=USED, overridden=OVERRIDDEN)


def test_a_run_that_does_not_use_it_loads_nothing(tmp_path: Path) -> None:
    """Neither Quart nor anything of ours but the plugin itself."""
    assert "1 passed" in _run(tmp_path, unused=UNUSED)

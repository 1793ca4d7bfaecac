"""What the command does after a plain ``pip install``, in a fresh environment."""

import subprocess
import venv
from collections.abc import Callable

import pytest

from source_tree import ROOT

pytestmark = pytest.mark.slow

APP = """
from quart import Quart
from quart_jwt import JWTManager, jwt_required

app = Quart(__name__, static_folder=None)
JWTManager(app)


@app.get("/me")
@jwt_required()
async def me(): ...
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(name="install", scope="module")
def _install(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Give what makes an environment, installs this checkout, and runs its command."""

    def install(extra: str) -> Run:
        folder = tmp_path_factory.mktemp("plain")
        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / "bin" / "python"
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        wanted = f"{ROOT}{extra}"
        subprocess.run([*pip, "install", wanted], check=True, timeout=600)  # noqa: S603 - our own
        (folder / "shop.py").write_text(APP)

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [str(python.with_name("quart-jwt")), *arguments]
            return subprocess.run(  # noqa: S603 - the same
                command, check=False, capture_output=True, text=True, cwd=folder
            )

        return run

    return install


def test_the_routes_of_an_app_need_no_extra(install: Callable[[str], Run]) -> None:
    """Routes are listed, and commands with an extra say which one they need."""
    run = install("")
    routes = run("routes", "shop:app", "--fail-on-open")
    assert (routes.returncode, routes.stderr) == (0, "")
    assert "/me" in routes.stdout
    assert "jwt_required()" in routes.stdout
    assert "routes" in run("--help").stdout
    assert run("--version").returncode == 0
    assert "quart-jwt[service]" in run("serve").stderr
    assert "quart-jwt[migrate]" in run("migrate", ".").stderr


def test_the_migration_needs_only_its_own_extra(install: Callable[[str], Run]) -> None:
    """``migrate`` reads a project without the service."""
    run = install("[migrate]")
    done = run("migrate", "shop.py")
    assert done.returncode == 0, done.stderr

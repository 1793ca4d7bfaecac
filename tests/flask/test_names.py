"""The names: Flask-JWT-Extended's, the alias for a trial, and those of its 3.x API."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import flask_jwt_extended
import pytest

import quart_jwt.flask
from flask_apps import make_app
from flask_apps import manager_of
from quart_jwt.flask.alias import MODULES
from quart_jwt.flask.three_x import LOADERS
from quart_jwt.flask.three_x import NAMES

PATIENCE_S = 120

PROJECT = """
from flask import Flask, jsonify
from flask_jwt_extended import JWTManager, create_access_token, jwt_required
from flask_jwt_extended.exceptions import NoAuthorizationError
import flask_jwt_extended as fje

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "k" * 40
fje.JWTManager(app)


@app.get("/")
@jwt_required()
async def index():
    return jsonify(user=fje.utils.get_jwt_identity())
"""

SUITE = """
import flask_jwt_extended
import pytest
from shop import app, create_access_token


@pytest.mark.parametrize("n", range(3))
def test_index(n):
    with app.app_context():
        token = create_access_token("ada")
    client = app.test_client()
    assert client.get("/").status_code == 401
    answer = client.get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.get_json() == {"user": "ada"}
"""


def public(module: ModuleType) -> set[str]:
    """The names that a module of Flask-JWT-Extended defines for others."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", module.__name__) == module.__name__
        and not inspect.ismodule(value)
    }


def test_every_name_is_there() -> None:
    """So the module's name is all that changes in an import."""
    theirs = {
        name
        for name, value in vars(flask_jwt_extended).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert theirs <= set(quart_jwt.flask.__all__)
    for name in quart_jwt.flask.__all__:
        assert getattr(quart_jwt.flask, name) is not None


@pytest.mark.parametrize("name", ["exceptions", "utils", "view_decorators", "typing"])
def test_every_name_of_a_module_is_there(name: str) -> None:
    """The modules from which projects import have their counterpart."""
    theirs = import_module(f"flask_jwt_extended.{name}")
    ours = import_module(f"quart_jwt.flask.{name}")

    assert public(theirs) - {"T", "P"} <= set(dir(ours))
    assert set(ours.__all__) <= set(dir(ours))


def _functions() -> Iterator[str]:
    """The functions of both; ``jwt_required`` has arguments of its own."""
    for name in sorted({*quart_jwt.flask.__all__} - {"jwt_required"}):
        if inspect.isfunction(getattr(flask_jwt_extended, name, None)):
            yield name


@pytest.mark.parametrize("name", [*_functions()])
def test_arguments_stand_in_the_same_order(name: str) -> None:
    """Positional calls mean the same."""
    theirs = getattr(flask_jwt_extended, name)
    ours = inspect.signature(getattr(quart_jwt.flask, name))

    assert list(ours.parameters)[: len(inspect.signature(theirs).parameters)] == list(
        inspect.signature(theirs).parameters
    )


def test_the_metadata_of_both_modules_is_known() -> None:
    """The version is that of the API."""
    assert quart_jwt.flask.__version__ == flask_jwt_extended.__version__
    assert set(MODULES) <= {path.stem for path in _package(quart_jwt.flask)}


def _package(module: ModuleType) -> list[Path]:
    return list(Path(str(module.__file__)).parent.glob("*.py"))


@pytest.mark.parametrize("name", sorted(NAMES))
def test_names_of_3_x_say_what_replaces_them(name: str) -> None:
    """At import, where the name is wrong."""
    with pytest.raises(ImportError, match=r"3\.x; since 4\.0 it is "):
        getattr(quart_jwt.flask, name)


@pytest.mark.parametrize("name", sorted(LOADERS))
def test_loaders_of_3_x_say_what_replaces_them(name: str) -> None:
    """And the replacements exist."""
    manager: Any = manager_of(make_app())

    with pytest.raises(AttributeError, match=LOADERS[name]):
        getattr(manager, name)
    assert callable(getattr(manager, LOADERS[name]))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = manager.nothing


def run(folder: Path, *command: str, **variables: str) -> Any:
    """Run Python in a folder with an unchanged project."""
    (folder / "shop.py").write_text(PROJECT)
    (folder / "test_shop.py").write_text(SUITE)
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **variables, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_a_project_runs_unchanged_under_the_plugin(tmp_path: Path) -> None:
    """Its own suite passes, and the totals say that we served it."""
    totals = tmp_path / "totals.json"

    done = run(
        tmp_path,
        *("-m", "pytest", "-q", "-p", "quart_jwt.flask.pytest_alias"),
        *("-p", "no:cacheprovider", "-p", "no:asyncio"),
        QUART_JWT_TOTALS=str(totals),
    )

    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert json.loads(totals.read_text()) == {
        "apps": 1,
        "requests": 6,
        "native_requests": 0,
        "verifications": 6,
    }


def test_the_alias_stands_in_for_both_modules(tmp_path: Path) -> None:
    """``import flask_jwt_extended.utils`` gives ours, and no module of theirs loads."""
    done = run(
        tmp_path,
        "-c",
        "from quart_jwt.flask.alias import install; install(); install()\n"
        "import shop, sys, flask, flask.app, quart_jwt.flask\n"
        "import flask_jwt_extended.view_decorators as views\n"
        "assert type(shop.app) is quart_jwt.flask.Flask is flask.app.Flask\n"
        "assert views.jwt_required is quart_jwt.flask.jwt_required\n"
        "theirs = [n for n, m in sys.modules.items() if n.startswith('flask_jwt')\n"
        "          and 'quart_jwt' not in (m.__file__ or '')]\n"
        "assert theirs == [], theirs",
    )

    assert done.returncode == 0, done.stderr


def test_the_alias_comes_first_or_not_at_all(tmp_path: Path) -> None:
    """What was imported before would go on using the other library, silently."""
    done = run(
        tmp_path,
        "-c",
        "import flask_jwt_extended\n"
        "from quart_jwt.flask.alias import install\n"
        "install()",
    )

    assert "was imported before" in done.stderr
    assert done.returncode != 0

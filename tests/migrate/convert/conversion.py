"""
Projects of the tests: written into a folder, converted, run before and after.

A program is run as its project would be: its files are modules of their own, its app
is ``app`` in ``shop.py``.
"""

import contextlib
import gc
import importlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from click.testing import CliRunner
from click.testing import Result

from quart_jwt.migrate.convert.command import choose
from quart_jwt.migrate.convert.command import convert
from quart_jwt.migrate.convert.command import make_report
from quart_jwt.migrate.convert.command import read_study
from quart_jwt.migrate.convert.edits import convert as edit
from quart_jwt.migrate.convert.plan import make_plan
from quart_jwt.migrate.convert.report import Report

HEAD = """\
import time
from flask import Blueprint, abort, g, jsonify, make_response, request
from flask.views import MethodView
from quart_jwt.flask import Flask, JWTManager, create_access_token, current_user
from quart_jwt.flask import get_jwt, get_jwt_identity, jwt_required
from quart_jwt.flask import verify_jwt_in_request

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "a secret of thirty-two characters"
jwt = JWTManager(app)
"""
"""How each program begins."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """The files of a project after its conversion, and the report."""

    files: dict[str, str]
    report: Report

    @property
    def shop(self) -> str:
        """The program without its head."""
        return self.files["shop.py"].partition("jwt = JWTManager(app)\n")[2]

    @property
    def converted(self) -> set[str]:
        """The names of what became async."""
        return {line.name.removesuffix(" (helper)") for line in self.report.converted}

    @property
    def kept(self) -> dict[str, str]:
        """The views that stay sync, and why."""
        return {line.name: line.reason for line in self.report.kept}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write a project; ``shop.py`` gets the head."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + text if name == "shop.py" else text, "utf-8")
    return folder


def converted(folder: Path, *views: str) -> Conversion:
    """Convert a project in its folder, and give what became of it."""
    study = read_study(folder)
    chosen = choose(study, views, ())
    plan = make_plan(study, chosen)
    for change in edit(plan):
        (folder / change.path).write_text(change.after, "utf-8")
    report = make_report(plan, chosen, written=True)
    files = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in sorted(folder.rglob("*.py"))
    }
    return Conversion(files, report)


def of_shop(folder: Path, text: str, **others: str) -> Conversion:
    """Convert a project of one program, and of other modules by name."""
    files = {f"{name}.py": content for name, content in others.items()}
    return converted(write(folder, {"shop.py": text, **files}))


def run(folder: Path, *arguments: str) -> Result:
    """Run the command on a project."""
    return CliRunner().invoke(convert, [*arguments, "--project", str(folder)])


@contextlib.contextmanager
def imported(folder: Path) -> Iterator[ModuleType]:
    """Import the program of a project; a coroutine that is not awaited is an error."""
    names = {path.stem for path in folder.rglob("*.py")}
    before = {name: sys.modules.pop(name) for name in names & set(sys.modules)}
    sys.path.insert(0, str(folder))
    # A file that was changed within a second has the date of its compiled form.
    sys.dont_write_bytecode, wrote = True, sys.dont_write_bytecode
    importlib.invalidate_caches()
    # What is made from here on stays in the youngest generation: coroutines are found
    # without a look at all that the other tests have left.
    gc.disable()
    unawaited: list[Any] = []
    hook, sys.unraisablehook = sys.unraisablehook, unawaited.append
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            yield importlib.import_module("shop")
            gc.collect(0)
    finally:
        sys.dont_write_bytecode = wrote
        sys.path.remove(str(folder))
        for name in names & set(sys.modules):
            del sys.modules[name]
        sys.modules.update(before)
        # Its databases go here: Python 3.13 warns of each that nobody has closed.
        gc.collect()
        gc.enable()
        sys.unraisablehook = hook
    found = [one.exc_value for one in unawaited]
    assert [str(one) for one in found if isinstance(one, RuntimeWarning)] == []


def answers(folder: Path, requests: list[tuple[str, str, str | None]]) -> list[Any]:
    """
    Give the status and the text of the answers to requests.

    Args:
        folder: The project.
        requests: Method, path, and the identity whose token is sent, or None.
    """
    with imported(folder) as shop:
        client = shop.app.test_client()
        given = []
        for method, path, identity in requests:
            headers = {}
            if identity is not None:
                with shop.app.app_context():
                    token = shop.create_access_token(identity)
                headers["Authorization"] = f"Bearer {token}"
            answer = client.open(path, method=method, headers=headers)
            given.append((answer.status_code, answer.get_data(as_text=True)))
        del shop, client, answer  # so that `imported` collects them, and no later test
        return given

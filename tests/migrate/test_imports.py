"""The imports: each form before and after."""

# ruff: noqa: ISC004 - the texts are lines of code, written one a line

from pathlib import Path

import flask_jwt_extended
import pytest

from migrate.projects import after
from migrate.projects import migrated
from quart_jwt import flask as ours
from quart_jwt.migrate.counterparts import EXPORTED
from quart_jwt.migrate.counterparts import MODULES

FORMS = {
    "alone": (
        "from flask import Flask\n",
        "from quart_jwt.flask import Flask\n",
    ),
    "with a name": (
        "from flask import Flask as F\n",
        "from quart_jwt.flask import Flask as F\n",
    ),
    "among others": (
        "from flask import Blueprint, Flask, request  # ours\n",
        "from flask import Blueprint, request\n"
        "from quart_jwt.flask import Flask  # ours\n",
    ),
    "the last of several": (
        "from flask import request, Flask\n",
        "from flask import request\nfrom quart_jwt.flask import Flask\n",
    ),
    "in parentheses": (
        "from flask import (\n    Flask,  # ours\n    g,  # state\n    request,\n)\n",
        "from flask import (\n    g,  # state\n    request,\n)\n"
        "from quart_jwt.flask import Flask\n",
    ),
    "over two lines": (
        "from flask import Flask, \\\n    request\n",
        "from flask import request\nfrom quart_jwt.flask import Flask\n",
    ),
    "twice": (
        "from flask import Flask, Flask as F, g\n",
        "from flask import g\nfrom quart_jwt.flask import Flask, Flask as F\n",
    ),
    "its module": (
        "from flask.app import Flask\n",
        "from quart_jwt.flask import Flask\n",
    ),
    "in a function": (
        "def make():\n    from flask import Flask, g\n    return Flask('x'), g\n",
        "def make():\n    from flask import g\n    from quart_jwt.flask import Flask\n"
        "    return Flask('x'), g\n",
    ),
    "behind a colon": (
        "if True: from flask import Flask, g\n",
        "if True: from flask import g; from quart_jwt.flask import Flask\n",
    ),
    "before a semicolon": (
        "from flask import Flask, g; app = Flask('x')\n",
        "from flask import g; from quart_jwt.flask import Flask; app = Flask('x')\n",
    ),
    "for type checkers": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from flask import Flask\ndef setup(app: 'Flask'): ...\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from quart_jwt.flask import Flask\ndef setup(app: 'Flask'): ...\n",
    ),
    "a star": (
        "from flask import *  # all\napp = Flask('x')\n",
        "from flask import *  # all\nfrom quart_jwt.flask import Flask\n"
        "app = Flask('x')\n",
    ),
    "the module": (
        "import flask\n\napp = flask.Flask('x')\n",
        "import quart_jwt.flask\n\napp = quart_jwt.flask.Flask('x')\n",
    ),
    "the module, used": (
        "import flask\n\napp = flask.Flask('x')\nflask.jsonify()\n",
        "import flask\nimport quart_jwt.flask\n\napp = quart_jwt.flask.Flask('x')\n"
        "flask.jsonify()\n",
    ),
    "the module with a name": (
        "import flask as f\nclass Flask(f.Flask): ...\n",
        "import quart_jwt.flask\nclass Flask(quart_jwt.flask.Flask): ...\n",
    ),
    "its module as a module": (
        "import flask.app\napp = flask.app.Flask('x')\n",
        "import quart_jwt.flask\napp = quart_jwt.flask.Flask('x')\n",
    ),
    "a quoted annotation": (
        "import flask\ndef a(app: 'flask.Flask') -> 'list[flask.Flask]': ...\n",
        "import quart_jwt.flask\n"
        "def a(app: 'quart_jwt.flask.Flask') -> 'list[quart_jwt.flask.Flask]': ...\n",
    ),
    "the library": (
        "from flask_jwt_extended import JWTManager, jwt_required\n",
        "from quart_jwt.flask import JWTManager, jwt_required\n",
    ),
    "a module of the library": (
        "from flask_jwt_extended.exceptions import NoAuthorizationError as E\n",
        "from quart_jwt.flask.exceptions import NoAuthorizationError as E\n",
    ),
    "the library as a star": (
        "from flask_jwt_extended import *\n",
        "from quart_jwt.flask import *\n",
    ),
    "the library as a module": (
        "import os, flask_jwt_extended\nflask_jwt_extended.JWTManager()\n",
        "import os, quart_jwt.flask as flask_jwt_extended\n"
        "flask_jwt_extended.JWTManager()\n",
    ),
    "the library with a name": (
        "import flask_jwt_extended as jwt\n",
        "import quart_jwt.flask as jwt\n",
    ),
    "a module of it as a module": (
        "import flask_jwt_extended.exceptions\n",
        "import quart_jwt.flask as flask_jwt_extended, quart_jwt.flask.exceptions\n",
    ),
    "by its name": (
        "import importlib\nimportlib.import_module('flask_jwt_extended')\n",
        "import importlib\nimportlib.import_module('quart_jwt.flask')\n",
    ),
    "a mock": (
        "from mock import patch\n@patch('flask_jwt_extended.get_jwt')\ndef a(): ...\n",
        "from mock import patch\n@patch('quart_jwt.flask.get_jwt')\ndef a(): ...\n",
    ),
    "a mock of the class": (
        "from mock import patch\n@patch('flask.Flask')\ndef a(): ...\n",
        "from mock import patch\n@patch('quart_jwt.flask.Flask')\ndef a(): ...\n",
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_each_form_of_an_import_is_changed(form: str, end: str, tmp_path: Path) -> None:
    """The class and the library come from us, and everything else stays."""
    before, expected = FORMS[form]

    assert expected.replace("\n", end) == after(tmp_path, before.replace("\n", end))


@pytest.mark.parametrize(
    "text",
    [
        "from flask import Blueprint, request\n",
        "import flask\nflask.jsonify()\n",
        "from .flask import Flask\n",
        "from shop.flask import Flask\n",
        "text = 'from flask import Flask'\n",
        "# from flask_jwt_extended import jwt_required\n",
        "import logging\nlogging.getLogger('flask_jwt_extended')\n",
        "from flask.cli import FlaskGroup\nfrom flask.testing import FlaskClient\n",
        "def run(flask):\n    return flask.Flask\n",
        "import flask_jwt\nfrom flask_jwt_extended_x import Flask\n",
    ],
)
def test_what_has_nothing_to_do_with_it_stays(text: str, tmp_path: Path) -> None:
    """Other names of Flask, other modules, prose."""
    assert text == after(tmp_path, text)


@pytest.mark.parametrize(
    ("head", "encoding"),
    [("# -*- coding: latin-1 -*-\n", "latin-1"), ("", "utf-8-sig")],
)
def test_a_files_encoding_is_kept(head: str, encoding: str, tmp_path: Path) -> None:
    """A cookie (PEP 263) or a byte order mark says how the bytes are read."""
    text = f"{head}from flask import g, Flask\nname = 'Zoë', Flask\n"
    path = tmp_path / "app.py"
    path.write_bytes(text.encode(encoding))

    migrated(tmp_path, {})

    assert path.read_bytes() == text.replace(
        "import g, Flask", "import g\nfrom quart_jwt.flask import Flask"
    ).encode(encoding)


def test_columns_count_characters_not_bytes(tmp_path: Path) -> None:
    """An import behind text that is not ASCII is found where it stands."""
    text = "x = 'äöü😀'; import flask_jwt_extended as j\n"

    assert text.replace("flask_jwt_extended", "quart_jwt.flask") == after(
        tmp_path, text
    )


def test_scripts_and_stubs_are_python_too(tmp_path: Path) -> None:
    """Stubs, and scripts that say so in their first line."""
    text = "#!/usr/bin/env python3\nfrom flask import Flask\n"

    found = migrated(tmp_path, {"manage": text, "app.pyi": text, "notes": text[2:]})

    assert {"app.pyi", "manage"} == found.changed.keys()


def test_the_tables_are_the_librarys() -> None:
    """Every public name of Flask-JWT-Extended is known, and is there to be imported."""
    theirs = {
        name
        for name in vars(flask_jwt_extended)
        if not name.startswith("_") and name not in MODULES
    }

    assert theirs - {"default_callbacks", "tokens"} == EXPORTED
    assert [name for name in EXPORTED if not hasattr(ours, name)] == []


@pytest.mark.parametrize("module", sorted(MODULES.keys() - {""}))
def test_each_module_has_its_names(module: str) -> None:
    """What the report takes for public exists on both sides."""
    theirs = __import__(f"flask_jwt_extended.{module}", fromlist=["x"])
    here = __import__(f"quart_jwt.flask.{module}", fromlist=["x"])

    assert [name for name in MODULES[module] if not hasattr(theirs, name)] == []
    assert [name for name in MODULES[module] if not hasattr(here, name)] == []

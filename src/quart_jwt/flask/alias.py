"""
Stands in for ``flask.Flask`` and ``flask_jwt_extended`` in a process, for a trial.

``quart-jwt try`` and ``quart-jwt run --as-flask`` use it: a project runs unchanged, as
if its imports had been changed. Call ``install()`` before the project is imported.
"""

import sys
from importlib import import_module

import quart_jwt.flask
from quart_jwt.flask.app import Flask
from quart_jwt.flask.seams import FLASK_MODULES

REPLACED = "flask_jwt_extended"

MODULES = (
    "config",
    "exceptions",
    "internal_utils",
    "jwt_manager",
    "typing",
    "utils",
    "view_decorators",
)
"""The modules of Flask-JWT-Extended that have a counterpart here."""


def install() -> None:
    """
    Replace ``flask.Flask`` and the modules of Flask-JWT-Extended in this process.

    Raises:
        RuntimeError: Flask-JWT-Extended was imported before; what has its names
            already would go on using it.
    """
    loaded = sys.modules.get(REPLACED)
    if loaded is not None and loaded is not quart_jwt.flask:
        raise RuntimeError(
            "flask_jwt_extended was imported before quart_jwt.flask.alias.install(); "
            "install it first, for pytest with -p quart_jwt.flask.pytest_alias"
        )
    for module in FLASK_MODULES:
        module.Flask = Flask
    for name in MODULES:
        sys.modules[f"{REPLACED}.{name}"] = import_module(f"quart_jwt.flask.{name}")
    sys.modules[REPLACED] = quart_jwt.flask

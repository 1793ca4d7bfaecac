"""
The app that ``quart-jwt run`` serves, loaded as Flask's own command loads it.

Hypercorn calls ``load`` in each of its processes; environment variables tell it which
app is meant.
"""

import os

from flask.cli import load_dotenv
from flask.cli import ScriptInfo

APP = "QUART_JWT_RUN_APP"
AS_FLASK = "QUART_JWT_RUN_AS_FLASK"


class UnsuitableAppError(RuntimeError):
    """
    The app is Flask's own, and does not answer ASGI.
    """


def load() -> object:
    """
    Load the app that the environment names, or the one that ``flask run`` would find.

    Raises:
        UnsuitableAppError: It is not an app of ``quart_jwt.flask``.
    """
    is_aliased = bool(os.environ.get(AS_FLASK))
    if is_aliased:
        # Late: both import Flask's class, which the alias has to replace first.
        from quart_jwt.flask.alias import install  # noqa: PLC0415

        install()
    load_dotenv()
    name = os.environ.get(APP) or os.environ.get("FLASK_APP")
    found = ScriptInfo(app_import_path=name).load_app()
    from quart_jwt.flask import Flask  # noqa: PLC0415

    if not isinstance(found, Flask):
        raise UnsuitableAppError(
            f"{found.import_name!r} makes its app from another class than Flask's; see "
            "docs/flask/migration.md, packages with a class of their own"
            if is_aliased
            else f"{found.import_name!r} makes Flask's own app: change its imports "
            "with quart-jwt migrate, or run it with --as-flask"
        )
    return found

"""
Private parts of Quart and Flask that an app of both relies on, checked at import.

* The context variables of both. Flask's contexts also stand in Quart's variables, so
  that ``quart.request`` and what this library verifies are those of Flask's request.
  Quart 0.22 has a variable for apps and one for requests, Quart 0.23 has one for both.
* The modules that have ``Flask``, where the alias puts another class for a trial.
* The methods that Flask's pipeline consists of. A request that is handled without a
  thread makes the same steps on the event loop.
"""

from contextvars import ContextVar
from typing import Any

import flask
from flask import app as flask_app
from flask import ctx as flask_ctx
from flask import Flask
from flask import globals as flask_globals
from quart import ctx as quart_ctx
from quart import globals as quart_globals

from quart_jwt.seams import require
from quart_jwt.seams import Seam

IS_MERGED: bool = not hasattr(quart_ctx, "RequestContext")
"""Whether this Quart has one context variable for apps and requests."""

QUART_SEAMS: tuple[Seam, ...] = (Seam(quart_globals, "_cv_app"),)
if not IS_MERGED:
    QUART_SEAMS += (Seam(quart_globals, "_cv_request"),)

FLASK_SEAMS = (
    Seam(flask_app, "Flask"),
    Seam(flask_globals, "_cv_app"),
    Seam(flask_globals, "_cv_request"),
    Seam(flask_ctx, "after_this_request", names=("_after_request_functions",)),
    Seam(flask_ctx.AppContext, "push", names=("_cv_tokens",)),
    Seam(flask_ctx.AppContext, "pop", ("exc",), names=("do_teardown_appcontext",)),
    Seam(
        flask_ctx.RequestContext,
        "push",
        names=("_cv_tokens", "_session", "open_session"),
    ),
    Seam(flask_ctx.RequestContext, "pop", ("exc",), names=("do_teardown_request",)),
    Seam(flask_ctx.RequestContext, "copy"),
    Seam(Flask, "async_to_sync", ("func",)),
    Seam(Flask, "finalize_request", ("rv", "from_error_handler")),
    Seam(
        Flask,
        "full_dispatch_request",
        names=("_got_first_request", "preprocess_request"),
    ),
    Seam(Flask, "_find_error_handler", ("e", "blueprints")),
    Seam(Flask, "do_teardown_appcontext", ("exc",)),
    Seam(Flask, "do_teardown_request", ("exc",)),
    Seam(Flask, "handle_user_exception", ("e",)),
    Seam(Flask, "make_response", ("rv",)),
    Seam(Flask, "wsgi_app", names=("full_dispatch_request", "handle_exception")),
)

require("Quart", QUART_SEAMS)
require("Flask", FLASK_SEAMS)

QUART_APP: ContextVar[Any] = quart_globals._cv_app  # noqa: SLF001 - checked above
QUART_REQUEST: ContextVar[Any] = (
    QUART_APP if IS_MERGED else quart_globals._cv_request  # noqa: SLF001 - checked above
)
FLASK_APP: ContextVar[Any] = flask_globals._cv_app  # noqa: SLF001 - checked above
FLASK_REQUEST: ContextVar[Any] = flask_globals._cv_request  # noqa: SLF001 - checked above

FLASK_MODULES: tuple[Any, ...] = (flask, flask_app)
"""The modules in which projects find ``Flask``."""

FlaskAppContext = flask_ctx.AppContext
FlaskRequestContext = flask_ctx.RequestContext

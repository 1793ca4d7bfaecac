"""Flask-JWT-Extended itself: apps built from setups, and their answers."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import flask
import flask_jwt_extended
import flask_jwt_extended.exceptions
from werkzeug.datastructures import Headers

from compat.case import Answer
from compat.case import answered
from compat.case import Case
from compat.case import Kit
from compat.case import METHODS
from compat.case import Outcome
from compat.case import raised
from compat.case import Setup
from compat.configs import CONFIGS
from compat.hooks import HOOKS

KIT = Kit(
    jwt=flask_jwt_extended,
    exceptions=flask_jwt_extended.exceptions,
    jsonify=flask.jsonify,
)


@cache
def app_of(setup: Setup) -> flask.Flask:
    """The Flask app of a setup, made once."""
    app = flask.Flask(__name__, static_folder=None)
    app.logger.disabled = True
    app.config.update(copy.deepcopy(CONFIGS[setup.config]))
    HOOKS[setup.hooks](flask_jwt_extended.JWTManager(app), KIT)

    def view() -> Any:
        return setup.view(KIT)

    if setup.guard is not None:
        view = flask_jwt_extended.jwt_required(**setup.guard.arguments())(view)
    app.add_url_rule("/", view_func=view, methods=METHODS)
    return app


def ask(case: Case) -> Answer:
    """What Flask-JWT-Extended answers."""
    client = app_of(case.setup).test_client(use_cookies=False)
    response = client.open(
        "/",
        method=case.request.method,
        headers=Headers(case.request.headers),
        query_string=case.request.query,
        data=case.request.body,
    )
    return answered(
        response.status_code,
        response.mimetype,
        response.data,
        response.headers.getlist("Set-Cookie"),
    )


def call(setup: Setup, helper: Callable[[Kit], Any]) -> Outcome:
    """What a helper gives inside a request that nothing has verified."""
    with app_of(setup).test_request_context("/"):
        try:
            return Outcome(value=helper(KIT))
        except Exception as error:  # noqa: BLE001 - the error is the outcome
            return raised(error)

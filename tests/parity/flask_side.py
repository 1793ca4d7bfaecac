"""Flask-JWT-Extended itself: apps built from setups, and their answers."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import flask
import flask_jwt_extended
import flask_jwt_extended.exceptions
from werkzeug.datastructures import Headers

from parity.case import Answer
from parity.case import answered
from parity.case import Case
from parity.case import Kit
from parity.case import METHODS
from parity.case import Outcome
from parity.case import raised
from parity.case import Setup
from parity.configs import CONFIGS
from parity.hooks import HOOKS

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

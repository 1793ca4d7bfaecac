"""quart-jwt: apps built from the same setups, and their answers."""

import copy
from collections.abc import Callable
from functools import cache
from inspect import isawaitable
from typing import Any
from typing import Literal

import quart
from quart.testing import QuartClient

import quart_jwt
import quart_jwt.exceptions
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

Colour = Literal["async", "sync"]
KIT = Kit(jwt=quart_jwt, exceptions=quart_jwt.exceptions, jsonify=quart.jsonify)


def app_of(setup: Setup, colour: Colour = "async") -> quart.Quart:
    """The Quart app of a setup, with an async or a plain view, made once."""
    return _made(setup, colour)


@cache
def _made(setup: Setup, colour: Colour) -> quart.Quart:
    app = quart.Quart(__name__, static_folder=None)
    app.logger.disabled = True
    # The other side has no such option: dates are judged to the second on both.
    app.config["JWT_CLOCK_SKEW"] = 0
    app.config.update(copy.deepcopy(CONFIGS[setup.config]))
    HOOKS[setup.hooks](quart_jwt.JWTManager(app), KIT)

    async def async_view() -> Any:
        return setup.view(KIT)

    def sync_view() -> Any:
        return setup.view(KIT)

    view: Callable[..., Any] = async_view if colour == "async" else sync_view
    if setup.guard is not None:
        view = quart_jwt.jwt_required(**setup.guard.arguments())(view)
    app.add_url_rule("/", view_func=view, methods=METHODS)
    return app


async def ask(case: Case, colour: Colour = "async") -> Answer:
    """
    What quart-jwt answers.

    The headers go into the scope as bytes, since Quart's test client would
    encode them in UTF-8 and no server does.
    """
    headers = [
        (name.lower().encode(), value.encode("latin-1"))
        for name, value in (
            ("Host", "localhost"),
            ("Content-Length", str(len(case.request.body))),
            *case.request.headers,
        )
    ]
    query = case.request.query.encode("ascii")
    client = QuartClient(app_of(case.setup, colour), use_cookies=False)
    response = await client.open(
        "/",
        method=case.request.method,
        data=case.request.body,
        scope_base={"headers": headers, "query_string": query},
    )
    body = await response.get_data(as_text=False)
    return answered(
        response.status_code,
        response.mimetype,
        # The server drops the body of a HEAD, and there is no server here.
        b"" if case.request.method == "HEAD" else body,
        response.headers.getlist("Set-Cookie"),
    )


async def call(setup: Setup, helper: Callable[[Kit], Any]) -> Outcome:
    """What a helper gives inside a request that nothing has verified."""
    async with app_of(setup).test_request_context("/"):
        try:
            value = helper(KIT)
            return Outcome(value=await value if isawaitable(value) else value)
        except Exception as error:  # noqa: BLE001 - the error is the outcome
            return raised(error)

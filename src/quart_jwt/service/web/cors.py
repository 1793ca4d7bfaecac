"""
Pages of other origins: what quart-cors is told, and what it is told to leave alone.

Nothing is added unless an operator names origins. Answers of the lane for gateways have
none of this: a gateway asks there, and has headers of its own for its pages.
"""

from quart import Quart
from quart_cors import cors

from quart_jwt.service.settings.groups import Cors

METHODS = ("GET", "HEAD", "POST", "DELETE")
ALLOWED_HEADERS = ("Authorization", "Content-Type", "X-CSRF-TOKEN")
EXPOSED_HEADERS = ("WWW-Authenticate", "Retry-After")
PREFLIGHT_MAX_AGE_S = 600
"""Chromium keeps an answer for two hours at most; an origin is struck off sooner."""


def allow_origins(app: Quart, wanted: Cors) -> None:
    """Let pages of some origins read the answers of an app, refusals included."""
    if not wanted.origins:
        return
    cors(
        app,
        allow_origin=wanted.origins,
        allow_credentials=wanted.credentials,
        allow_methods=METHODS,
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=PREFLIGHT_MAX_AGE_S,
    )

"""
What an app that came from Flask still leans on, and can put down piece by piece.

``quart-jwt migrate`` rewrites code; this package is for what no rewriting reaches:
Flask extensions that know nothing of Quart, and sync code that enters a context. It
stands outside of ``migrate`` because a running app imports it, long after the rewriter
has gone. Each piece is a mixin of its own, and ``Quart`` has them all; an app that
needs none of them any more imports ``Quart`` from ``quart``.
"""

from quart import Quart as _Quart

from quart_jwt.compat.blueprints import Blueprint
from quart_jwt.compat.contexts import SyncContexts
from quart_jwt.compat.extensions import FlaskExtensions
from quart_jwt.compat.requests import FlaskRequests
from quart_jwt.compat.requests import sync_request
from quart_jwt.compat.test_client import FlaskTestClient

__all__ = [
    "Blueprint",
    "FlaskExtensions",
    "FlaskRequests",
    "FlaskTestClient",
    "Quart",
    "SyncContexts",
    "sync_request",
]


class Quart(FlaskExtensions, SyncContexts, FlaskRequests, FlaskTestClient, _Quart):
    """
    Quart, with all of what helps an app over from Flask.
    """

"""Fixtures for tests of ``quart_jwt.flask``."""

from collections.abc import Callable

import pytest
from werkzeug.test import Client

from flask_apps import MAKE_CLIENT
from quart_jwt.flask import Flask


@pytest.fixture(name="client_for", params=sorted(MAKE_CLIENT))
def _client_for(request: pytest.FixtureRequest) -> Callable[[Flask], Client]:
    """Gives a client for an app: through WSGI and through ASGI."""
    return MAKE_CLIENT[request.param]

"""
The application for ASGI servers: ``hypercorn quart_jwt.service.asgi:app``.

Settings come from the environment when this module is imported, so importing
it is for servers. It never makes an account, in no mode.
"""

import logging
import os

from quart import Quart

from quart_jwt.exceptions import IncompatibleDependencyError
from quart_jwt.service.app import create_app
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.settings.settings import read_settings


def _app() -> Quart:
    # A server's records hold headers; a handler that fails would print them.
    logging.raiseExceptions = False
    try:
        settings = read_settings(os.environ)
        settings.storage.prepare()
        return create_app(settings)
    except (IncompatibleDependencyError, ServiceError) as error:
        raise SystemExit(f"quart-jwt: {error}") from None


app: Quart = _app()

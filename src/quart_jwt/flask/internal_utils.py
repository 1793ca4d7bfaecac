"""Flask-JWT-Extended's module of this name, as far as projects import it."""

import json
from typing import Any

from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.request.current import current_manager
from quart_jwt.extension.tokens.json_provider import json_default
from quart_jwt.extension.tokens.json_provider import json_encoder

__all__ = ["JSONEncoder", "get_json_encoder", "get_jwt_manager", "has_user_lookup"]

JSONEncoder: type[json.JSONEncoder] = json_encoder()
"""Writes what the current app's JSON provider can write."""


def get_jwt_manager() -> Loaders:
    """
    Return the manager of the current app.

    Raises:
        RuntimeError: The app has none.
    """
    return current_manager()


def has_user_lookup() -> bool:
    """Whether the current app has a user look-up hook."""
    return current_manager().verifying.user is not None


def get_json_encoder(app: Any) -> type[json.JSONEncoder]:
    """Return an encoder that writes what an app's JSON provider can write."""

    class AppEncoder(json.JSONEncoder):
        def default(self, o: Any) -> Any:
            return json_default(app, o)

    return AppEncoder

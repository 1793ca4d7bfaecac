"""
What the app's JSON provider can write, for claims.

A claim may be whatever the app can answer with: dates, UUIDs, dataclasses, and
what its own provider adds.
"""

import json
from functools import cache
from typing import Any

from quart import current_app
from quart.json.provider import DefaultJSONProvider

_OF_JSON = (str, int, float, dict, list, tuple)


def json_default(app: Any, value: Any) -> Any:
    """
    Turn what JSON does not know into what it does, as the app's provider would.

    A provider put on the app wins over a provider class put there, and either
    over Quart's own. None of them is asked about what JSON knows.
    """
    provider: Any = app.json
    if type(provider) is DefaultJSONProvider:
        provider = app.json_provider_class
    return getattr(provider, "default", DefaultJSONProvider.default)(value)


def as_json(app: Any, value: Any) -> Any:
    """
    Return a value as a token will hold it: a UUID or a date is its text.

    What JSON knows stays as it is, and so does what the app cannot write.
    """
    if value is None or isinstance(value, _OF_JSON):
        return value
    try:
        return json_default(app, value)
    except TypeError:
        return value


@cache
def json_encoder() -> type[json.JSONEncoder]:
    """The same as an encoder class, which Flask-JWT-Extended's ``config`` has."""

    class JSONEncoder(json.JSONEncoder):
        def default(self, o: Any) -> Any:
            return json_default(current_app, o)

    return JSONEncoder

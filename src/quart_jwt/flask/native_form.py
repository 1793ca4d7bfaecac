"""
The async form of what Flask's pipeline calls in a thread.

``jwt_required`` gives Flask a sync function even for an async view, as
Flask-JWT-Extended does. Its async form is left on it, for requests that need no thread.
"""

from collections.abc import Callable
from typing import Any

from quart_jwt.extension.hooks.colour import is_async

NATIVE = "__quart_jwt_native__"


def native_form(function: Callable[..., Any]) -> Callable[..., Any] | None:
    """Return the async form of a function, or None if it has to run in a thread."""
    if is_async(function):
        return function
    # `functools.wraps` copies attributes: a decorator around it has the form of what
    # it wraps, and calling that would skip the decorator.
    owner, form = getattr(function, NATIVE, (None, None))
    return form if owner is function else None


def has_native_form(function: Any, form: Callable[..., Any]) -> None:
    """Leave the async form of a function on it."""
    setattr(function, NATIVE, (function, form))

"""
What the bridge takes from Quart and Flask although it is not public, checked at import.

The context variables of both: a context is Flask's and Quart's at the same time only if
it stands in both, and there is no other way to put it there. Up to Quart 0.22 a request
has a context of its own; from 0.23 on, it is part of the app's.
"""

from contextvars import ContextVar
from types import ModuleType
from typing import Any

import flask.globals
import quart.ctx
import quart.globals

from quart_jwt.exceptions import IncompatibleDependencyError

IS_MERGED: bool = not hasattr(quart.ctx, "RequestContext")
"""Whether this Quart has one context for apps and requests."""


def _variable(module: ModuleType, name: str) -> ContextVar[Any]:
    variable = getattr(module, name, None)
    if not isinstance(variable, ContextVar):
        distribution = module.__name__.partition(".")[0].capitalize()
        reason = f"it has no context variable {module.__name__}.{name}"
        raise IncompatibleDependencyError(distribution, reason)
    return variable


QUART_APP = _variable(quart.globals, "_cv_app")
QUART_REQUEST = QUART_APP if IS_MERGED else _variable(quart.globals, "_cv_request")
FLASK_APP = _variable(flask.globals, "_cv_app")
FLASK_REQUEST = _variable(flask.globals, "_cv_request")


def with_context(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """
    Give the arguments of a method of Quart's that takes one, as this Quart wants them.

    Args:
        arguments: What it was called with: by Quart, or by an extension in Flask's way.
    """
    is_quarts = len(arguments) > 1
    return arguments if is_quarts or not IS_MERGED else (QUART_APP.get(), *arguments)

"""
A configuration that says when it was changed.

Asking forty-eight options at every request whether they are what they were costs
more than verifying a remembered token. So ``app.config`` gets a subclass of its
own class, which makes a new state whenever something is written. Values that
can change in place (lists, sets, dicts) are for the reader to compare.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

STATE = "quart_jwt_state"
"""The attribute's name: no configuration class of anybody's has it."""

WRITERS = (
    "__delitem__",
    "__ior__",
    "__setitem__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
)
"""Every method with which a dict is changed."""


def watch(config: dict[str, Any]) -> None:
    """Let ``config`` keep a state: an object that is another one after a write."""
    if not hasattr(config, STATE):
        config.__class__ = _watched(config.__class__)
        renew(config)


def state_of(config: Any) -> object:
    """The state of a watched configuration."""
    return config.quart_jwt_state


def renew(config: Any) -> None:
    """Say that ``config`` was changed."""
    # A fresh object and no number: two threads cannot write the same one.
    config.quart_jwt_state = object()


def _watched(kind: type[dict[str, Any]]) -> type[dict[str, Any]]:
    methods = {name: _renewing(getattr(kind, name)) for name in WRITERS}
    return type(kind.__name__, (kind,), methods)


def _renewing(write: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(write)
    def written(config: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return write(config, *args, **kwargs)
        finally:
            renew(config)

    return written

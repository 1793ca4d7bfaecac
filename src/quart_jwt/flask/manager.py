"""
``JWTManager`` for Flask apps.
"""

import logging
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import quart_jwt
from quart_jwt.clock import system_time
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.manager import ErrorHandler
from quart_jwt.extension.request.current import EXTENSION
from quart_jwt.extension.signals import SENDER
from quart_jwt.flask.app import Flask
from quart_jwt.flask.current import current_user_context_processor
from quart_jwt.flask.joined import calling_place
from quart_jwt.flask.joined import JoinedManager
from quart_jwt.flask.native_form import has_native_form
from quart_jwt.flask.native_form import native_form
from quart_jwt.flask.three_x import advice
from quart_jwt.flask.three_x import LOADERS
from quart_jwt.flask.waiting import stepped
from quart_jwt.stores.base import Store

_REGISTERED = "quart-jwt.registered"
"""The key of the place that registered the manager in ``app.extensions``."""

_logger = logging.getLogger("quart_jwt")


class JWTManager(quart_jwt.JWTManager):
    """
    The extension, for Flask apps of this package and for Quart apps.

    Args:
        app: The app, or None to call ``init_app`` later.
        add_context_processor: Whether templates get ``current_user``.
        clock: Gives the time in epoch seconds; tests move it.
        store: Where sessions and revocations are kept.
    """

    def __init__(
        self,
        app: Any = None,
        add_context_processor: bool = False,
        *,
        clock: Callable[[], float] = system_time,
        store: Store | None = None,
    ) -> None:
        super().__init__(app, add_context_processor, clock=clock, store=store)

    def init_app(self, app: Any, add_context_processor: bool = False) -> None:
        """
        Register this manager with an app.

        If a Flask app has a manager already, the hooks of both count: this one's
        before the other's, and the blocklists and verification hooks together.

        Args:
            app: The app.
            add_context_processor: Whether templates get ``current_user``.

        Raises:
            TypeError: The app is one of ``flask.Flask`` itself.
            ConfigurationError: A Quart app has a manager already, or the second
                manager of a Flask app has a store.
        """
        if not isinstance(app, Flask):
            if not hasattr(app, "asgi_app"):
                raise TypeError(
                    "This JWTManager needs an app of quart_jwt.flask.Flask: write "
                    "`from quart_jwt.flask import Flask`"
                )
            super().init_app(app, add_context_processor)
            return
        place = calling_place()
        if EXTENSION in app.extensions:
            self._join(app, place)
        else:
            super().init_app(app.quart, add_context_processor)
            self._set_error_handler_callbacks(app)
        app.extensions[SENDER] = app
        app.extensions["flask-jwt-extended"] = self
        app.extensions[_REGISTERED] = place
        if add_context_processor:
            app.context_processor(current_user_context_processor)

    def __getattr__(self, name: str) -> Any:
        """
        Say what replaces a loader of Flask-JWT-Extended 3.x.

        Raises:
            AttributeError: Always.
        """
        if name in LOADERS:
            raise AttributeError(advice(name, LOADERS[name]), name=name, obj=self)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}",
            name=name,
            obj=self,
        )

    def _join(self, app: Any, place: str) -> None:
        first: quart_jwt.JWTManager = app.extensions[EXTENSION]
        if first is self or (isinstance(first, JoinedManager) and first.includes(self)):
            return
        if self._store is not None:
            raise ConfigurationError(
                f"The app {app.name!r} already has a JWTManager, and a second one "
                "cannot have a store. Pass the store to the first one"
            )
        _logger.warning(
            "The app %r has two JWTManagers, registered at %s and at %s. The hooks "
            "of both apply, the second's before the first's; a token must pass the "
            "blocklist and verification hooks of both",
            app.name,
            app.extensions.get(_REGISTERED, "another place"),
            place,
        )
        joined = JoinedManager(first, self, app.quart)
        app.extensions[EXTENSION] = joined
        self._apps.add(app.quart)
        handlers = joined._error_handlers()  # noqa: SLF001 - of the same class
        for registered in _registered(app), _registered(app.quart):
            for error, handler in first._error_handlers().items():  # noqa: SLF001 - the same
                known = registered[error]
                if (native_form(known) or known) == handler:
                    del registered[error]  # what the app has said stays
        _register(app, handlers)
        for error, handler in handlers.items():
            _registered(app.quart).setdefault(error, handler)

    def _set_error_handler_callbacks(self, app: Any) -> None:
        """Projects call this method of Flask-JWT-Extended's."""
        _register(app, self._error_handlers())


def _registered(app: Any) -> dict[type[Exception], Callable[..., Any]]:
    registered: dict[type[Exception], Callable[..., Any]]
    registered = app.error_handler_spec[None][None]
    return registered


def _register(app: Any, handlers: Mapping[type[Exception], ErrorHandler]) -> None:
    for error, handler in handlers.items():
        sync: Any = stepped(handler)
        has_native_form(sync, handler)
        _registered(app).setdefault(error, sync)

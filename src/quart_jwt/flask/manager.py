"""
``JWTManager`` for Flask apps.
"""

from collections.abc import Callable
from typing import Any

import quart_jwt
from quart_jwt.clock import system_time
from quart_jwt.extension.request.current import recall
from quart_jwt.extension.signals import SENDER
from quart_jwt.flask.app import Flask
from quart_jwt.flask.native_form import has_native_form
from quart_jwt.flask.three_x import advice
from quart_jwt.flask.three_x import LOADERS
from quart_jwt.flask.waiting import stepped
from quart_jwt.stores.base import Store


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

        Args:
            app: The app.
            add_context_processor: Whether templates get ``current_user``.

        Raises:
            TypeError: The app is one of ``flask.Flask`` itself.
            ConfigurationError: The app has a manager already.
        """
        if not isinstance(app, Flask):
            if not hasattr(app, "asgi_app"):
                raise TypeError(
                    "This JWTManager needs an app of quart_jwt.flask.Flask: write "
                    "`from quart_jwt.flask import Flask`"
                )
            super().init_app(app, add_context_processor)
            return
        super().init_app(app.quart, add_context_processor)
        app.extensions[SENDER] = app
        app.extensions["flask-jwt-extended"] = self
        self._set_error_handler_callbacks(app)
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

    def _set_error_handler_callbacks(self, app: Any) -> None:
        """Projects call this method of Flask-JWT-Extended's."""
        registered = app.error_handler_spec[None][None]
        for error, handler in self._error_handlers().items():
            sync: Any = stepped(handler)
            has_native_form(sync, handler)
            registered.setdefault(error, sync)


def current_user_context_processor() -> dict[str, Any]:
    """Give templates ``current_user``, in requests that have one."""
    verified = recall()
    return {"current_user": verified.user[0]} if verified and verified.user else {}

"""
The Quart app beside a Flask app: websockets, native routes, and what serves both.

It has the Flask app's name, configuration, extensions, logger and JSON provider. Its
routes do not pass the Flask app's before-request functions, so a route is refused while
there are any, unless it says ``hooks_do_not_apply=True``.
"""

import asyncio
from collections.abc import Iterator
from itertools import chain
from logging import Logger
from typing import Any
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from quart import g
from quart import has_websocket_context
from quart import Quart
from quart import request
from quart import websocket
from quart.json.provider import DefaultJSONProvider
from quart.routing import QuartRule

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.request.current import EXTENSION
from quart_jwt.extension.request.current import settings_of
from quart_jwt.extension.tokens.json_provider import json_default
from quart_jwt.flask.native_form import native_form
from quart_jwt.flask.seams import FLASK_APP
from quart_jwt.flask.seams import FLASK_REQUEST
from quart_jwt.flask.waiting import wait

if TYPE_CHECKING:
    from quart_jwt.flask.app import Flask


class SharedJSON(DefaultJSONProvider):
    """
    The Flask app's JSON provider, whichever it is at the time.

    In Flask's pipeline it makes Flask's responses, elsewhere Quart's.
    """

    def __init__(self, app: "QuartApp") -> None:
        super().__init__(app)
        self._quart = app

    def default(self, value: Any) -> Any:
        """Turn a value into one that JSON knows."""
        return json_default(self._quart.flask, value)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write JSON."""
        return self._quart.flask.json.dumps(obj, **kwargs)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read JSON."""
        return self._quart.flask.json.loads(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        """Make a response."""
        made: Any = self._quart.flask.json.response(*args, **kwargs)
        if FLASK_REQUEST.get(None) is not None:
            return made
        return self._quart.response_class(
            made.get_data(), made.status_code, made.headers
        )


DISPATCHING = ("full_dispatch_request", "preprocess_request", "dispatch_request")
"""Methods that a subclass of the Flask app may override to guard every view."""


class ConsentingRule(QuartRule):
    """
    A rule that may say that the Flask app's guards do not run for it.

    The consent is of this rule alone: another one may have the same path and other
    methods.
    """

    def __init__(
        self, *args: Any, hooks_do_not_apply: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.hooks_do_not_apply: bool = hooks_do_not_apply


class QuartApp(Quart):
    """
    The Quart app beside a Flask app.

    Args:
        flask: The Flask app.

    Attributes:
        has_http_routes: Whether there are routes beside the websockets'.
    """

    json_provider_class = SharedJSON
    url_rule_class = ConsentingRule

    def __init__(self, flask: "Flask") -> None:
        self.flask: Flask = flask
        self.has_http_routes: bool = False
        self._is_started = False
        self._starting: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = (
            WeakKeyDictionary()
        )
        super().__init__(
            flask.import_name,
            static_folder=None,
            template_folder=flask.template_folder,
            root_path=flask.root_path,
            instance_path=flask.instance_path,
        )
        for key, value in Quart.default_config.items():
            flask.config.setdefault(key, value)
        self.before_request_funcs[None].append(self._begin)
        self.before_websocket_funcs[None].append(self._begin)

    @property
    def name(self) -> str:  # type: ignore[override]  # cached in Quart
        """The Flask app's name."""
        return self.flask.name

    @property
    def config(self) -> Any:
        """The Flask app's configuration."""
        return self.flask.config

    @config.setter
    def config(self, _config: Any) -> None:
        """Quart sets one of its own, which is not used."""

    @property
    def extensions(self) -> dict[str, Any]:
        """The Flask app's extensions."""
        return self.flask.extensions

    @extensions.setter
    def extensions(self, _extensions: dict[str, Any]) -> None:
        """Quart sets a dict of its own, which is not used."""

    @property
    def logger(self) -> Logger:
        """The Flask app's logger."""
        return self.flask.logger

    def iter_blueprints(self) -> Any:
        """The blueprints of both apps, whose templates both can render."""
        return chain(super().iter_blueprints(), self.flask.iter_blueprints())

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        *,
        hooks_do_not_apply: bool = False,
        **options: Any,
    ) -> None:
        """
        Add a route or a websocket route that Flask's pipeline does not handle.

        Args:
            rule: The rule.
            endpoint: The endpoint; the view's name if None.
            view_func: The view.
            provide_automatic_options: As in Quart.
            hooks_do_not_apply: Accept that the Flask app's before-request functions
                do not run for this route.
            options: As in Quart.

        Raises:
            ConfigurationError: The Flask app has before-request functions.
        """
        if view_func is not None:
            view_func = native_form(view_func) or view_func
        self.has_http_routes = self.has_http_routes or not options.get("websocket")
        if not hooks_do_not_apply:
            self._refuse_skipped_guards(rule)
        options["hooks_do_not_apply"] = hooks_do_not_apply
        super().add_url_rule(
            rule, endpoint, view_func, provide_automatic_options, **options
        )

    async def startup(self) -> None:
        """Run the before-serving functions; they open the session store."""
        await super().startup()
        self._is_started = True

    async def shutdown(self) -> None:
        """Run the after-serving functions."""
        self._is_started = False
        await super().shutdown()

    def start_if_needed(self) -> None:
        """
        Start before a request, where no server has done it (WSGI, tests).

        Only a session store and the keys of other issuers need it.
        """
        if self._is_started or not self._has_to_start():
            return
        wait(self._start_once())

    async def start_on_the_loop(self) -> None:
        """Same, for a request that is handled on the event loop."""
        if not self._is_started and self._has_to_start():
            await self._start_once()

    async def _start_once(self) -> None:
        """Start, or wait for the request that is doing so."""
        loop = asyncio.get_running_loop()
        async with self._starting.setdefault(loop, asyncio.Lock()):
            if not self._is_started:
                await self.startup()

    def _has_to_start(self) -> bool:
        if EXTENSION not in self.extensions:
            return False
        settings = settings_of(self)
        return settings.sessions is not None or bool(settings.values["JWT_ISSUERS"])

    @property
    def teardown_appcontext_funcs(self) -> list[Any]:
        """What runs when a context is left; the Flask app's, too, after a request."""
        if FLASK_APP.get(None) is None:
            return self._teardown_functions
        return [*self._teardown_functions, *self.flask.teardown_appcontext_funcs]

    @teardown_appcontext_funcs.setter
    def teardown_appcontext_funcs(self, functions: list[Any]) -> None:
        self._teardown_functions = functions

    async def _begin(self) -> None:
        """
        Begin a request: let hooks that know Flask find ``current_app`` and ``g``.

        Raises:
            ConfigurationError: The request would skip guards that were registered
                after its route.
        """
        rule = websocket.url_rule if has_websocket_context() else request.url_rule
        if isinstance(rule, ConsentingRule) and not rule.hooks_do_not_apply:
            self._refuse_skipped_guards(rule.rule)
        context = self.flask.app_context()
        context.g = g._get_current_object()  # noqa: SLF001 - werkzeug's way to the object
        FLASK_APP.set(context)  # until the task of this request ends

    def _refuse_skipped_guards(self, rule: str) -> None:
        guards = ", ".join(self._guards())
        if guards:
            raise ConfigurationError(
                f"The route {rule} of app.quart would skip before-request functions "
                f"of the Flask app ({guards}). Add it to the Flask app as an "
                "`async def` view, or write hooks_do_not_apply=True"
            )

    def _guards(self) -> Iterator[str]:
        """What the Flask app runs before its views, by name."""
        for function in self.flask.before_request_funcs.get(None, ()):
            yield getattr(function, "__name__", repr(function))
        own = self.flask.pipeline_class
        for name in DISPATCHING:
            mine = getattr(type(self.flask), name)
            if name in vars(self.flask) or mine is not getattr(own, name):
                yield f"its own {name}"

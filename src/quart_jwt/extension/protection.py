"""
What protects each route of an app, read from outside: no view is called.

``jwt_required`` attaches its requirement to the function that it returns: a view, a
method of a class-based view, or a before-request function. A function that calls
``verify_jwt_in_request`` may do so only in some cases; it is listed, and counts as a
guard only if the caller names it as trusted.
"""

from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import fields
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.settings.settings import EXEMPT_METHODS

MARK = "__quart_jwt_requirement__"
"""The attribute in which ``jwt_required`` leaves its requirement."""

OWN_ROUTES = "quart_jwt_routes"
"""The method of an app that lists its routes itself."""

VERIFIER = "verify_jwt_in_request"

WEBSOCKET = "WEBSOCKET"
"""What stands for the method of a websocket route."""

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    One way into an app.

    Attributes:
        method: The request method, or ``WEBSOCKET``.
        path: The rule, such as ``/users/<int:id>``.
        endpoint: The name of the view, such as ``blueprint.view``.
        requirements: What every request there has to meet.
        guards: Functions on the way that call ``verify_jwt_in_request`` themselves,
            by module and name.
        runs: How the view runs, where there is a choice.
    """

    method: str
    path: str
    endpoint: str
    requirements: tuple[Requirement, ...]
    guards: tuple[str, ...]
    runs: str = ""

    def is_open(self, trusted: Collection[str] = ()) -> bool:
        """
        Whether a request without a token gets in.

        Args:
            trusted: The guards that the caller trusts.
        """
        if any(not requirement.optional for requirement in self.requirements):
            return False
        return not any(guard in trusted for guard in self.guards)

    def fits(self, pattern: str) -> bool:
        """Whether a shell pattern means this route: by path, by method and path, or
        by endpoint.
        """
        names = (self.path, f"{self.method} {self.path}", self.endpoint)
        return any(fnmatchcase(name, pattern) for name in names)


def mark(wrapper: Function, requirement: Requirement) -> None:
    """Leave a requirement on a function that keeps it."""
    setattr(wrapper, MARK, requirement)


def routes_of(app: Any) -> list[Route]:
    """
    Every route of an app, by path and method.

    Args:
        app: A Quart app, or one that says itself what its routes are.
    """
    own: Callable[[], list[Route]] = getattr(app, OWN_ROUTES, partial(routes_on, app))
    return sorted(own(), key=lambda route: (route.path, route.method))


def routes_on(app: Any) -> list[Route]:
    """The routes on the URL map of a Quart app or a Flask app."""
    return [
        route_of(app, rule, method)
        for rule in app.url_map.iter_rules()
        for method in _methods(rule)
    ]


def open_routes(
    app: Any, *, allow: Iterable[str] = (), trust: Collection[str] = ()
) -> list[Route]:
    """
    The routes that are open and should not be.

    Args:
        app: The app.
        allow: Shell patterns of the routes that may be open: a path, a method and a
            path, or an endpoint.
        trust: Guards that refuse requests without a token, by module and name.
    """
    patterns = tuple(allow)
    return [
        route
        for route in routes_of(app)
        if route.is_open(trust) and not any(map(route.fits, patterns))
    ]


def spelt(requirement: Requirement) -> str:
    """A requirement as it would be written above a view."""
    given = [
        f"{field.name}={value!r}"
        for field in fields(requirement)
        if field.init and (value := getattr(requirement, field.name)) != field.default
    ]
    return f"jwt_required({', '.join(given)})"


def route_of(app: Any, rule: Any, method: str) -> Route:
    """One way into an app: what protects a rule for a method."""
    functions = [*_before(app, rule), *_view(app, rule, method)]
    layers = [layer for function in functions for layer in _layers(function)]
    found = [] if method in EXEMPT_METHODS else layers
    return Route(
        method=method,
        path=rule.rule,
        endpoint=rule.endpoint,
        requirements=_unique(getattr(layer, MARK, None) for layer in found),
        guards=_unique(map(_guard, found)),
    )


def _methods(rule: Any) -> set[str]:
    """The methods with which a view is called; Quart answers the others itself."""
    if _is_websocket(rule):
        return {WEBSOCKET}
    methods = set(rule.methods or ())
    if "GET" in methods:
        methods.discard("HEAD")
    if getattr(rule, "provide_automatic_options", False):
        methods.discard("OPTIONS")
    return methods


def _is_websocket(rule: Any) -> bool:
    is_websocket: bool = getattr(rule, "websocket", False)  # Flask's rules have none
    return is_websocket


def _before(app: Any, rule: Any) -> Iterator[Function]:
    """What runs before the view: the app's functions, then its blueprints'."""
    is_websocket = _is_websocket(rule)
    scopes = app.before_websocket_funcs if is_websocket else app.before_request_funcs
    parts = rule.endpoint.split(".")[:-1]
    blueprints = [".".join(parts[: end + 1]) for end in range(len(parts))]
    for scope in (None, *blueprints):
        yield from scopes.get(scope, ())


def _view(app: Any, rule: Any, method: str) -> Iterator[Function]:
    """The view and, where it is made of a class, what of the class answers."""
    view = app.view_functions.get(rule.endpoint)
    if view is None:
        return
    yield view
    view_class = getattr(view, "view_class", None)
    handler = getattr(view_class, method.lower(), None)
    handler = handler or getattr(view_class, "dispatch_request", None)
    if handler is not None:
        yield handler


def _layers(function: Function | None) -> Iterator[Function]:
    """A function and what it wraps, from the outside in."""
    while function is not None:
        yield function
        function = getattr(function, "__wrapped__", None)


def _guard(function: Function) -> str | None:
    """The name of a function that verifies by itself."""
    code = getattr(function, "__code__", None)
    if code is None or VERIFIER not in code.co_names or hasattr(function, MARK):
        return None
    # What `wraps` has copied is the view's name; this one is the decorator's.
    name = code.co_qualname.replace(".<locals>", "")
    return f"{function.__globals__['__name__']}.{name}"


def _unique(found: Iterable[Any]) -> tuple[Any, ...]:
    unique: list[Any] = []
    # Not a dict: a requirement's locations may be a list.
    for one in found:
        if one is not None and one not in unique:
            unique.append(one)
    return tuple(unique)

"""What protects each route, as it is read from outside."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from typing import ClassVar

import pytest
from quart import Blueprint
from quart import Quart
from quart.views import MethodView
from quart.views import View

from quart_jwt import jwt_required
from quart_jwt import verify_jwt_in_request
from quart_jwt.extension.protection import open_routes
from quart_jwt.extension.protection import Route
from quart_jwt.extension.protection import routes_of
from quart_jwt.extension.protection import spelt


@pytest.fixture(name="app")
def _app() -> Quart:
    return Quart(__name__, static_folder=None)


def _only(app: Quart) -> Route:
    (route,) = routes_of(app)
    return route


def admin_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """As apps write them."""

    @wraps(view)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        await verify_jwt_in_request()
        return await view(*args, **kwargs)

    return wrapper


def passing(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that has nothing to do with tokens."""

    @wraps(view)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await view(*args, **kwargs)

    return wrapper


async def view() -> str:
    """Every view of these tests."""
    return ""


def sync_view() -> str:
    """The same, as a plain function."""
    return ""


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        pytest.param(view, [], id="nothing"),
        pytest.param(jwt_required()(view), ["jwt_required()"], id="async"),
        pytest.param(jwt_required()(sync_view), ["jwt_required()"], id="sync"),
        pytest.param(
            jwt_required(fresh=True, locations=["cookies"])(view),
            ["jwt_required(fresh=True, locations=('cookies',))"],
            id="arguments",
        ),
        pytest.param(passing(jwt_required()(view)), ["jwt_required()"], id="below"),
        pytest.param(jwt_required()(passing(view)), ["jwt_required()"], id="above"),
        pytest.param(
            jwt_required()(jwt_required(fresh=True)(view)),
            ["jwt_required()", "jwt_required(fresh=True)"],
            id="twice",
        ),
    ],
)
def test_a_view_says_what_it_asks(
    app: Quart, function: Any, expected: list[str]
) -> None:
    """Whatever lies around it, as long as it says what it wraps."""
    app.route("/")(function)
    route = _only(app)

    assert expected == [spelt(one) for one in route.requirements]
    assert route.guards == ()
    assert route.is_open() is not bool(expected)


def test_an_optional_token_leaves_a_route_open(app: Quart) -> None:
    """Who has none gets in, unless something else on the way asks for one."""
    app.route("/")(jwt_required(optional=True)(view))
    assert _only(app).is_open()
    app.before_request(jwt_required()(view))
    assert not _only(app).is_open()


def test_a_decorator_in_the_wrong_order_protects_nothing(app: Quart) -> None:
    """What is registered is the bare view."""
    jwt_required()(app.route("/")(view))

    assert _only(app).is_open()


def test_blueprints_protect_what_is_in_them(app: Quart) -> None:
    """The app's functions count for all, a blueprint's for its own and those in it."""
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    app.get("/")(view)
    outer.get("/outer")(view)
    inner.get("/inner")(view)
    outer.before_request(jwt_required()(view))
    inner.before_request(jwt_required(fresh=True)(view))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    assert {route.endpoint: len(route.requirements) for route in routes_of(app)} == {
        "view": 0,
        "outer.view": 1,
        "outer.inner.view": 2,
    }


def test_each_method_of_a_class_has_its_own(app: Quart) -> None:
    """``decorators`` count for all methods, a method's own decorator for that one."""

    class Mixed(MethodView):
        get = view

        @jwt_required()
        async def post(self) -> str:
            return ""

    class Whole(MethodView):
        decorators: ClassVar = [jwt_required()]
        get = view

    class Single(View):
        methods = ("PUT",)

        @jwt_required()
        async def dispatch_request(self, **_kwargs: Any) -> str:
            return ""

    for path, kind in (("/mixed", Mixed), ("/single", Single), ("/whole", Whole)):
        app.add_url_rule(path, view_func=kind.as_view(path[1:]))

    assert [(one.path, one.method, one.is_open()) for one in routes_of(app)] == [
        ("/mixed", "GET", True),
        ("/mixed", "POST", False),
        ("/single", "PUT", False),
        ("/whole", "GET", False),
    ]


def test_a_view_that_answers_options_is_open_to_them(app: Quart) -> None:
    """``jwt_required`` lets OPTIONS pass; Quart's own answer is no view's."""
    app.route("/own", methods=["GET", "OPTIONS"])(jwt_required()(view))

    assert [(one.method, one.is_open()) for one in routes_of(app)] == [
        ("GET", False),
        ("OPTIONS", True),
    ]


def test_websockets_are_listed_with_their_own_functions(app: Quart) -> None:
    """A function before requests does not run before a handshake."""
    app.before_request(jwt_required()(view))
    app.websocket("/bare")(view)
    app.websocket("/socket", endpoint="socket")(jwt_required()(view))

    assert [(one.method, one.path, one.is_open()) for one in routes_of(app)] == [
        ("WEBSOCKET", "/bare", True),
        ("WEBSOCKET", "/socket", False),
    ]
    app.before_websocket(jwt_required()(view))
    assert open_routes(app) == []


def test_who_verifies_by_himself_is_named_and_not_believed(app: Quart) -> None:
    """A decorator, a view and a before-request function, each by its own name."""

    async def guard() -> None:
        await verify_jwt_in_request(optional=True)

    app.before_request(guard)
    app.get("/")(admin_required(view))
    here = __name__
    test = f"{here}.test_who_verifies_by_himself_is_named_and_not_believed"
    route = _only(app)

    assert (f"{test}.guard", f"{here}.admin_required.wrapper") == route.guards
    assert route.is_open()
    assert route.is_open(["admin_required.wrapper"])
    assert not route.is_open([f"{here}.admin_required.wrapper"])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("/users/*", True),
        ("/users/<int:number>", True),
        ("GET /users/*", True),
        ("POST /users/*", False),
        ("/users", False),
        ("view", True),
        ("*", True),
    ],
)
def test_an_allowed_route_may_be_open(
    app: Quart, pattern: str, *, expected: bool
) -> None:
    """By path, by method and path, or by endpoint."""
    app.get("/users/<int:number>")(view)

    assert expected is (open_routes(app, allow=[pattern]) == [])
    assert len(open_routes(app)) == 1


def test_a_rule_without_a_view_is_open(app: Quart) -> None:
    """Nothing is known of it, so nothing protects it."""
    app.add_url_rule("/later", "later", methods=["GET"])

    assert _only(app).is_open()

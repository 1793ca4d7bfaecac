"""Rows of ``docs/flask/differences.md``: hooks, handlers and the extension's place."""

import gc
from collections.abc import Iterator
from typing import Any

import flask
import flask_jwt_extended
import jwt
import pytest
import quart

import quart_jwt
import quart_jwt.flask
from parity import carriers
from parity import flask_side
from parity import quart_side
from parity.case import Answer
from parity.case import Case
from parity.case import Kit
from parity.case import Request
from parity.case import Setup
from parity.guards import case
from parity.guards import GUARDS
from parity.keys import SECRET
from parity.mint import mint
from parity.sides import both
from parity.sides import BROKEN
from parity.sides import identity_of
from parity.sides import refused
from quart_jwt.exceptions import ConfigurationError

pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
"""Flask-JWT-Extended drops the coroutine of an async hook."""


@pytest.fixture(name="collected", autouse=True)
def _collected() -> Iterator[None]:
    """
    Dropped coroutines are collected here, and nowhere before or after.

    A warning needs ``__import__``, and code that werkzeug compiles has no builtins: a
    collection that happens there turns the warning into a KeyError.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


def _hooked(hooks: str, guard: str = "required") -> Case:
    request = carriers.header("plain", mint())
    return case(request, hooks=hooks, guard=GUARDS[guard])


def test_an_app_has_one_manager() -> None:
    """A second manager does not silently drop the blocklist of the first."""
    theirs, ours = flask.Flask("theirs"), quart.Quart("ours")
    flask_jwt_extended.JWTManager(theirs).token_in_blocklist_loader(lambda *_: True)
    first = quart_jwt.JWTManager(ours)

    second = flask_jwt_extended.JWTManager(theirs)
    assert theirs.extensions["flask-jwt-extended"] is second
    with pytest.raises(ConfigurationError, match="'ours' already has a JWTManager"):
        quart_jwt.JWTManager(ours)
    assert ours.extensions["quart-jwt"] is first


@pytest.mark.parametrize(
    ("app_class", "library", "expected"),
    [
        (flask.Flask, flask_jwt_extended, 200),
        (quart_jwt.flask.Flask, quart_jwt.flask, 401),
    ],
)
def test_a_second_manager_of_a_flask_app_keeps_the_blocklist(
    app_class: Any, library: Any, expected: int
) -> None:
    """A library's manager does not let revoked tokens in."""
    app = app_class("shop")
    app.config["JWT_SECRET_KEY"] = "k" * 32
    first = library.JWTManager(app)
    first.token_in_blocklist_loader(lambda _header, _claims: True)
    library.JWTManager().init_app(app)
    app.get("/")(library.jwt_required()(lambda: "in"))
    with app.app_context():
        token = library.create_access_token("ada")

    answer = app.test_client().get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == expected


@pytest.mark.parametrize(
    ("app_class", "library", "expected"),
    [
        (flask.Flask, flask_jwt_extended, ["ada", "ben"]),
        (quart_jwt.flask.Flask, quart_jwt.flask, [None, "ben"]),
    ],
)
def test_what_is_verified_is_not_in_g(
    app_class: Any, library: Any, expected: list[str | None]
) -> None:
    """What the app writes there counts for both."""
    app = app_class("shop")
    app.config["JWT_SECRET_KEY"] = "k" * 32
    library.JWTManager(app)

    def view() -> Any:
        before = flask.g.get("_jwt_extended_jwt", {}).get("sub")
        flask.g._jwt_extended_jwt = {"sub": "ben"}
        return [before, library.get_jwt_identity()]

    app.get("/")(library.jwt_required()(view))
    with app.app_context():
        token = library.create_access_token("ada")

    answer = app.test_client().get("/", headers={"Authorization": f"Bearer {token}"})
    assert answer.json == expected


def test_handlers_of_the_app_are_kept() -> None:
    """A handler that was there before the manager stays."""
    apps = flask.Flask("theirs"), quart.Quart("ours")
    for app in apps:
        app.register_error_handler(jwt.ExpiredSignatureError, str)
    flask_jwt_extended.JWTManager(apps[0])
    quart_jwt.JWTManager(apps[1])

    kept = [
        app.error_handler_spec[None][None][jwt.ExpiredSignatureError] is str
        for app in apps
    ]
    assert kept == [False, True]


async def test_an_async_verification_is_awaited() -> None:
    """An ``async def`` hook that says no lets nobody in."""
    theirs, ours = await both(_hooked("verification-awaits-false"))

    assert identity_of(theirs) == "ann"
    assert refused(400, "User claims verification failed") == ours


async def test_an_async_user_lookup_is_awaited() -> None:
    """An ``async def`` look-up that finds nobody lets nobody in."""
    theirs, ours = await both(_hooked("lookup-awaits-none"))

    assert theirs != ours  # the view meets a coroutine in place of a user
    assert refused(401, "Error loading the user ann") == ours


async def test_an_async_blocklist_is_awaited() -> None:
    """An ``async def`` blocklist that knows nothing refuses nobody."""
    theirs, ours = await both(_hooked("blocklist-awaits-false"))

    assert refused(401, "Token has been revoked") == theirs
    assert identity_of(ours) == "ann"


async def test_an_async_answer_is_awaited() -> None:
    """An ``async def`` loader of an answer gives that answer."""
    theirs, ours = await both(case(Request(), hooks="unauthorized-awaits"))

    assert theirs == BROKEN
    assert Answer(status=499, json={"reason": "Missing Authorization Header"}) == ours


@pytest.mark.parametrize("hook", ["blocklist", "verification", "decode-key"])
async def test_a_hook_that_refuses_makes_nobody_anonymous(hook: str) -> None:
    """A hook's NoAuthorizationError refuses a token under ``optional=True``."""
    theirs, ours = await both(_hooked(f"{hook}-raises-no-authorization", "optional"))

    assert theirs.status == 200
    assert identity_of(theirs) is None
    assert refused(401, "by the hook") == ours


@pytest.mark.parametrize("given", ["none", "true", "zero", "empty", "list"])
async def test_a_key_hook_without_a_key_refuses(given: str) -> None:
    """A hook that gives no key for a token makes it a bad one, not a 500."""
    theirs, ours = await both(_hooked(f"decode-key-gives-{given}"))

    assert theirs == BROKEN
    assert refused(422, "Signature verification failed") == ours


async def test_a_key_hook_is_asked_for_allowed_algorithms_only() -> None:
    """A token of an algorithm that is not allowed does not reach the key hook."""
    request = carriers.header("plain", mint(algorithm="HS512"))
    hooks = "decode-key-raises-connection-error"
    theirs, ours = await both(case(request, hooks=hooks))

    assert theirs == BROKEN
    assert refused(422, "The specified alg value is not allowed") == ours


def _expired_elsewhere(kit: Kit) -> Any:
    raise jwt.ExpiredSignatureError("of another token")


async def test_an_expired_token_of_the_view_itself_is_answered() -> None:
    """PyJWT's error from the view's own use of PyJWT is a 401, not a 500."""
    setup = Setup(guard=None, view=_expired_elsewhere)
    theirs, ours = await both(Case(setup=setup, request=Request()))

    assert theirs == BROKEN
    assert refused(401, "Token has expired") == ours


def test_the_manager_has_its_own_place() -> None:
    """The manager stands in ``app.extensions`` under the project's name."""
    setup = _hooked("none").setup

    assert "flask-jwt-extended" in flask_side.app_of(setup).extensions
    assert "quart-jwt" in quart_side.app_of(setup).extensions


def _flask_page() -> flask.Flask:
    app = flask.Flask(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    flask_jwt_extended.JWTManager(app, add_context_processor=True)
    app.add_url_rule("/", view_func=lambda: flask.render_template_string("a page"))
    return app


def _quart_page() -> quart.Quart:
    app = quart.Quart(__name__)
    app.config["JWT_SECRET_KEY"] = SECRET
    quart_jwt.JWTManager(app, add_context_processor=True)

    @app.get("/")
    async def page() -> str:
        return await quart.render_template_string("a page{{ current_user }}")

    return app


async def test_a_template_without_a_user_is_rendered() -> None:
    """The context processor asks for no user where no token was asked for."""
    theirs = _flask_page().test_client().get("/")
    ours = await _quart_page().test_client().get("/")

    assert theirs.status_code == 500
    assert (ours.status_code, await ours.get_data()) == (200, b"a page")


def test_a_guard_without_parentheses_is_no_guard() -> None:
    """The mistake is told of when the view is made, not at every request."""
    app = _flask_page()
    app.add_url_rule("/guarded", view_func=_named(flask_jwt_extended.jwt_required))

    assert app.test_client().get("/guarded").status_code == 500
    with pytest.raises(TypeError, match="with parentheses"):
        _named(quart_jwt.jwt_required)


def _named(jwt_required: Any) -> Any:
    def guarded() -> str:
        return "for some"

    return jwt_required(guarded)

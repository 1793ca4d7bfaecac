"""
Random small apps answer the same under Flask with Flask-JWT-Extended, and under
``quart_jwt.flask`` through WSGI and through ASGI.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any

import flask_jwt_extended
import pytest
from flask import Blueprint
from flask import Flask
from flask import g
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from werkzeug.test import Client

import quart_jwt.flask
from through_asgi import client_of

SECRET = "one-secret-of-48-characters-for-all-three-apps!!"
GUARDS = ("none", "decorator", "optional", "fresh", "inside")
HOOKS = ("before", "after", "teardown", "error")
TOKENS = ("none", "good", "fresh", "expired", "refresh", "malformed", "revoked")


@dataclass(frozen=True)
class View:
    """
    A view: its path is its number.

    Attributes:
        is_async: Whether it is ``async def``.
        guard: What protects it.
        raises: Whether it raises behind its guard.
        in_blueprint: Whether it belongs to the blueprint.
    """

    is_async: bool
    guard: str
    raises: bool
    in_blueprint: bool


@dataclass(frozen=True)
class Recipe:
    """
    An app.

    Attributes:
        views: Its views.
        hooks: The hooks of the app and of the blueprint: kind, whether it is the
            blueprint's, whether it is async, whether it is a guard.
        has_user: Whether there is a user look-up hook.
    """

    views: tuple[View, ...]
    hooks: tuple[tuple[str, bool, bool, bool], ...]
    has_user: bool


VIEWS = st.builds(
    View, st.booleans(), st.sampled_from(GUARDS), st.booleans(), st.booleans()
)
HOOK = st.tuples(st.sampled_from(HOOKS), st.booleans(), st.booleans(), st.booleans())
RECIPES = st.builds(
    Recipe,
    st.lists(VIEWS, min_size=1, max_size=4).map(tuple),
    st.lists(HOOK, max_size=4).map(tuple),
    st.booleans(),
)


def build(recipe: Recipe, make: type[Flask], fje: ModuleType) -> Flask:
    """The app of a recipe, with one library or the other."""
    app, blueprint = make("shop"), Blueprint("b", __name__)
    app.config.update(
        JWT_SECRET_KEY=SECRET, SECRET_KEY=SECRET, PROPAGATE_EXCEPTIONS=False
    )
    jwt = fje.JWTManager(app)
    jwt.token_in_blocklist_loader(_is_revoked)
    if recipe.has_user:
        jwt.user_lookup_loader(_find)
    for number, hook in enumerate(recipe.hooks):
        add_hook(app, blueprint, number, hook, fje)
    for number, view in enumerate(recipe.views):
        home = blueprint if view.in_blueprint else app
        function = make_view(number, view, recipe, fje)
        home.add_url_rule(f"/{number}", f"view{number}", function, methods=["GET"])
    app.register_blueprint(blueprint)
    return app


def _is_revoked(_header: Any, claims: Any) -> bool:
    return bool(claims["sub"] == "revoked")


def _find(_header: Any, claims: Any) -> Any:
    return None if claims["sub"] == "unknown" else f"user {claims['sub']}"


def make_view(number: int, view: View, recipe: Recipe, fje: ModuleType) -> Any:
    """A view that says what it knows."""

    def body() -> Any:
        if view.guard == "inside":
            fje.verify_jwt_in_request()
        if view.raises:
            raise LookupError(number)
        identity = None if view.guard == "none" else fje.get_jwt_identity()
        known = view.guard != "none" and identity and recipe.has_user
        user = str(fje.current_user) if known else None
        return {"n": number, "identity": identity, "user": user, "g": g.get("seen", [])}

    async def async_body() -> Any:
        await asyncio.sleep(0)
        return body()

    function: Callable[..., Any] = async_body if view.is_async else body
    options = {"optional": {"optional": True}, "fresh": {"fresh": True}}
    if view.guard in {"decorator", "optional", "fresh"}:
        function = fje.jwt_required(**options.get(view.guard, {}))(function)
    return function


def add_hook(
    app: Flask,
    blueprint: Blueprint,
    number: int,
    hook: tuple[str, bool, bool, bool],
    fje: ModuleType,
) -> None:
    """A hook that leaves a trace, or guards."""
    kind, in_blueprint, is_async, guards = hook
    home: Any = blueprint if in_blueprint else app

    def note(*args: Any) -> Any:
        if kind == "before":
            if guards:
                fje.verify_jwt_in_request()
            g.setdefault("seen", []).append(number)
        if kind == "after":
            args[0].headers.add("X-Trace", str(number))
            return args[0]
        return (f"handled by {number}", 418) if kind == "error" else None

    async def async_note(*args: Any) -> Any:
        await asyncio.sleep(0)
        return note(*args)

    register = {
        "before": home.before_request,
        "after": home.after_request,
        "teardown": home.teardown_request,
        "error": home.errorhandler(LookupError),
    }[kind]
    register(async_note if is_async else note)


def headers_of(kind: str) -> dict[str, str]:
    """The headers of a request with one kind of token; Flask-JWT-Extended makes it."""
    if kind == "none":
        return {}
    if kind == "malformed":
        return {"Authorization": "Bearer no.such.token"}
    app = Flask("mint")
    app.config["JWT_SECRET_KEY"] = SECRET
    flask_jwt_extended.JWTManager(app)
    with app.app_context():
        if kind == "refresh":
            token = flask_jwt_extended.create_refresh_token("ada")
        else:
            token = flask_jwt_extended.create_access_token(
                "revoked" if kind == "revoked" else "ada",
                fresh=kind == "fresh",
                expires_delta=timedelta(seconds=-9) if kind == "expired" else None,
            )
    return {"Authorization": f"Bearer {token}"}


def answers(client: Client, recipe: Recipe, headers: dict[str, str]) -> list[Any]:
    """What a client gets for every view, and for a path that is none."""
    found = []
    for number in range(len(recipe.views) + 1):
        answer = client.get(f"/{number}", headers=headers)
        trace = answer.headers.getlist("X-Trace")
        content_type = answer.headers.get("Content-Type")
        found.append((answer.status_code, answer.data, trace, content_type))
    return found


class FlaskWithLoop(Flask):
    """Flask's own class; an async function runs in a loop of its own."""

    def async_to_sync(self, func: Any) -> Any:
        """Run an async function to its end."""
        return lambda *args, **kwargs: asyncio.run(func(*args, **kwargs))


def compare(recipe: Recipe, token: str) -> None:
    """Status, body, content type, and the order of hooks."""
    headers = headers_of(token)
    theirs = build(recipe, FlaskWithLoop, flask_jwt_extended)
    ours = build(recipe, quart_jwt.flask.Flask, quart_jwt.flask)

    expected = answers(theirs.test_client(), recipe, headers)

    assert answers(ours.test_client(), recipe, headers) == expected
    assert answers(client_of(ours), recipe, headers) == expected


@settings(max_examples=60)
@given(recipe=RECIPES, token=st.sampled_from(TOKENS))
def test_random_apps_answer_the_same(recipe: Recipe, token: str) -> None:
    """Status, body, content type, and the order of hooks."""
    compare(recipe, token)


@pytest.mark.slow
@settings(max_examples=1500)
@given(recipe=RECIPES, token=st.sampled_from(TOKENS))
def test_many_random_apps_answer_the_same(recipe: Recipe, token: str) -> None:
    """The same, for long."""
    compare(recipe, token)

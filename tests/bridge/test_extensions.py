import asyncio
import threading
from collections.abc import Callable
from functools import partial
from functools import wraps
from typing import Any

import flask
import pytest
from quart import request

from quart_jwt.compat import Blueprint
from quart_jwt.compat import Quart


@pytest.fixture(name="app")
def _app() -> Quart:
    return Quart(__name__)


def transparent(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of somebody's who never heard of coroutines."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return wrapper


def flasks_own_way(view: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator of a Flask extension that needs the result."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = flask.current_app.ensure_sync(view)(*args, **kwargs)
        return flask.make_response(result, 201)

    return wrapper


@pytest.mark.parametrize("decorate", [transparent, flasks_own_way])
async def test_a_sync_decorator_goes_around_an_async_view(
    app: Quart, decorate: Callable[..., Any]
) -> None:
    """It runs in a thread; the view runs on the loop, in the same request."""

    @app.post("/")
    @decorate
    async def view() -> dict[str, Any]:
        await asyncio.sleep(0)
        on_main = threading.current_thread() is threading.main_thread()
        return {"sent": await request.get_json(), "main": on_main}

    response = await app.test_client().post("/", json=1)

    assert await response.get_json() == {"sent": 1, "main": True}
    assert (201 if decorate is flasks_own_way else 200) == response.status_code


async def test_a_sync_view_stays_as_it_is_for_flasks_side(app: Quart) -> None:
    """``ensure_sync`` gives back a sync function."""

    def view() -> str:
        return "x"

    assert view is app.ensure_sync(view)


async def test_a_replaced_error_handler_runs_in_a_thread(app: Quart) -> None:
    """Extensions put a sync function around the app's own handler."""
    seen: list[bool] = []

    def routed(original: Callable[..., Any], error: Exception) -> Any:
        seen.append(threading.current_thread() is threading.main_thread())
        if isinstance(error, KeyError):
            return flask.make_response({"msg": "no such key"}, 404)
        return original(error)

    app.handle_user_exception = partial(routed, app.handle_user_exception)  # type: ignore[method-assign]

    @app.get("/<kind>")
    async def view(kind: str) -> str:
        raise {"key": KeyError, "value": ValueError}[kind]

    @app.errorhandler(ValueError)
    async def refuse(_error: ValueError) -> tuple[str, int]:
        return "", 418

    client = app.test_client()

    assert (await client.get("/key")).status_code == 404
    assert (await client.get("/value")).status_code == 418
    assert seen == [False, False]


async def test_templates_are_rendered_by_flasks_side(app: Quart) -> None:
    """``flask.render_template_string`` in a thread, with context processors."""

    @app.context_processor
    async def extra() -> dict[str, str]:
        return {"name": "ada"}

    @app.get("/")
    def view() -> str:
        context: dict[str, Any] = {}
        flask.current_app.update_template_context(context)
        return str(context["name"])

    response = await app.test_client().get("/")

    assert await response.get_data(as_text=True) == "ada"


def test_a_blueprint_is_one_for_flasks_side(app: Quart) -> None:
    """Extensions tell blueprints from functions by ``isinstance``."""
    blueprint = Blueprint("notes", __name__, url_prefix="/notes")
    blueprint.get("/")(lambda: "x")
    app.register_blueprint(blueprint)

    assert isinstance(blueprint, flask.Blueprint)
    assert "/notes/" in {rule.rule for rule in app.url_map.iter_rules()}


async def test_a_slow_extension_does_not_stop_the_loop(app: Quart) -> None:
    """While one request waits in a thread, another one is answered."""
    waiting, go_on = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        waiting.set()
        assert go_on.wait(30)
        return "slow"

    @app.get("/quick")
    async def quick() -> str:
        return "quick"

    client = app.test_client()
    first = asyncio.ensure_future(client.get("/slow"))
    await asyncio.to_thread(waiting.wait, 30)
    response = await client.get("/quick")
    go_on.set()

    assert await response.get_data(as_text=True) == "quick"
    assert await (await first).get_data(as_text=True) == "slow"

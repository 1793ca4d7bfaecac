"""The doors: every kind of view, in its own colour."""

import asyncio
import inspect
import threading
from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from functools import wraps
from typing import Any

import pytest
from quart import Blueprint
from quart import jsonify
from quart import Quart
from quart.views import MethodView
from quart.views import View

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from quart_jwt import create_access_token
from quart_jwt import get_current_user
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import verify_jwt_in_request


async def _status(client: Client, path: str, **options: Any) -> int:
    response = await client.get(path, **options)
    return int(response.status_code)


def test_colour_is_kept() -> None:
    """An async view stays async and a sync view stays sync, name and all."""

    async def asynchronous(item: int) -> str:
        """Async."""
        return str(item)

    def synchronous(item: int) -> str:
        """Sync."""
        return str(item)

    assert inspect.iscoroutinefunction(jwt_required()(asynchronous))
    assert not inspect.iscoroutinefunction(jwt_required()(synchronous))
    assert jwt_required()(synchronous).__name__ == "synchronous"
    assert jwt_required()(asynchronous).__doc__ == "Async."


def test_parentheses_are_asked_for() -> None:
    """``@jwt_required`` without parentheses is a mistake that opens no route."""
    with pytest.raises(TypeError, match="with parentheses"):
        jwt_required(lambda: "open")  # type: ignore[arg-type]


async def test_async_view(client: Client, bearer: Mint) -> None:
    """An async view answers with a token and refuses without one."""
    assert await _status(client, "/protected") == 401
    assert await _status(client, "/protected", headers=await bearer()) == 200


async def test_sync_view_runs_in_a_thread(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A sync view is verified through the loop and runs off it."""
    main = threading.get_ident()

    @app.get("/sync/<int:item>")
    @jwt_required()
    def sync(item: int) -> Any:
        return jsonify(
            item=item, me=get_jwt_identity(), away=threading.get_ident() != main
        )

    response = await client.get("/sync/7", headers=await bearer())
    assert await response.get_json() == {"item": 7, "me": "joe", "away": True}
    assert await _status(client, "/sync/7") == 401


async def test_sync_view_waits_for_an_async_hook(
    app: Quart, jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """A sync view's verification can await hooks, for the loop is elsewhere."""
    import asyncio

    @jwt.token_in_blocklist_loader
    async def revoked(_header: Any, claims: Any) -> bool:
        await asyncio.sleep(0)
        return bool(claims.get("gone"))

    @app.get("/sync")
    @jwt_required()
    def sync() -> str:
        return "in"

    assert await _status(client, "/sync", headers=await bearer()) == 200
    gone = await bearer(additional_claims={"gone": True})
    assert await _status(client, "/sync", headers=gone) == 401


async def test_many_sync_views_with_sync_hooks_do_not_lock_each_other(
    app: Quart, jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """More sync views than threads wait for sync hooks, and all are served."""
    import asyncio

    jwt.token_in_blocklist_loader(lambda _header, _claims: False)

    @app.get("/sync")
    @jwt_required()
    def sync() -> str:
        return "in"

    headers = await bearer()
    calls = (_status(client, "/sync", headers=headers) for _ in range(200))
    statuses = await asyncio.wait_for(asyncio.gather(*calls), timeout=60)
    assert statuses == [200] * 200


async def test_generator_view(app: Quart, client: Client, bearer: Mint) -> None:
    """A sync generator view streams, and only after verification."""

    @app.get("/stream")
    @jwt_required()
    def stream() -> Iterator[str]:
        yield "a"
        yield "b"

    response = await client.get("/stream", headers=await bearer())
    assert await response.get_data() == b"ab"
    assert await _status(client, "/stream") == 401


async def test_method_view(app: Quart, client: Client, bearer: Mint) -> None:
    """Class-based views take the decorator by method, in both colours."""

    class Items(MethodView):
        @jwt_required()
        async def get(self) -> str:
            return str(get_jwt_identity())

        @jwt_required(fresh=True)
        def post(self) -> str:
            return "sync"

    app.add_url_rule("/items", view_func=Items.as_view("items"))
    assert await _status(client, "/items") == 401
    assert await _status(client, "/items", headers=await bearer()) == 200
    stale = await client.post("/items", headers=await bearer())
    fresh = await client.post("/items", headers=await bearer(fresh=True))
    assert (stale.status_code, fresh.status_code) == (401, 200)


async def test_view_class_decorators(app: Quart, client: Client, bearer: Mint) -> None:
    """A view class takes the decorator by its ``decorators`` list."""

    class Report(View):
        decorators = [jwt_required()]  # noqa: RUF012 - Quart's own form

        async def dispatch_request(self) -> str:  # type: ignore[override]
            return "report"

    app.add_url_rule("/report", view_func=Report.as_view("report"))
    assert await _status(client, "/report") == 401
    assert await _status(client, "/report", headers=await bearer()) == 200


async def test_blueprint(app: Quart, client: Client, bearer: Mint) -> None:
    """A blueprint's routes are protected like the app's."""
    blueprint = Blueprint("part", __name__, url_prefix="/part")

    @blueprint.get("/one")
    @jwt_required()
    async def one() -> str:
        return "one"

    app.register_blueprint(blueprint)
    assert await _status(client, "/part/one") == 401
    assert await _status(client, "/part/one", headers=await bearer()) == 200


async def test_partial_view(app: Quart, client: Client, bearer: Mint) -> None:
    """A partial of an async function is async."""

    async def greet(greeting: str) -> str:
        return f"{greeting} {get_jwt_identity()}"

    view = partial(greet, "hello")
    app.add_url_rule("/greet", "greet", jwt_required()(view))
    response = await client.get("/greet", headers=await bearer())
    assert await response.get_data() == b"hello joe"
    assert await _status(client, "/greet") == 401


async def test_verify_in_async_code(app: Quart, client: Client, bearer: Mint) -> None:
    """Awaited, ``verify_jwt_in_request`` gives the header and the claims."""

    @app.get("/verify")
    async def verify() -> Any:
        header, claims = await verify_jwt_in_request()
        return jsonify(alg=header["alg"], same=claims == get_jwt())

    response = await client.get("/verify", headers=await bearer())
    assert await response.get_json() == {"alg": "HS256", "same": True}
    assert await _status(client, "/verify") == 401


async def test_verify_in_sync_code(app: Quart, client: Client, bearer: Mint) -> None:
    """In a plain ``def`` view it verifies right away and gives the result."""

    @app.get("/verify")
    def verify() -> Any:
        header, claims = verify_jwt_in_request()
        return jsonify(alg=header["alg"], same=claims == get_jwt())

    response = await client.get("/verify", headers=await bearer())
    assert await response.get_json() == {"alg": "HS256", "same": True}
    assert await _status(client, "/verify") == 401


async def test_verify_gives_none_where_nothing_was_verified(
    app: Quart, client: Client
) -> None:
    """An optional token that is absent, and OPTIONS, give None."""

    @app.route("/optional", methods=["GET", "OPTIONS"])
    async def optional() -> Any:
        return jsonify(await verify_jwt_in_request(optional=True))

    response = await client.get("/optional")
    assert await response.get_json() is None
    response = await client.options("/optional")
    assert await response.get_json() is None


async def test_decorated_sync_view_called_directly(app: Quart, bearer: Mint) -> None:
    """A test may call a decorated sync view itself: nothing has to wait."""

    @jwt_required()
    def view() -> str:
        return str(get_jwt_identity())

    async with app.test_request_context("/", headers=await bearer()):
        assert view() == "joe"


async def test_decorated_sync_view_called_directly_with_an_async_hook(
    app: Quart, jwt: JWTManager, bearer: Mint
) -> None:
    """Called on the loop, a sync view that would have to wait says so."""
    import asyncio

    async def slow(_header: Any, _claims: Any) -> bool:
        await asyncio.sleep(0)
        return False

    jwt.token_in_blocklist_loader(slow)

    @jwt_required()
    def view() -> str:
        return "in"

    async with app.test_request_context("/", headers=await bearer()):
        with pytest.raises(RuntimeError, match="needs to wait"):
            view()


async def test_decorated_sync_view_in_a_thread_of_a_request_context(
    app: Quart, bearer: Mint
) -> None:
    """Quart's own ``ensure_async`` finds the loop from a pushed context."""

    @jwt_required()
    def view() -> str:
        return str(get_jwt_identity())

    async with app.test_request_context("/", headers=await bearer()):
        assert await app.ensure_async(view)() == "joe"


async def test_nested_verification(app: Quart, client: Client, bearer: Mint) -> None:
    """Two requirements on one request both count."""

    @app.get("/nested")
    @jwt_required()
    async def nested() -> str:
        await verify_jwt_in_request(fresh=True)
        return "fresh"

    assert await _status(client, "/nested", headers=await bearer()) == 401
    assert await _status(client, "/nested", headers=await bearer(fresh=True)) == 200


async def test_without_a_manager() -> None:
    """An app without a manager says what is missing."""
    app = Quart(__name__)
    async with app.app_context():
        with pytest.raises(RuntimeError, match="You must initialize a JWTManager"):
            create_access_token("joe")


async def test_outside_of_a_request(app: Quart) -> None:
    """Outside of a request there is nothing to verify."""
    async with app.app_context():
        with pytest.raises(RuntimeError, match="no request or websocket context"):
            verify_jwt_in_request()


async def test_unknown_location(make_app: MakeApp) -> None:
    """A location that does not exist is the programmer's error."""
    app = make_app()

    @app.get("/nowhere")
    @jwt_required(locations="nope")
    async def nowhere() -> str:
        return "open"

    response = await app.test_client().get("/nowhere")
    assert response.status_code == 500


def _counts(calls: list[Any]) -> Callable[..., Any]:
    """A plain decorator, as code bases have them: it returns the view's coroutine."""

    def decorate(view: Any) -> Any:
        @wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            calls.append(get_jwt_identity())
            return view(*args, **kwargs)

        return wrapper

    return decorate


async def test_plain_decorator_of_an_async_view(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """A guard above a plain decorator that returns a coroutine has it awaited."""
    calls: list[Any] = []

    @app.get("/counted")
    @jwt_required()
    @_counts(calls)
    async def counted() -> str:
        await asyncio.sleep(0)
        return str(get_jwt_identity())

    response = await client.get("/counted", headers=await bearer())
    assert await response.get_data(as_text=True) == "joe"
    assert (await client.get("/counted")).status_code == 401
    assert calls == ["joe"]


async def test_identity_in_a_hook_names_the_way_out(
    app: Quart, jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """Inside a hook the token has not passed yet, and the error says what to use."""
    said: list[str] = []

    @jwt.user_lookup_loader
    async def find(_header: Any, claims: Any) -> Any:
        for ask in (get_jwt_identity, get_current_user):
            with pytest.raises(RuntimeError) as caught:
                ask()
            said.append(str(caught.value))
        return claims["sub"]

    response = await client.get("/protected", headers=await bearer())
    assert response.status_code == 200
    assert len(said) == 2
    assert all("use the header and the claims" in message for message in said)

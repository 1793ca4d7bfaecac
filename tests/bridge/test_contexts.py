import asyncio
import threading

import flask
import pytest
from quart import current_app
from quart import g
from quart import has_app_context

from quart_jwt.compat import Quart


@pytest.fixture(name="app")
def _app() -> Quart:
    return Quart(__name__)


def test_sync_code_enters_an_app_context(app: Quart) -> None:
    """``with app.app_context():`` needs no loop, and Flask's side sees it, too."""
    with app.app_context():
        g.name = "ada"
        assert app is current_app._get_current_object()  # type: ignore[attr-defined]
        assert app is flask.current_app._get_current_object()  # type: ignore[attr-defined]
        assert flask.g.name == "ada"

    assert not has_app_context()
    assert not flask.has_app_context()


def test_a_context_can_be_pushed_and_popped(app: Quart) -> None:
    """As test cases do in ``setUp`` and ``tearDown``; also one inside another."""
    outer, inner = app.app_context(), app.app_context()
    outer.push()
    inner.push()
    g.depth = 2
    inner.pop()

    assert not hasattr(g, "depth")
    outer.pop()
    assert not has_app_context()


async def test_a_context_is_entered_from_async_code_either_way(app: Quart) -> None:
    """``with``, ``async with``, and a ``push()`` that is awaited."""
    with app.app_context():
        assert flask.has_app_context()
    async with app.app_context():
        assert flask.has_app_context()
    context = app.app_context()
    await context.push()
    assert flask.has_app_context()
    await context.pop()
    assert not flask.has_app_context()


@pytest.mark.parametrize("failing", [False, True])
def test_leaving_runs_the_teardown_functions(app: Quart, *, failing: bool) -> None:
    """Sync and async ones, with the error that ended the context."""
    seen: list[BaseException | None] = []

    @app.teardown_appcontext
    def tear_down(error: BaseException | None) -> None:
        seen.append(error)

    @app.teardown_appcontext
    async def tear_down_too(error: BaseException | None) -> None:
        seen.append(error)

    error = ValueError("on purpose") if failing else None
    try:
        with app.app_context():
            if error is not None:
                raise error
    except ValueError:
        pass

    assert [error, error] == seen


def test_a_teardown_that_fails_leaves_no_context_behind(app: Quart) -> None:
    """The context variables are reset whatever happens."""

    @app.teardown_appcontext
    def tear_down(_error: BaseException | None) -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"), app.app_context():
        pass
    assert not has_app_context()
    assert not flask.has_app_context()


async def test_a_request_is_seen_by_flasks_side(app: Quart) -> None:
    """``flask.request``, ``flask.session`` and ``flask.g`` are the request's own."""
    app.secret_key = "s" * 32

    @app.post("/<name>")
    def view(name: str) -> dict[str, object]:
        flask.session["name"] = name
        flask.g.name = name
        return {
            "json": flask.request.get_json(),
            "args": flask.request.args["q"],
            "same": g.name,
            "main": threading.current_thread() is threading.main_thread(),
        }

    response = await app.test_client().post("/ada?q=1", json={"a": 1})

    expected = {"json": {"a": 1}, "args": "1", "same": "ada", "main": False}
    assert expected == await response.get_json()
    assert "session=" in response.headers["Set-Cookie"]
    assert not flask.has_request_context()


async def test_a_requests_teardown_runs_off_the_loop(app: Quart) -> None:
    """A session that is given back may wait for its database."""
    main: list[bool] = []

    @app.teardown_appcontext
    def tear_down(_error: BaseException | None) -> None:
        main.append(threading.current_thread() is threading.main_thread())

    @app.get("/")
    async def view() -> str:
        return "x"

    await app.test_client().get("/")

    assert main == [False]


async def test_requests_at_once_do_not_see_each_other(app: Quart) -> None:
    """Each has its own context on Flask's side, in its own thread."""

    @app.post("/")
    def view() -> dict[str, object]:
        return {"sent": flask.request.get_json(), "id": id(flask.g.get("x", flask.g))}

    client = app.test_client()
    answers = await asyncio.gather(*(client.post("/", json=n) for n in range(20)))

    assert [*range(20)] == [(await one.get_json())["sent"] for one in answers]


async def test_a_request_shares_the_app_context_around_it(app: Quart) -> None:
    """As in Flask, so that a test and its request have one database session."""
    left: list[int] = []

    @app.teardown_appcontext
    def tear_down(_error: BaseException | None) -> None:
        left.append(1)

    @app.get("/")
    def view() -> str:
        return str(g.name)

    with app.app_context():
        g.name = "ada"
        response = await app.test_client().get("/")
        assert left == []

    assert await response.get_data(as_text=True) == "ada"
    assert left == [1]


async def test_a_made_up_request_needs_no_path(app: Quart) -> None:
    """``test_request_context()`` takes Flask's arguments."""
    async with app.test_request_context():
        assert flask.request.path == "/"
    async with app.test_request_context("/a", query_string="b=1", json=None):
        assert flask.request.args["b"] == "1"

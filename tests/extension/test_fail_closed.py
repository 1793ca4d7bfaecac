"""Whatever goes wrong, no view's answer goes out."""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable
from typing import Any

import pytest
from quart import Blueprint
from quart import Quart
from quart import request_finished
from quart import stream_with_context
from quart import websocket
from quart.testing import WebsocketResponseError

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.exceptions import UnawaitedVerificationError


async def _asynchronous_false(*_: Any) -> bool:
    await asyncio.sleep(0)
    return False


async def _asynchronous_true(*_: Any) -> bool:
    await asyncio.sleep(0)
    return True


async def _asynchronous_none(*_: Any) -> None:
    await asyncio.sleep(0)


def _broken(*_: Any) -> bool:
    raise ConnectionError("the database is away")


async def _asynchronously_broken(*_: Any) -> bool:
    await asyncio.sleep(0)
    raise ConnectionError("the database is away")


async def _within(awaitable: Any) -> Any:
    return await asyncio.wait_for(awaitable, timeout=60)


def _no_authorization(*_: Any) -> bool:
    raise NoAuthorizationError("nothing")


REFUSALS: list[tuple[str, Callable[..., Any], int]] = [
    ("token_verification_loader", _asynchronous_false, 400),
    ("token_verification_loader", _asynchronous_none, 400),
    ("token_verification_loader", _broken, 500),
    ("token_verification_loader", _asynchronously_broken, 500),
    ("user_lookup_loader", _asynchronous_none, 401),
    ("user_lookup_loader", _broken, 500),
    ("user_lookup_loader", _asynchronously_broken, 500),
    ("token_in_blocklist_loader", _asynchronous_true, 401),
    ("token_in_blocklist_loader", _broken, 500),
    ("token_in_blocklist_loader", _asynchronously_broken, 500),
    ("decode_key_loader", _broken, 500),
    ("decode_key_loader", _asynchronous_none, 422),
    ("decode_key_loader", _asynchronously_broken, 500),
    ("decode_key_loader", _no_authorization, 401),
    ("token_in_blocklist_loader", _no_authorization, 401),
]


@pytest.mark.parametrize("optional", [False, True], ids=["required", "optional"])
@pytest.mark.parametrize("colour", ["async", "sync"])
@pytest.mark.parametrize(
    ("loader", "hook", "status"),
    REFUSALS,
    ids=[f"{loader}-{hook.__name__}" for loader, hook, _ in REFUSALS],
)
async def test_hook_refuses(
    make_app: MakeApp,
    bearer: Mint,
    loader: str,
    hook: Callable[..., Any],
    status: int,
    colour: str,
    optional: bool,
) -> None:
    """A hook that says no, or fails, closes views of both colours."""
    app = make_app()
    getattr(app.extensions["quart-jwt"], loader)(hook)
    answered: list[bool] = []

    async def asynchronous() -> str:
        answered.append(True)
        return "open"

    def synchronous() -> str:
        answered.append(True)
        return "open"

    view: Any = asynchronous if colour == "async" else synchronous
    app.add_url_rule("/", "view", jwt_required(optional=optional)(view))
    response = await app.test_client().get("/", headers=await bearer())
    assert response.status_code == status
    assert answered == []


def _register_view(app: Quart) -> None:
    @app.get("/open")
    async def view() -> str:
        verify_jwt_in_request()
        return "open"


def _register_view_with_a_swallowed_error(app: Quart) -> None:
    @app.get("/open")
    async def view() -> str:
        verify_jwt_in_request()
        try:
            get_jwt()
        except RuntimeError:
            return "open"
        return "open, too"


def _register_task(app: Quart) -> None:
    @app.get("/open")
    async def view() -> str:
        app.config["TASK"] = asyncio.ensure_future(verify_jwt_in_request())
        return "open"


def _register_async_before_request(app: Quart) -> None:
    _register_plain_view(app)

    @app.before_request
    async def before() -> None:
        verify_jwt_in_request()


def _register_sync_before_request(app: Quart) -> None:
    _register_plain_view(app)

    @app.before_request
    def before() -> None:
        verify_jwt_in_request()


def _register_blueprint_before_request(app: Quart) -> None:
    blueprint = Blueprint("part", __name__)

    @blueprint.before_request
    async def before() -> None:
        verify_jwt_in_request()

    @blueprint.get("/open")
    async def view() -> str:
        VIEWS.append("view")
        return "open"

    app.register_blueprint(blueprint)


def _register_helper(app: Quart) -> None:
    def check() -> None:
        verify_jwt_in_request()

    @app.get("/open")
    async def view() -> str:
        check()
        return "open"


def _register_task_that_fails(app: Quart) -> None:
    @app.get("/open")
    async def view() -> str:
        task = asyncio.ensure_future(verify_jwt_in_request(fresh=True))
        await asyncio.wait([task])
        app.config["TASK"] = task
        return "open"


def _register_gathering(app: Quart) -> None:
    @app.get("/open")
    async def view() -> str:
        both = asyncio.gather(verify_jwt_in_request(fresh=True), asyncio.sleep(0))
        await asyncio.wait([both])
        app.config["TASK"] = both
        return "open"


def _register_task_before_request(app: Quart) -> None:
    _register_plain_view(app)

    @app.before_request
    async def before() -> None:
        task = asyncio.ensure_future(verify_jwt_in_request(fresh=True))
        await asyncio.wait([task])
        app.config["TASK"] = task


def _register_after_request(app: Quart) -> None:
    @app.after_request
    async def after(response: Any) -> Any:
        verify_jwt_in_request()
        return response

    @app.get("/open")
    async def view() -> str:
        return "open"


def _register_error_handler(app: Quart) -> None:
    @app.errorhandler(500)
    async def page(_error: Exception) -> str:
        verify_jwt_in_request()
        return "open"

    @app.get("/open")
    async def view() -> str:
        raise ValueError("a fault of the view")


def _register_signal(app: Quart) -> None:
    async def finished(_app: Quart, **_: Any) -> None:
        verify_jwt_in_request()

    request_finished.connect(finished, app, weak=False)

    @app.get("/open")
    async def view() -> str:
        return "open"


def _register_plain_view(app: Quart) -> None:
    @app.get("/open")
    async def view() -> str:
        VIEWS.append("view")
        return "open"


VIEWS: list[str] = []

UNAWAITED = [
    _register_view,
    _register_view_with_a_swallowed_error,
    _register_task,
    _register_async_before_request,
    _register_blueprint_before_request,
    _register_helper,
    _register_task_that_fails,
    _register_gathering,
    _register_task_before_request,
    _register_after_request,
    _register_error_handler,
    _register_signal,
]


@pytest.mark.parametrize("register", UNAWAITED, ids=lambda f: f.__name__[10:])
@pytest.mark.parametrize("with_token", [False, True], ids=["anonymous", "token"])
async def test_unawaited_verification(
    app: Quart,
    client: Client,
    bearer: Mint,
    caplog: pytest.LogCaptureFixture,
    register: Callable[[Quart], None],
    with_token: bool,
) -> None:
    """A call that nobody awaits ends in 500 and a log line that names it."""
    VIEWS.clear()
    register(app)
    headers = await bearer() if with_token else {}
    response = await client.get("/open", headers=headers)
    assert response.status_code == 500
    assert b"open" not in await response.get_data()
    assert VIEWS == []
    assert "verify_jwt_in_request() was called and not awaited" in caplog.text
    if task := app.config.get("TASK"):
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("together", [asyncio.gather, _within], ids=["gather", "wait"])
async def test_an_error_that_is_heard_is_answered(
    app: Quart, client: Client, bearer: Mint, together: Callable[..., Any]
) -> None:
    """Awaited by way of another task, a refusal is the refusal that it is."""

    @app.get("/together")
    async def view() -> str:
        await together(verify_jwt_in_request())
        return "in"

    assert (await client.get("/together")).status_code == 401
    assert (await client.get("/together", headers=await bearer())).status_code == 200


async def test_verification_after_the_answer_has_begun(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """In the body of an answer it is too late, and the call says so."""
    heard: list[str] = []

    @app.get("/stream")
    async def stream() -> Any:
        @stream_with_context
        async def body() -> AsyncIterator[bytes]:
            try:
                verify_jwt_in_request()
            except RuntimeError as error:
                heard.append(str(error))
                return
            yield b"secret"

        return body()

    response = await client.get("/stream", headers=await bearer())
    assert await response.get_data() == b""
    assert len(heard) == 1
    assert "verify before the view returns" in heard[0]


async def test_unawaited_verification_in_a_test(app: Quart, bearer: Mint) -> None:
    """With ``app.testing`` the developer reads the error in the answer, or has it."""
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = None
    _register_view(app)
    headers = await bearer()
    try:
        response = await app.test_client().get("/open", headers=headers)
    except UnawaitedVerificationError as error:  # so Quart up to 0.21
        page = str(error)
    else:
        page = await response.get_data(as_text=True)
        assert response.status_code == 500
    assert "verify_jwt_in_request() was called and not awaited" in page


async def test_sync_before_request(app: Quart, client: Client, bearer: Mint) -> None:
    """A plain ``def`` handler needs no await: it verifies right there."""
    VIEWS.clear()
    _register_sync_before_request(app)
    assert (await client.get("/open")).status_code == 401
    assert VIEWS == []
    assert (await client.get("/open", headers=await bearer())).status_code == 200


async def test_late_await_opens_again(app: Quart, client: Client, bearer: Mint) -> None:
    """A verification that is asked for first and awaited later is fine."""

    @app.get("/late")
    async def late() -> str:
        first, second = verify_jwt_in_request(), verify_jwt_in_request()
        await second
        await first
        return "in"

    assert (await client.get("/late", headers=await bearer())).status_code == 200


async def test_one_of_two_awaited(app: Quart, client: Client, bearer: Mint) -> None:
    """Every call counts: one that was awaited does not excuse one that was not."""

    @app.get("/half")
    async def half() -> str:
        await verify_jwt_in_request()
        verify_jwt_in_request(fresh=True)
        return "open"

    assert (await client.get("/half", headers=await bearer())).status_code == 500


async def test_not_found_stays_not_found(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """An awaited verification before the request leaves routing as it was."""

    @app.before_request
    async def before() -> None:
        await verify_jwt_in_request(optional=True)

    assert (await client.get("/nothing", headers=await bearer())).status_code == 404


async def test_caught_error_is_the_callers_decision(app: Quart, client: Client) -> None:
    """Who awaits, catches and goes on has decided so."""

    @app.get("/lenient")
    async def lenient() -> str:
        try:
            await verify_jwt_in_request()
        except NoAuthorizationError:
            return "anonymous"
        return "known"

    response = await client.get("/lenient")
    assert await response.get_data() == b"anonymous"


async def test_after_request_functions_still_run(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """The 500 for a missing await passes through the app's own after-request."""

    @app.after_request
    async def mark(response: Any) -> Any:
        response.headers["X-Seen"] = "yes"
        return response

    _register_view(app)
    response = await client.get("/open", headers=await bearer())
    assert (response.status_code, response.headers.get("X-Seen")) == (500, "yes")


@pytest.mark.parametrize("step", ["accept", "send", "receive", "return"])
async def test_unawaited_verification_in_a_websocket(
    app: Quart, client: Client, bearer: Mint, step: str
) -> None:
    """A websocket handler that does not await is never accepted."""

    @app.websocket("/ws")
    async def ws() -> Any:
        verify_jwt_in_request()
        if step == "return":
            return "open", 200
        await getattr(websocket, step)(*(["secret"] if step == "send" else []))
        return None

    with pytest.raises(WebsocketResponseError) as caught:
        async with client.websocket("/ws", headers=await bearer()) as connection:
            await connection.receive()
    assert caught.value.response.status_code == 500


async def test_unawaited_verification_before_a_websocket(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """``before_websocket`` without await closes the handshake, too."""
    VIEWS.clear()

    @app.before_websocket
    async def before() -> None:
        verify_jwt_in_request()

    @app.websocket("/ws")
    async def ws() -> None:
        VIEWS.append("ws")
        await websocket.send("secret")

    with pytest.raises(WebsocketResponseError) as caught:
        async with client.websocket("/ws", headers=await bearer()) as connection:
            await connection.receive()
    assert caught.value.response.status_code == 500
    assert VIEWS == []


async def test_awaited_verification_in_a_websocket(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """Awaited, the handshake is open again and the socket works."""

    @app.websocket("/ws")
    async def ws() -> None:
        _, claims = await verify_jwt_in_request()
        await websocket.send(claims["sub"])

    async with client.websocket("/ws", headers=await bearer()) as connection:
        assert await connection.receive() == "joe"


async def test_refusal_names_no_token(
    jwt: JWTManager,
    app: Quart,
    client: Client,
    bearer: Mint,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A failing hook is logged; the token is not."""
    jwt.token_in_blocklist_loader(_broken)
    headers = await bearer()
    response = await client.get("/protected", headers=headers)
    token = headers["Authorization"].split()[1]
    assert response.status_code == 500
    assert "the database is away" in caplog.text
    assert token not in caplog.text


async def test_requests_in_one_app_context_share_nothing(
    app: Quart, client: Client, bearer: Mint
) -> None:
    """Requests that are served inside one app context have an identity each."""

    @app.get("/who")
    async def who() -> str:
        return str(get_jwt()["sub"])

    @app.get("/batch")
    @jwt_required()
    async def batch() -> str:
        before = get_jwt()["sub"]
        inner = app.test_client()
        await inner.get("/protected", headers=await bearer(identity="bob"))
        anonymous = await inner.get("/who")
        return f"{before} {get_jwt()['sub']} {anonymous.status_code}"

    async with app.app_context():
        response = await client.get("/batch", headers=await bearer())
        assert await response.get_data() == b"joe joe 500"
        assert (await client.get("/who")).status_code == 500


async def test_unawaited_twice_in_one_app_context(app: Quart, client: Client) -> None:
    """Each request is closed by its own call, also the second in one context."""
    _register_view(app)
    async with app.app_context():
        statuses = [(await client.get("/open")).status_code for _ in range(3)]
    assert statuses == [500, 500, 500]


async def test_awaited_twice(app: Quart, client: Client, bearer: Mint) -> None:
    """A second await is an error, and does not open the door for a later call."""

    @app.get("/twice")
    async def twice() -> str:
        pending = verify_jwt_in_request()
        await pending
        with pytest.raises(RuntimeError, match="awaited already"):
            await pending
        verify_jwt_in_request(fresh=True)
        return "open"

    assert (await client.get("/twice", headers=await bearer())).status_code == 500


def test_notes_need_a_request() -> None:
    """Nothing can be noted where no request is being answered."""
    from quart_jwt.extension.request.subject import current_subject

    with pytest.raises(RuntimeError, match="no request or websocket"):
        current_subject()


async def test_tokens_do_not_show_in_representations(app: Quart) -> None:
    """What tracebacks print of our values holds no token and no CSRF value."""
    from quart_jwt import create_access_token
    from quart_jwt.extension.request.presentation import Credential
    from quart_jwt.tokens.codec import parse
    from quart_jwt.tokens.token import Token

    async with app.app_context():
        token = create_access_token("joe")
    parsed = parse(token)
    values = [
        Credential(token, "cookies", "csrf-value"),
        parsed,
        Token(parsed.header, parsed.claims),
    ]
    printed = repr(values)
    secrets = [token, "csrf-value", parsed.claims["csrf"], token.rpartition(".")[2]]
    assert all(secret not in printed for secret in secrets)

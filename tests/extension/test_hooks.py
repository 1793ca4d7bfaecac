"""Hooks of every colour, where they run, and what they see."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from quart import g
from quart import jsonify
from quart import Quart
from quart import request

from extension.apps import Client
from extension.apps import MakeApp
from extension.apps import Mint
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import create_refresh_token
from quart_jwt import create_refresh_token_async
from quart_jwt import current_user
from quart_jwt import decode_token
from quart_jwt import decode_token_async
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import nonblocking
from quart_jwt.exceptions import AsyncHookError


def _plain(result: Any) -> Callable[..., Any]:
    def hook(*_: Any) -> Any:
        return result

    return hook


def _async(result: Any) -> Callable[..., Any]:
    async def hook(*_: Any) -> Any:
        await asyncio.sleep(0)
        return result

    return hook


def _partial(result: Any) -> Callable[..., Any]:
    async def hook(value: Any, *_: Any) -> Any:
        await asyncio.sleep(0)
        return value

    return partial(hook, result)


def _object(result: Any) -> Callable[..., Any]:
    class Hook:
        async def __call__(self, *_: Any) -> Any:
            await asyncio.sleep(0)
            return result

    return Hook()


def _sync_that_gives_an_awaitable(result: Any) -> Callable[..., Any]:
    def hook(*arguments: Any) -> Any:
        return _async(result)(*arguments)

    return hook


def _inline(result: Any) -> Callable[..., Any]:
    return nonblocking(_plain(result))


COLOURS = [_plain, _async, _partial, _object, _sync_that_gives_an_awaitable, _inline]
ASYNC_COLOURS = [_async, _partial, _object, _sync_that_gives_an_awaitable]

by_colour = pytest.mark.parametrize("colour", COLOURS, ids=lambda c: c.__name__[1:])
by_async_colour = pytest.mark.parametrize(
    "colour", ASYNC_COLOURS, ids=lambda c: c.__name__[1:]
)

Colour = Callable[[Any], Callable[..., Any]]


@by_colour
@pytest.mark.parametrize(
    ("loader", "result", "status"),
    [
        ("token_in_blocklist_loader", True, 401),
        ("token_in_blocklist_loader", False, 200),
        ("token_verification_loader", False, 400),
        ("token_verification_loader", True, 200),
        ("user_lookup_loader", None, 401),
        ("user_lookup_loader", {"name": "joe"}, 200),
        ("decode_key_loader", "another key, which did not sign this token", 422),
    ],
)
async def test_look_up_hooks(
    jwt: JWTManager,
    client: Client,
    bearer: Mint,
    colour: Colour,
    loader: str,
    result: Any,
    status: int,
) -> None:
    """Every look-up hook may have every colour, and its answer counts."""
    getattr(jwt, loader)(colour(result))
    response = await client.get("/protected", headers=await bearer())
    assert response.status_code == status


ANSWERS = {
    "expired_token_loader": {"expires_delta": False, "additional_claims": {"exp": 5}},
    "invalid_token_loader": {"refresh": True},
    "needs_fresh_token_loader": {},
    "revoked_token_loader": {"additional_claims": {"revoked": True}},
    "user_lookup_error_loader": {"additional_claims": {"nobody": True}},
    "token_verification_failed_loader": {"additional_claims": {"bad": True}},
}


@by_colour
@pytest.mark.parametrize("loader", [*ANSWERS, "unauthorized_loader"])
async def test_answer_hooks(
    make_app: MakeApp, bearer: Mint, colour: Colour, loader: str
) -> None:
    """Every answer hook may have every colour."""
    app = make_app()
    jwt: JWTManager = app.extensions["quart-jwt"]
    jwt.token_in_blocklist_loader(lambda _, claims: claims.get("revoked"))
    jwt.user_lookup_loader(lambda _, claims: None if claims.get("nobody") else "joe")
    jwt.token_verification_loader(lambda _, claims: not claims.get("bad"))
    getattr(jwt, loader)(colour(("my own answer", 418)))

    @app.get("/")
    @jwt_required(fresh=loader == "needs_fresh_token_loader")
    async def view() -> str:
        return "open"

    options: Any = ANSWERS.get(loader)
    headers = {} if options is None else await bearer(**options)
    response = await app.test_client().get("/", headers=headers)
    assert response.status_code == 418
    assert await response.get_data() == b"my own answer"


@by_colour
async def test_issue_hooks_with_the_awaitable_twins(
    app: Quart, jwt: JWTManager, colour: Colour
) -> None:
    """The awaitable twins take issue hooks of every colour."""
    jwt.additional_claims_loader(colour({"role": "admin"}))
    jwt.additional_headers_loader(colour({"kid": "k1"}))
    jwt.user_identity_loader(colour("joe"))
    key = "another key that is long enough for HS256"
    jwt.encode_key_loader(colour(key))
    jwt.decode_key_loader(colour(key))
    async with app.app_context():
        for create in (create_access_token_async, create_refresh_token_async):
            claims = await decode_token_async(await create(object()))
            assert (claims["sub"], claims["role"]) == ("joe", "admin")


@pytest.mark.parametrize("colour", [_plain, _inline], ids=["plain", "inline"])
async def test_issue_hooks_with_the_sync_functions(
    app: Quart, jwt: JWTManager, colour: Colour
) -> None:
    """The sync functions take sync issue hooks."""
    jwt.additional_claims_loader(colour({"role": "admin"}))
    jwt.user_identity_loader(colour("joe"))
    async with app.app_context():
        claims = decode_token(create_access_token(object()))
        assert (claims["sub"], claims["role"]) == ("joe", "admin")


@by_async_colour
@pytest.mark.parametrize(
    "loader",
    [
        "additional_claims_loader",
        "additional_headers_loader",
        "user_identity_loader",
        "encode_key_loader",
    ],
)
async def test_sync_functions_refuse_async_hooks(
    app: Quart, jwt: JWTManager, colour: Colour, loader: str
) -> None:
    """A sync function with an async hook behind it names its twin."""
    getattr(jwt, loader)(colour({}))
    async with app.app_context():
        with pytest.raises(AsyncHookError, match="await create_access_token_async"):
            create_access_token("joe")
        with pytest.raises(AsyncHookError, match="await create_refresh_token_async"):
            create_refresh_token("joe")


@by_async_colour
async def test_decode_token_refuses_an_async_key_hook(
    app: Quart, jwt: JWTManager, colour: Colour
) -> None:
    """``decode_token`` names its twin as well."""
    async with app.app_context():
        token = create_access_token("joe")
        jwt.decode_key_loader(colour("key"))
        with pytest.raises(AsyncHookError, match="await decode_token_async"):
            decode_token(token)


async def test_plain_hook_runs_in_a_thread_with_the_request(
    app: Quart, jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """A plain hook is off the loop, and sees ``request`` and ``g``."""
    main = threading.get_ident()
    seen: list[Any] = []

    @app.before_request
    async def before() -> None:
        g.mark = "marked"

    @jwt.user_lookup_loader
    def look_up(_header: Any, _claims: Any) -> str:
        seen.extend([threading.get_ident() != main, request.path, g.mark])
        g.seen = "yes"
        return "joe"

    @app.get("/me")
    @jwt_required()
    async def me() -> Any:
        return jsonify(user=str(current_user), seen=g.seen)

    response = await client.get("/me", headers=await bearer())
    assert await response.get_json() == {"user": "joe", "seen": "yes"}
    assert seen == [True, "/me", "marked"]


async def test_nonblocking_hook_runs_inline(
    jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """``@nonblocking`` keeps a plain hook on the loop."""
    threads: list[int] = []

    @jwt.token_in_blocklist_loader
    @nonblocking
    def revoked(_header: Any, _claims: Any) -> bool:
        threads.append(threading.get_ident())
        return False

    await client.get("/protected", headers=await bearer())
    assert threads == [threading.get_ident()]


class _Revocations:
    """A look-up in memory, as an object with a method."""

    def __init__(self) -> None:
        self.threads: list[int] = []

    def has(self, _header: Any, _claims: Any) -> bool:
        self.threads.append(threading.get_ident())
        return True


async def test_nonblocking_method_runs_inline(
    jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """What cannot be marked itself, such as a bound method, is wrapped."""
    revocations = _Revocations()
    jwt.token_in_blocklist_loader(nonblocking(revocations.has))
    response = await client.get("/protected", headers=await bearer())
    assert response.status_code == 401
    assert revocations.threads == [threading.get_ident()]


async def test_blocking_hook_does_not_block_the_loop(
    jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """While a plain hook blocks, the loop goes on."""
    started, released = threading.Event(), threading.Event()

    @jwt.token_in_blocklist_loader
    def revoked(_header: Any, _claims: Any) -> bool:
        started.set()
        return not released.wait(timeout=30)

    call = asyncio.create_task(client.get("/protected", headers=await bearer()))
    await asyncio.to_thread(started.wait, 30)
    released.set()  # the loop got here although the hook is still blocking
    assert (await call).status_code == 200


async def test_issue_hook_of_a_twin_runs_in_a_thread(
    app: Quart, jwt: JWTManager
) -> None:
    """The awaitable twins keep plain issue hooks off the loop, too."""
    threads: list[int] = []

    @jwt.additional_claims_loader
    def claims(_identity: Any) -> dict[str, Any]:
        threads.append(threading.get_ident())
        return {}

    async with app.app_context():
        await create_access_token_async("joe")
    assert threads != [threading.get_ident()]


async def test_hooks_see_copies_of_the_unverified_token(
    jwt: JWTManager, client: Client, bearer: Mint
) -> None:
    """A key hook that changes what it is shown changes nothing."""
    from extension.apps import SECRET

    @jwt.decode_key_loader
    async def key(header: dict[str, Any], claims: dict[str, Any]) -> str:
        header["alg"] = "none"
        claims["sub"] = "root"
        return SECRET

    response = await client.get("/protected", headers=await bearer())
    assert (await response.get_json())["sub"] == "joe"


async def test_loaders_give_the_function_back(jwt: JWTManager) -> None:
    """A loader is a decorator that leaves its function as it was."""
    for name in (name for name in dir(jwt) if name.endswith("_loader")):
        hook = _plain(None)
        assert getattr(jwt, name)(hook) is hook


@pytest.mark.parametrize("depth", [2, 3])
async def test_forgotten_await_in_a_hook_is_no_yes(
    jwt: JWTManager, client: Client, bearer: Mint, depth: int
) -> None:
    """An awaitable that gives an awaitable is awaited to its end."""

    async def nested(level: int) -> Any:
        return nested(level - 1) if level else False

    jwt.token_verification_loader(lambda *_: nested(depth))
    response = await client.get("/protected", headers=await bearer())
    assert response.status_code == 400


@pytest.mark.parametrize("loader", ["user_lookup_loader", "token_in_blocklist_loader"])
async def test_hook_that_runs_out_of_items(
    jwt: JWTManager, client: Client, bearer: Mint, loader: str
) -> None:
    """A StopIteration in a plain hook ends the request instead of hanging it."""
    users: list[str] = []

    def look_up(_header: Any, claims: Any) -> Any:
        return next(user for user in users if user == claims["sub"])

    getattr(jwt, loader)(look_up)
    request = client.get("/protected", headers=await bearer())
    response = await asyncio.wait_for(request, timeout=30)
    assert response.status_code == 500

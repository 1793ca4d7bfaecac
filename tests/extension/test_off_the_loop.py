"""Nothing that takes long happens on the event loop."""

import asyncio
import gc
import threading
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart

from counting import counted
from extension.apps import Client
from extension.apps import MakeApp
from extension.test_key_settings import _asymmetric
from forging import forge
from forging import HEADER
from forging import segment
from held import Held
from metronome import metronome
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import decode_token
from quart_jwt import JWTManager
from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import WeakKeyError
from quart_jwt.extension.hooks import workers
from quart_jwt.tokens import codec
from quart_jwt.tokens import keys

STORM = 40


@pytest.fixture(name="threads")
def _threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[int]]:
    """The threads in which keys were loaded and signatures made."""
    seen: dict[str, set[int]] = {"load": set(), "sign": set()}

    def spy(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def spied(*args: Any) -> Any:
            seen[name].add(threading.get_ident())
            return function(*args)

        return spied

    monkeypatch.setattr(keys, "_prepare_once", spy("load", keys._prepare))
    monkeypatch.setattr(keys.SigningKey, "sign", spy("sign", keys.SigningKey.sign))
    return seen


async def test_rsa_storm_leaves_the_loop_alone(
    make_app: MakeApp, threads: dict[str, set[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """During a storm of RSA-4096 signatures the loop goes on turning."""
    app = make_app(**_asymmetric("RS256", 4096))
    held, sign = Held(), keys.SigningKey.sign

    def stopping(self: keys.SigningKey, message: bytes) -> bytes:
        held.stop_here()
        return sign(self, message)

    monkeypatch.setattr(keys.SigningKey, "sign", stopping)
    async with app.app_context(), metronome() as beating:
        storm = asyncio.gather(
            *(create_access_token_async(str(n)) for n in range(STORM))
        )
        await held.is_running()
        for _ in range(STORM):
            await asyncio.sleep(0)
        assert not storm.done()
        held.release()
        tokens = await storm
    assert len(set(tokens)) == STORM
    assert threading.get_ident() not in threads["sign"] | threads["load"]
    assert len(threads["sign"]) <= workers.SIGNING_THREADS
    # Something that blocks in every call would be seen once for each of them.
    assert beating.stalls < STORM / 2


async def test_keys_are_loaded_before_serving(
    make_app: MakeApp, threads: dict[str, set[int]]
) -> None:
    """Start-up prepares the keys in a thread, so that no request does."""
    app = make_app(**_asymmetric("RS256"))
    async with app.test_app():
        assert threads["load"]
        assert threading.get_ident() not in threads["load"]


async def test_a_private_key_of_a_hook_is_loaded_in_a_thread(
    make_app: MakeApp, threads: dict[str, set[int]]
) -> None:
    """A key hook may return the private half, which takes long to load."""
    app = make_app(**_asymmetric("RS256"))
    jwt: JWTManager = app.extensions["quart-jwt"]
    private = app.config["JWT_PRIVATE_KEY"]

    @jwt.decode_key_loader
    async def key(_header: Any, _claims: Any) -> Any:
        return private

    async with app.app_context():
        token = await create_access_token_async("joe")
    threads["load"].clear()
    for material in (private, private.encode()):
        private = material
        headers = {"Authorization": f"Bearer {token}"}
        response = await app.test_client().get("/protected", headers=headers)
        assert response.status_code == 200
    assert threads["load"]
    assert threading.get_ident() not in threads["load"]


async def test_missing_key_does_not_stop_start_up(make_app: MakeApp) -> None:
    """A key that nobody may ever need is not asked for at start-up."""
    app = make_app(JWT_SECRET_KEY=None)
    async with app.test_app():
        response = await app.test_client().get("/protected")
        assert response.status_code == 401


async def test_weak_key_of_the_signing_half_stops_start_up(make_app: MakeApp) -> None:
    """With strong keys enforced, the signing key is looked at as well."""
    app = make_app(JWT_SECRET_KEY="short", JWT_ENFORCE_STRONG_KEYS=True)
    jwt: JWTManager = app.extensions["quart-jwt"]
    jwt.decode_key_loader(lambda *_: "short")
    with pytest.raises(WeakKeyError):
        await app.startup()


async def test_cookies_do_not_take_the_new_token_apart(
    app: Quart, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CSRF value of a token just made is remembered, once."""
    from quart import Response

    from quart_jwt import set_access_cookies
    from quart_jwt.extension.tokens import cookies

    parsed: list[str] = []

    def spy(text: str) -> Any:
        parsed.append(text)
        return codec.parse(text)

    monkeypatch.setattr(cookies, "parse", spy)
    async with app.app_context():
        token = create_access_token("joe")
        first, second = Response(""), Response("")
        set_access_cookies(first, token)
        assert parsed == []
        set_access_cookies(second, token)
        assert parsed == [token]
    assert first.headers.getlist("Set-Cookie") == second.headers.getlist("Set-Cookie")


async def test_expired_token_is_parsed_once(
    app: Quart, client: Client, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An expired token is refused from one parse and one signature check."""
    from quart_jwt.extension import verify

    parsed: list[str] = []

    def spy(text: str) -> Any:
        parsed.append(text)
        return codec.parse(text)

    monkeypatch.setattr(verify, "parse", spy)
    async with app.app_context():
        token = create_access_token("joe")
    clock.advance(3600)
    response = await client.get(
        "/protected", headers={"Authorization": f"Bearer {token}"}
    )
    assert (response.status_code, len(parsed)) == (401, 1)


GARBAGE = {
    "8 KiB": "a" * 8_192,
    "8 KiB of dots": "." * 8_192,
    "1 MB": "a" * 1_000_000,
    "1 MB of spaces": "a b" * 333_333,
    "1 MB of commas": "Bearer a," * 111_111,
    "deep header": segment('{"a":' + "[" * 2_900 + "]" * 2_900 + "}") + ".e30.AA",
    "deep payload": forge(HEADER, '{"a":' + '{"a":' * 900 + "1" + "}" * 901),
}

MOST_WORK = 4_000
"""Function calls: three for an object, and 8 KiB of base64 hold a thousand."""


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_costs_little_memory(make_app: MakeApp, garbage: str) -> None:
    """Refusing garbage takes no copy of it apart, however long it is."""
    app = make_app()
    client = app.test_client()
    headers = {"Authorization": f"Bearer {garbage}"}
    await client.get("/protected", headers={"Authorization": "Bearer a.b.c"})
    async with app.test_request_context("/protected", headers=headers):
        tracemalloc.start()
        with pytest.raises((pyjwt.DecodeError, JWTExtendedException)):
            await verify_jwt_in_request()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 512 * 1024 + 3 * len(garbage)


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
async def test_garbage_costs_little_work(make_app: MakeApp, garbage: str) -> None:
    """However long or nested a bad token is, the work for it is bounded."""
    app = make_app()
    await _work(app, "a.b.c")
    assert await _work(app, garbage) < MOST_WORK


async def _work(app: Quart, token: str) -> int:
    """How many functions a verification calls."""
    headers = {"Authorization": f"Bearer {token}"}
    async with app.test_request_context("/protected", headers=headers):
        with counted() as done, suppress(pyjwt.DecodeError, JWTExtendedException):
            await verify_jwt_in_request()
    return done.calls


def test_the_nested_garbage_is_short_enough_to_be_read() -> None:
    """It is not refused by its length alone."""
    assert max(len(GARBAGE[name]) for name in GARBAGE if "deep" in name) <= 8_192


async def test_flood_of_bad_tokens_leaves_nothing_behind(app: Quart) -> None:
    """Thousands of distinct bad tokens fill no cache of ours."""

    def flood(start: int) -> None:
        for number in range(start, start + 2_000):
            header = codec._segment(b'{"alg":"HS256","n":"%06d"}' % number).decode()
            with pytest.raises(pyjwt.InvalidSignatureError):
                decode_token(f"{header}.e30.AAAA")

    async with app.app_context():
        flood(0)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        flood(2_000)
        gc.collect()  # errors and their tracebacks hold each other
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        info = app.extensions["quart-jwt"].cache_info()
    assert info.entries == 0
    assert after - before < 100_000

"""Whatever the gate accepts, ``verify`` accepts without gate and cache."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import jwt as pyjwt
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from quart import Quart
from quart.wrappers import Request
from quart.wrappers import Websocket
from werkzeug.datastructures import Headers

from clock import Clock
from clock import START
from extension.apps import SECRET
from quart_jwt import JWTManager
from quart_jwt import MemoryStore
from quart_jwt import revoke_token
from quart_jwt.extension.decorators import verify_subject
from quart_jwt.extension.gate import recognise
from quart_jwt.extension.request.current import SETTINGS
from quart_jwt.extension.request.current import Verified
from quart_jwt.extension.request.presentation import presentation_of
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.request.subject import VERIFIED
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.extension.verify import verify

OTHER = SECRET[::-1]
SECONDS = (-700, -11, -0.5, 1, 10.3, 11, 300, 700)


def _ring(*keys: tuple[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "key": {
                "kty": "oct",
                "k": pyjwt.utils.base64url_encode(key.encode()).decode(),
            },
            "kid": key[:4],
            "algorithm": "HS256",
            "verifies_until": START + until,
        }
        for key, until in keys
    ]


PLAIN = {
    "sub": "joe",
    "uid": "u1",
    "type": "access",
    "csrf": "c",
    "fresh": False,
    "iat": START,
    "nbf": START,
    "exp": START + 300,
}
CLAIMS = st.fixed_dictionaries(
    {},
    optional={
        "sub": st.sampled_from(["joe", "ann"]),
        "type": st.sampled_from(["access", "access", "refresh"]),
        "fresh": st.sampled_from([True, False, START + 5, START + 11.3]),
        "iss": st.sampled_from(["i", "j"]),
        "aud": st.sampled_from(["a", ["a", "b"]]),
        "scope": st.sampled_from(["read", "read write"]),
        "nbf": st.sampled_from([START - 11, START + 11]),
        "exp": st.sampled_from([START + 10, START + 11, START + 700]),
        "roles": st.just([{"name": "admin"}]),
    },
)
TOKENS = st.lists(
    st.builds(
        lambda claims, key, named: (claims, key, named),
        CLAIMS,
        st.sampled_from([SECRET, SECRET, SECRET, OTHER]),
        st.booleans(),
    ),
    min_size=2,
    max_size=3,
)

SETTINGS_CHANGES: Mapping[str, list[Any]] = {
    "JWT_SECRET_KEY": [SECRET, OTHER],
    "JWT_KEY_RING": [
        None,
        _ring((SECRET, 11), (OTHER, 700)),
        _ring((SECRET, 10_000)),
    ],
    "JWT_HEADER_NAME": ["Authorization", "X-Token"],
    "JWT_HEADER_TYPE": ["Bearer", "", "JWT", "a, b"],
    "JWT_TOKEN_LOCATION": [
        ["headers"],
        ["cookies"],
        ["headers", "cookies"],
        ["cookies", "headers"],
        ["query_string", "headers"],
    ],
    "JWT_DECODE_LEEWAY": [0, 10, 0.3],
    "JWT_DECODE_ISSUER": [None, "i"],
    "JWT_DECODE_AUDIENCE": [None, "a"],
    "JWT_IDENTITY_CLAIM": ["sub", "uid"],
    "JWT_COOKIE_CSRF_PROTECT": [True, False],
    "JWT_CSRF_METHODS": [["POST"], ["GET", "POST"]],
    "JWT_ACCESS_COOKIE_NAME": ["access_token_cookie", "other"],
}
REQUIREMENTS = [
    Requirement(),
    Requirement(),
    Requirement(optional=True),
    Requirement(fresh=True),
    Requirement(refresh=True),
    Requirement(verify_type=False),
    Requirement(scopes=("write",)),
    Requirement(issuer="i"),
    Requirement(audience=("b",)),
    Requirement(locations=("cookies", "headers")),
    Requirement(skip_revocation_check=True),
]
SHAPES = [
    lambda t, _: [("Authorization", f"Bearer {t}")],
    lambda t, _: [("Authorization", f"Bearer {t}")],
    lambda t, _: [("authorization", f"Bearer {t}")],
    lambda t, _: [("Authorization", t)],
    lambda t, _: [("Authorization", f"Bearer  {t}")],
    lambda t, _: [("Authorization", f"JWT {t}")],
    lambda t, _: [("Authorization", f"Basic abc, Bearer {t}")],
    lambda t, _: [("Authorization", "Bearer "), ("Authorization", f"Bearer {t}")],
    lambda t, o: [("Authorization", f"Bearer {o}"), ("AUTHORIZATION", f"Bearer {t}")],
    lambda t, _: [("Authorization", "Basic abc"), ("Authorization", f"Bearer {t}")],
    lambda t, _: [("X-Token", f"Bearer {t}")],
    lambda t, o: [("X-Token", f"Bearer {o}"), ("Authorization", f"Bearer {t}")],
    lambda t, _: [("Cookie", f"access_token_cookie={t}")],
    lambda t, o: [("Cookie", f"a=b; access_token_cookie={t}; access_token_cookie={o}")],
    lambda t, o: [("Cookie", f"access_token_cookie={t}"), ("Cookie", f"other={o}")],
    lambda t, o: [
        ("Cookie", f"access_token_cookie={o}"),
        ("Authorization", f"Bearer {t}"),
    ],
    lambda t, o: [
        ("Cookie", f"refresh_token_cookie={t}; other={o}"),
        ("X-CSRF-TOKEN", "c"),
    ],
    lambda t, _: [("Cookie", f'access_token_cookie="{t}"')],
]
SHOW = st.tuples(
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(SHAPES),
    st.sampled_from(REQUIREMENTS),
    st.sampled_from(["GET", "GET", "POST", "OPTIONS", "websocket"]),
    st.sampled_from([1, 2, 3]),
)
STEPS = st.one_of(
    *[st.tuples(st.just("show"), SHOW)] * 6,
    *[st.tuples(st.just("clock"), st.sampled_from(SECONDS))] * 2,
    st.tuples(
        st.just("set"),
        st.sampled_from(sorted(SETTINGS_CHANGES)).flatmap(
            lambda name: st.tuples(
                st.just(name), st.sampled_from(SETTINGS_CHANGES[name])
            )
        ),
    ),
    st.tuples(st.just("revoke"), st.integers(0, 2)),
    st.tuples(st.just("flood"), st.just(None)),
    st.tuples(st.just("hook"), st.sampled_from(["add", "remove"])),
)


def _token(number: int, made: tuple[dict[str, Any], str, bool]) -> str:
    claims, key, named = made
    header = {"kid": key[:4]} if named else {}
    return pyjwt.encode({**PLAIN, "jti": f"j{number}", **claims}, key, "HS256", header)


def _subject(app: Quart, kind: str, headers: list[tuple[str, str]], token: str) -> Any:
    """A request or a handshake, with its header names as they were sent."""
    sent = Headers([("Remote-Addr", "127.0.0.1"), ("Host", "h"), *headers])
    query = f"jwt={quote(token)}".encode()
    scope: Any = {"type": "http", "headers": []}
    if kind == "websocket":
        none: Any = None
        return Websocket(
            *("/", query, "ws", sent, "", "1.1", [], none, none, none, none, scope)
        )

    async def push(*_args: object) -> None:
        """Push nothing."""

    return Request(
        *(kind, "http", "/", query, sent, "", "1.1", scope), send_push_promise=push
    )


async def _outcome(app: Quart, subject: Any, requirement: Requirement) -> Any:
    """What ``verify`` says under settings that have neither gates nor a cache."""
    followed = app.extensions[SETTINGS]
    values = {**followed(app.config).values, "JWT_CACHE_MAX_ENTRIES": 0}
    plain = Settings(values, followed.sources, followed._stores)
    return await verify(
        app.extensions["quart-jwt"], plain, presentation_of(subject), requirement
    )


def _facts(verified: Verified) -> Any:
    return (
        verified.header,
        verified.claims,
        verified.location,
        verified.identity(),
        verified.user,
    )


async def _show(app: Quart, tokens: list[str], shown: Any, seen: Counter[str]) -> None:
    first, second, shape, requirement, kind, times = shown
    token, other = tokens[first % len(tokens)], tokens[second % len(tokens)]
    for _ in range(times):
        subject = _subject(app, kind, shape(token, other), token)
        accepted = recognise(subject, requirement)
        if isinstance(accepted, Verified):
            seen["accepted by the gate"] += 1
            assert subject.__dict__[VERIFIED] is accepted
            expected = await _outcome(app, subject, requirement)
            assert _facts(accepted) == _facts(expected)
            accepted.claims["roles"] = accepted.claims["sub"] = "changed by a view"
            continue
        try:
            await verify_subject(subject, requirement, accepted)
        except Exception as exc:  # noqa: BLE001 - any refusal will do
            seen[type(exc).__name__] += 1
        else:
            seen["accepted by verify"] += 1


async def _walk(
    made: list[Any], settings: dict[str, Any], steps: list[Any], seen: Counter[str]
) -> None:
    clock = Clock()
    app = Quart(__name__)
    app.config.update(JWT_SECRET_KEY=SECRET, JWT_CACHE_MAX_ENTRIES=3, **settings)
    manager = JWTManager(app, clock=clock, store=MemoryStore())
    tokens = [_token(number, each) for number, each in enumerate(made)]
    async with app.test_app(), app.app_context():
        sessions: Any = app.extensions[SETTINGS](app.config).sessions
        await sessions.store._follower.step()
        for action, value in steps:
            if action == "show":
                await _show(app, tokens, value, seen)
            elif action == "clock":
                clock.advance(value)
            elif action == "set":
                _set(app, *value)
            elif action == "revoke":
                await revoke_token(jti=f"j{value}")
                seen["revoked"] += 1
            elif action == "flood":
                for number in range(3, 9):
                    strange = _token(number, ({}, SECRET, False))
                    await _show(
                        app, [strange], (0, 0, SHAPES[0], Requirement(), "GET", 1), seen
                    )
            elif value == "add":
                manager.token_in_blocklist_loader(
                    lambda _, claims: claims["jti"] == "j1"
                )
            else:
                manager.verifying = type(manager.verifying)()


def _set(app: Quart, name: str, value: Any) -> None:
    app.config[name] = value
    if name == "JWT_KEY_RING":  # which stands in place of the secret
        app.config["JWT_SECRET_KEY"] = None if value else SECRET
    elif name == "JWT_SECRET_KEY":
        app.config["JWT_KEY_RING"] = None


def test_the_gate_accepts_nothing_of_its_own() -> None:
    """Over random histories of requests, settings, keys, revocations and clocks."""
    seen: Counter[str] = Counter()

    @hypothesis_settings(max_examples=150)
    @given(
        made=TOKENS,
        location=st.sampled_from(SETTINGS_CHANGES["JWT_TOKEN_LOCATION"]),
        steps=st.lists(STEPS, min_size=6, max_size=25),
    )
    def walk(made: list[Any], location: list[str], steps: list[Any]) -> None:
        asyncio.run(_walk(made, {"JWT_TOKEN_LOCATION": location}, steps, seen))

    walk()
    # Neither all refused nor all at first sight.
    assert seen["accepted by the gate"] > 30
    assert seen["accepted by verify"] > 50
    assert seen["revoked"] > 20
    for refusal in (
        "RevokedTokenError",
        "ExpiredSignatureError",
        "NoAuthorizationError",
    ):
        assert seen[refusal] > 3, seen

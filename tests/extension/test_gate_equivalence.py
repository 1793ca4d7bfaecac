"""Whatever the gate accepts, ``verify`` accepts without gate and cache."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from inspect import signature
from random import Random
from typing import Any
from urllib.parse import quote

import jwt as pyjwt
from quart import Quart
from quart.wrappers import Request
from quart.wrappers import Websocket
from werkzeug.datastructures import Headers

from clock import Clock
from clock import START
from extension.apps import SECRET
from quart_jwt import ForwardAuth
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

HISTORIES = 200
SECONDS = (-11, -0.5, 0.5, 1, 1, 5, 10.3, 300)


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
CLAIMS: Mapping[str, list[Any]] = {
    "sub": ["joe", "ann"],
    "type": ["access", "refresh", "mail"],
    "fresh": [True, False, START + 5, START + 11.3],
    "iss": ["i", "j"],
    "aud": ["a", ["a", "b"]],
    "scope": ["read", "read write"],
    "nbf": [START - 11, START + 11],
    "exp": [START + 10, START + 11, START + 700],
    "roles": [[{"name": "admin"}]],
}

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
    "JWT_EXPIRED_IS_ANONYMOUS": [True, False],
    "JWT_WEBSOCKET_SUBPROTOCOL": [None, "bearer.v1"],
    "JWT_ACCESS_COOKIE_NAME": ["access_token_cookie", "other"],
}
REQUIREMENTS = [
    Requirement(),
    Requirement(),
    Requirement(optional=True),
    Requirement(fresh=True),
    Requirement(refresh=True),
    Requirement(verify_type=False),
    Requirement(purpose="mail"),
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
        ("Cookie", f"access_token_cookie={t}"),
        ("Sec-WebSocket-Protocol", f"bearer.v1, {o}"),
    ],
    lambda t, o: [
        ("Cookie", f"refresh_token_cookie={t}; other={o}"),
        ("X-CSRF-TOKEN", "c"),
    ],
    lambda t, _: [("Cookie", f'access_token_cookie="{t}"')],
]
KINDS = ("GET", "GET", "GET", "forward", "forward", "POST", "websocket", "OPTIONS")


def _made(random: Random) -> tuple[dict[str, Any], str, bool]:
    """The claims of a token, its key, and whether it names the key."""
    odd = random.sample(sorted(CLAIMS), random.choice([0, 1, 1, 2, 3]))
    claims = {name: random.choice(CLAIMS[name]) for name in odd}
    return claims, random.choice([SECRET] * 5 + [OTHER]), random.random() < 0.5


def _shown(random: Random) -> Any:
    """Which tokens, in which shape, for what, as what kind of request, how often."""
    which = random.choice([(0, 1), (0, 1), (0, 0), (1, 2), (2, 0)])
    shape = random.choice(SHAPES[:2] * 4 + SHAPES)
    kind, times = random.choice(KINDS), random.choice([1, 2, 3])
    return *which, shape, random.choice(REQUIREMENTS), kind, times


def _step(random: Random) -> tuple[str, Any]:
    action = random.choices(
        ("show", "clock", "set", "revoke", "flood", "hook"), (40, 4, 3, 2, 1, 2)
    )[0]
    option = random.choice(sorted(SETTINGS_CHANGES))
    values: dict[str, Any] = {
        "show": _shown(random),
        "clock": random.choice(SECONDS),
        "set": (option, random.choice(SETTINGS_CHANGES[option])),
        "revoke": random.choice([0, 1, 2]),
        "flood": None,
        "hook": random.choice(["add", "remove", "remove"]),
    }
    return action, values[action]


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
        facts: dict[str, Any] = {
            "path": "/",
            "query_string": query,
            "scheme": "ws",
            "headers": sent,
            "root_path": "",
            "http_version": "1.1",
            "subprotocols": [],
            "scope": scope,
        }
        # Quart 0.23 takes no ``receive``.
        parameters = set(signature(Websocket.__init__).parameters) - {"self"}
        arguments: Any = dict.fromkeys(parameters, None) | facts
        return Websocket(**arguments)

    async def push(*_args: object) -> None:
        """Push nothing."""

    return Request(
        *(kind, "http", "/", query, sent, "", "1.1", scope), send_push_promise=push
    )


def _plain(app: Quart) -> Settings:
    """The app's settings as they stand now, with neither gates nor a cache."""
    followed = app.extensions[SETTINGS]
    values = {**followed(app.config).values, "JWT_CACHE_MAX_ENTRIES": 0}
    return Settings(values, followed.sources, followed._stores)


async def _outcome(app: Quart, subject: Any, requirement: Requirement) -> Any:
    """What ``verify`` says without gate and cache."""
    shown = presentation_of(subject)
    return await verify(app.extensions["quart-jwt"], _plain(app), shown, requirement)


async def _forward(
    app: Quart, auth: ForwardAuth, scope: Any, settings: Settings | None = None
) -> Any:
    """What a gateway is answered, under these settings instead of the app's own."""
    followed, sent = app.extensions[SETTINGS], []

    async def send(message: Any) -> None:
        sent.append(message)

    if settings is not None:
        app.extensions[SETTINGS] = lambda _config: settings
    try:
        await auth(scope, None, send)
    finally:
        app.extensions[SETTINGS] = followed
    return sent


async def _ask_as_gateway(
    app: Quart, auth: ForwardAuth, headers: list[tuple[str, str]], seen: Counter[str]
) -> None:
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    for _ in range(2):
        gate = app.extensions[SETTINGS](app.config).gates.get(auth)
        known = gate is not None and gate.answer(scope) is not None
        answer = await _forward(app, auth, scope)
        assert answer == await _forward(app, auth, scope, _plain(app))
        seen["answered by the gate"] += known


def _facts(verified: Verified) -> Any:
    return (
        verified.header,
        verified.claims,
        verified.location,
        verified.identity(),
        verified.user,
    )


async def _show(
    app: Quart, auth: ForwardAuth, tokens: list[str], shown: Any, seen: Counter[str]
) -> None:
    first, second, shape, requirement, kind, times = shown
    token, other = tokens[first % len(tokens)], tokens[second % len(tokens)]
    if kind == "forward":
        headers = shape(token, other)
        further = [("X-Forwarded-Method", "GET"), ("Accept", "application/json")]
        await _ask_as_gateway(app, auth, [*headers, *further[: times - 1]], seen)
        return
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
    clock = Clock(START - 100)  # the tokens are younger than the store's data
    app = Quart(__name__)
    app.config.update(JWT_SECRET_KEY=SECRET, JWT_CACHE_MAX_ENTRIES=3, **settings)
    manager = JWTManager(app, clock=clock, store=MemoryStore())
    auth = ForwardAuth(manager, app, identity_headers={"X-Sub": "sub", "X-R": "roles"})
    tokens = [_token(number, each) for number, each in enumerate(made)]
    async with app.test_app(), app.app_context():
        sessions: Any = app.extensions[SETTINGS](app.config).sessions
        await sessions.in_use._parts[0].follower.step()
        clock.advance(100)
        for action, value in steps:
            if action == "show":
                await _show(app, auth, tokens, value, seen)
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
                    flood = (0, 0, SHAPES[0], Requirement(), "GET", 1)
                    await _show(app, auth, [strange], flood, seen)
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
    for seed in range(HISTORIES):
        random = Random(seed)  # noqa: S311 - a history, not a secret
        made = [_made(random) for _ in range(3)]
        location = random.choice(SETTINGS_CHANGES["JWT_TOKEN_LOCATION"])
        steps = [_step(random) for _ in range(40)]
        try:
            asyncio.run(_walk(made, {"JWT_TOKEN_LOCATION": location}, steps, seen))
        except Exception as exc:
            exc.add_note(f"in the history of seed {seed}")
            raise
    # Neither all refused nor all at first sight.
    for what in ("accepted by the gate", "accepted by verify", "answered by the gate"):
        assert seen[what] > 100, seen
    for refusal in (
        *("RevokedTokenError", "ExpiredSignatureError", "NoAuthorizationError"),
        *("InvalidSignatureError", "WrongTokenError", "CSRFError"),
    ):
        assert seen[refusal] > 10, seen

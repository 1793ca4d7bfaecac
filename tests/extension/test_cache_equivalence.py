"""The cache changes no verdict: two apps, one without it, are asked the same."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import jwt as pyjwt
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from quart import jsonify
from quart import Quart

from clock import Clock
from clock import START
from extension.apps import SECRET
from quart_jwt import decode_token
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import JWTManager

OTHER = SECRET[::-1]
SECONDS = (-700, -11, -1, 0, 1, 11, 300, 700)


def _one_of(
    choices: Mapping[str, st.SearchStrategy[Any]],
) -> st.SearchStrategy[tuple[str, Any]]:
    return st.one_of(
        *(st.tuples(st.just(name), values) for name, values in choices.items())
    )


def _some_of(
    choices: Mapping[str, st.SearchStrategy[Any]], at_most: int
) -> st.SearchStrategy[dict[str, Any]]:
    """A few members, so that most of what is drawn is still in order."""
    return st.lists(_one_of(choices), max_size=at_most).map(dict)


CLAIMS: Mapping[str, st.SearchStrategy[Any]] = {
    "sub": st.sampled_from(["joe", "joe", "joe", "ann", 7]),
    "uid": st.sampled_from(["u1", "u2"]),
    "type": st.sampled_from(["access", "access", "refresh", "other"]),
    "fresh": st.sampled_from([True, False, START - 5, START + 5]),
    "jti": st.just("the-jti"),
    "csrf": st.sampled_from(["c", "d"]),
    "iss": st.sampled_from(["i", "j"]),
    "aud": st.sampled_from(["a", "b", ["a", "b"]]),
    "roles": st.just([{"name": "admin"}]),
    **{name: st.sampled_from([START + s for s in SECONDS]) for name in ("iat", "nbf")},
    "exp": st.sampled_from([START + s for s in SECONDS if s > 0]),
}
PLAIN = {
    "sub": "joe",
    "type": "access",
    "jti": "j",
    "csrf": "c",
    "fresh": False,
    "iat": START,
    "nbf": START,
    "exp": START + 300,
}

TOKENS = st.builds(
    lambda claims, algorithm, key: pyjwt.encode({**PLAIN, **claims}, key, algorithm),
    _some_of(CLAIMS, 3),
    st.sampled_from(["HS256"] * 9 + ["HS384"]),
    st.sampled_from([SECRET] * 9 + [OTHER]),
)

SETTINGS: Mapping[str, st.SearchStrategy[Any]] = {
    "JWT_SECRET_KEY": st.sampled_from([SECRET, OTHER]),
    "JWT_ALGORITHM": st.sampled_from(["HS256", "HS256", "HS384"]),
    "JWT_DECODE_ALGORITHMS": st.sampled_from([None, ["HS256"], ["HS384", "HS256"]]),
    "JWT_DECODE_ISSUER": st.sampled_from([None, "i", ["i", "j"]]),
    "JWT_DECODE_AUDIENCE": st.sampled_from([None, "a", ["a", "c"]]),
    "JWT_DECODE_LEEWAY": st.sampled_from([0, 10, 600]),
    "JWT_IDENTITY_CLAIM": st.sampled_from(["sub", "uid"]),
    "JWT_VERIFY_SUB": st.booleans(),
    "JWT_COOKIE_CSRF_PROTECT": st.booleans(),
    "JWT_TOKEN_LOCATION": st.sampled_from(
        [["headers"], ["cookies"], ["cookies", "headers"], ["query_string"], ["json"]]
    ),
}
CHANGES = _one_of(SETTINGS)

GUARDS: Mapping[str, Mapping[str, Any]] = {
    "/": {},
    "/fresh": {"fresh": True},
    "/refresh": {"refresh": True},
    "/any": {"verify_type": False},
    "/optional": {"optional": True},
}
REQUESTS = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["/", "/", "/any", *GUARDS]),
    st.sampled_from(["c", "c", "c", "d", None]),
)
STEPS = st.one_of(
    *[st.tuples(st.just("ask"), REQUESTS)] * 5,
    st.tuples(st.just("forged"), REQUESTS),
    st.tuples(st.just("decode"), st.tuples(st.integers(0, 1), st.booleans())),
    *[st.tuples(st.just("clock"), st.sampled_from(SECONDS))] * 2,
    st.tuples(st.just("set"), CHANGES),
)


@dataclass(slots=True)
class Seen:
    """What the walks came across, so that they cannot all be about nothing."""

    statuses: dict[int, int] = field(default_factory=dict)
    hits: int = 0


def _app(clock: Clock, settings: Mapping[str, Any], **own: Any) -> Quart:
    app = Quart(__name__)
    app.config.update({"JWT_SECRET_KEY": SECRET, **settings, **own})
    JWTManager(app, clock=clock)
    for path, arguments in GUARDS.items():
        view = jwt_required(**arguments)(_view)
        app.add_url_rule(path, path, view, methods=["GET", "POST"])
    return app


async def _view() -> Any:
    claims = get_jwt()
    answer = jsonify(claims, get_jwt_identity(), get_jwt_request_location())
    claims["roles"] = claims["sub"] = "changed by a view"
    return answer


async def _asked(app: Quart, token: str, path: str, csrf: str | None) -> Any:
    """Show a token in every place at once; give the answer."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Cookie": f"access_token_cookie={token}; refresh_token_cookie={token}",
        **({"X-CSRF-TOKEN": csrf} if csrf else {}),
    }
    answer = await app.test_client().post(
        path,
        headers=headers,
        query_string={"jwt": token},
        json={"access_token": token, "refresh_token": token},
    )
    return answer.status_code, json.loads(await answer.get_data())


async def _decoded(app: Quart, token: str, *, allow_expired: bool) -> Any:
    async with app.app_context():
        try:
            return decode_token(token, allow_expired=allow_expired)
        except Exception as exc:  # noqa: BLE001 - both apps have to raise the same
            return type(exc), str(exc)


async def _walk(
    tokens: list[str],
    settings: Mapping[str, Any],
    steps: list[tuple[str, Any]],
    seen: Seen,
) -> None:
    clock = Clock()
    cached = _app(clock, settings, JWT_CACHE_MAX_ENTRIES=9)
    apps = (cached, _app(clock, settings, JWT_CACHE_MAX_ENTRIES=0))
    for action, value in steps:
        if action == "clock":
            clock.advance(value)
        elif action == "set":
            for app in apps:
                app.config[value[0]] = value[1]
        elif action == "decode":
            number, expired = value
            asked = [
                await _decoded(app, tokens[number], allow_expired=expired)
                for app in apps
            ]
            assert asked[0] == asked[1]
        else:
            number, path, csrf = value
            token = tokens[number]
            token = token[:-4] + "AAAA" if action == "forged" else token
            answers = [await _asked(app, token, path, csrf) for app in apps]
            assert answers[0] == answers[1]
            status = answers[0][0]
            seen.statuses[status] = seen.statuses.get(status, 0) + 1
    async with cached.app_context():
        manager: JWTManager = cached.extensions["quart-jwt"]
        seen.hits += manager.cache_info().hits


def test_verdicts_are_the_same_without_the_cache() -> None:
    """Random tokens, settings, keys, clocks and requests get the same answers."""
    seen = Seen()

    @hypothesis_settings(max_examples=120)
    @given(
        tokens=st.lists(TOKENS, min_size=2, max_size=2),
        settings=_some_of(SETTINGS, 2),
        locations=SETTINGS["JWT_TOKEN_LOCATION"],
        steps=st.lists(STEPS, min_size=5, max_size=20),
    )
    def walk(
        tokens: list[str],
        settings: dict[str, Any],
        locations: list[str],
        steps: list[tuple[str, Any]],
    ) -> None:
        settings["JWT_TOKEN_LOCATION"] = locations
        asyncio.run(_walk(tokens, settings, steps, seen))

    walk()
    # Neither all refused nor all at first sight.
    assert seen.hits > 20
    assert min(seen.statuses.get(status, 0) for status in (200, 401, 422)) > 10
    assert 500 not in seen.statuses

"""Making tokens."""

import threading
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from quart import Quart
from quart.json.provider import DefaultJSONProvider

from extension.apps import MakeApp
from extension.apps import SECRET
from extension.test_key_settings import _asymmetric
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import create_refresh_token
from quart_jwt import create_refresh_token_async
from quart_jwt import decode_token
from quart_jwt import get_csrf_token
from quart_jwt import get_jti
from quart_jwt import get_unverified_jwt_headers
from quart_jwt import JWTManager
from quart_jwt.extension.tokens.issue import random_uuid
from quart_jwt.tokens.keys import SigningKey


@pytest.mark.parametrize("identity", [5, None, 1.5, b"joe", {"id": 1}, ["joe"], True])
async def test_identity_has_to_be_a_string(app: Quart, identity: Any) -> None:
    """An identity that the next request would refuse is refused at once."""
    async with app.app_context():
        for create in (create_access_token, create_refresh_token):
            with pytest.raises(
                TypeError, match=r"must be a string.*user_identity_load"
            ):
                create(identity)
        for twin in (create_access_token_async, create_refresh_token_async):
            with pytest.raises(TypeError, match="must be a string"):
                await twin(identity)


async def test_identity_of_any_type_where_sub_is_not_verified(
    make_app: MakeApp,
) -> None:
    """``JWT_VERIFY_SUB = False`` lets every JSON value pass, both ways."""
    async with make_app(JWT_VERIFY_SUB=False).app_context():
        assert decode_token(create_access_token(5))["sub"] == 5


async def test_identity_of_any_type_in_another_claim(make_app: MakeApp) -> None:
    """Only ``sub`` has to be a string; another identity claim need not."""
    async with make_app(JWT_IDENTITY_CLAIM="uid").app_context():
        assert decode_token(create_access_token(5))["uid"] == 5


@pytest.mark.parametrize("claims", [{"jti": 5}, {"iss": 5}, {"sub": 5}])
async def test_registered_claims_have_to_be_strings(app: Quart, claims: Any) -> None:
    """Overriding ``jti``, ``iss`` or ``sub`` with something else is refused."""
    async with app.app_context():
        with pytest.raises(TypeError, match="must be a string"):
            create_access_token("joe", additional_claims=claims)


@pytest.mark.parametrize(
    "identity", ["a\0b", "\ud800", "joe\udfff"], ids=["NUL", "high", "low"]
)
async def test_identity_has_to_be_storable(app: Quart, identity: str) -> None:
    """NUL and lone surrogates break databases and logs: refused at issue."""
    async with app.app_context():
        with pytest.raises(ValueError, match="in a string"):
            create_access_token(identity)


async def test_identity_in_chinese_and_emoji(app: Quart) -> None:
    """Any other text comes back as it was."""
    async with app.app_context():
        assert decode_token(create_access_token("小明 🎉"))["sub"] == "小明 🎉"


async def test_nan_is_refused(app: Quart) -> None:
    """NaN is not JSON, and no verifier should have to guess."""
    async with app.app_context():
        with pytest.raises(ValueError, match="not JSON compliant"):
            create_access_token("joe", additional_claims={"score": float("nan")})


async def test_json_provider_of_quart(app: Quart) -> None:
    """Claims may be what Quart's JSON provider can write."""
    some = uuid.UUID(int=5)
    async with app.app_context():
        token = create_access_token(
            "joe", additional_claims={"id": some, "n": Decimal(1)}
        )
        assert decode_token(token)["id"] == str(some)
        assert decode_token(token)["n"] == "1"


@pytest.mark.parametrize(
    ("identity", "written"),
    [
        pytest.param(uuid.UUID(int=5), str(uuid.UUID(int=5)), id="uuid"),
        pytest.param(Decimal("1.5"), "1.5", id="decimal"),
    ],
)
async def test_an_identity_is_what_json_makes_of_it(
    app: Quart, jwt: JWTManager, identity: Any, written: str
) -> None:
    """As with Flask-JWT-Extended, a primary key may be a UUID; from a hook, too."""
    async with app.app_context():
        assert decode_token(create_access_token(identity))["sub"] == written
        jwt.user_identity_loader(lambda user: user["id"])
        assert decode_token(create_access_token({"id": identity}))["sub"] == written


class _Money:
    """Something that only the app knows how to write."""


class _Provider(DefaultJSONProvider):
    @staticmethod
    def default(o: Any) -> Any:
        return "money" if isinstance(o, _Money) else DefaultJSONProvider.default(o)


@pytest.mark.parametrize("way", ["instance", "class"])
async def test_json_provider_of_the_app(app: Quart, way: str) -> None:
    """The app's own provider writes claims, set as an object or as a class."""
    if way == "instance":
        app.json = _Provider(app)
    else:
        app.json_provider_class = _Provider
    async with app.app_context():
        token = create_access_token("joe", additional_claims={"price": _Money()})
        assert decode_token(token)["price"] == "money"


async def test_unknown_type_is_refused(app: Quart) -> None:
    """What nobody can write is a TypeError."""
    async with app.app_context():
        with pytest.raises(TypeError, match="not JSON serializable"):
            create_access_token("joe", additional_claims={"x": _Money()})


async def test_arguments_and_hook_results_are_left_alone(
    app: Quart, jwt: JWTManager
) -> None:
    """Neither the arguments nor what a hook returned is changed."""
    loaded, given = {"role": "user"}, {"role": "admin"}
    jwt.additional_claims_loader(lambda _: loaded)
    jwt.additional_headers_loader(lambda _: loaded)
    async with app.app_context():
        token = create_access_token(
            "joe", additional_claims=given, additional_headers=given
        )
        assert decode_token(token)["role"] == "admin"
        assert get_unverified_jwt_headers(token)["role"] == "admin"
    assert (loaded, given) == ({"role": "user"}, {"role": "admin"})


@pytest.mark.parametrize("expires", [timedelta(0), timedelta(seconds=-1)])
async def test_no_time_left_is_expired_at_once(app: Quart, expires: timedelta) -> None:
    """No life at all means expired, not immortal."""
    import jwt

    async with app.app_context():
        with pytest.raises(jwt.ExpiredSignatureError):
            decode_token(create_access_token("joe", expires_delta=expires))


async def test_configured_expiry_of_zero_is_expired_at_once(make_app: MakeApp) -> None:
    """The same for the setting: zero seconds are zero seconds."""
    import jwt

    async with make_app(JWT_ACCESS_TOKEN_EXPIRES=0).app_context():
        with pytest.raises(jwt.ExpiredSignatureError):
            decode_token(create_access_token("joe"))


async def test_times_come_from_the_clock(app: Quart, clock: Any) -> None:
    """``iat``, ``nbf``, ``exp`` and a limited freshness follow the clock."""
    async with app.app_context():
        claims = decode_token(create_access_token("joe", fresh=timedelta(minutes=1)))
    now = clock()
    assert [claims[name] - now for name in ("iat", "nbf", "exp", "fresh")] == [
        0,
        0,
        900,
        60,
    ]


async def test_jti_and_csrf_of_a_token(app: Quart) -> None:
    """``get_jti`` and ``get_csrf_token`` read a verified token."""
    async with app.app_context():
        token = create_access_token("joe")
        claims = decode_token(token)
        assert (get_jti(token), get_csrf_token(token)) == (
            claims["jti"],
            claims["csrf"],
        )
        app.config["JWT_COOKIE_CSRF_PROTECT"] = False
        without = create_access_token("joe")
        with pytest.raises(KeyError, match="csrf"):
            get_csrf_token(without)


@pytest.mark.parametrize(
    ("algorithm", "away"), [("RS256", True), ("ES256", False), ("HS256", False)]
)
async def test_slow_signatures_are_made_off_the_loop(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, algorithm: str, away: bool
) -> None:
    """The awaitable twins sign RSA in a worker thread, the quick ones inline."""
    signed_in: list[int] = []
    sign = SigningKey.sign

    def spy(self: SigningKey, message: bytes) -> bytes:
        signed_in.append(threading.get_ident())
        return sign(self, message)

    monkeypatch.setattr(SigningKey, "sign", spy)
    settings = {} if algorithm == "HS256" else _asymmetric(algorithm)
    async with make_app(**settings).app_context():
        await create_access_token_async("joe")
    assert (signed_in != [threading.get_ident()]) is away


@pytest.mark.parametrize("name", ["crit", "b64", "jku", "kid"])
async def test_headers_that_we_would_refuse_are_not_issued(
    app: Quart, name: str
) -> None:
    """What no request could use is refused when it is made."""
    import jwt

    async with app.app_context():
        with pytest.raises(jwt.InvalidTokenError):
            create_access_token("joe", additional_headers={name: 5})


async def test_typ_can_be_left_out(app: Quart) -> None:
    """An empty ``typ`` leaves the parameter out, as PyJWT does."""
    async with app.app_context():
        token = create_access_token("joe", additional_headers={"typ": ""})
        assert get_unverified_jwt_headers(token) == {"alg": "HS256"}


async def test_allow_expired(app: Quart, clock: Any) -> None:
    """An expired token can be read where the caller says so."""
    import jwt

    async with app.app_context():
        token = create_access_token("joe")
        clock.advance(3600)
        assert decode_token(token, allow_expired=True)["sub"] == "joe"
        with pytest.raises(jwt.ExpiredSignatureError) as caught:
            decode_token(token)
    assert caught.value.jwt_data["sub"] == "joe"  # type: ignore[attr-defined]
    assert SECRET not in repr(caught.value)


def test_uuids_are_random_ones() -> None:
    """Version 4, the variant of RFC 9562, and no two alike."""
    made = {random_uuid() for _ in range(500)}
    assert len(made) == 500
    for text in made:
        parsed = uuid.UUID(text)
        assert (str(parsed), parsed.version, parsed.variant) == (text, 4, uuid.RFC_4122)

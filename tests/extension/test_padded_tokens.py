"""Tokens as the load balancers of AWS sign them: padded, and with a key for each id."""

import base64
import json
from typing import Any

import jwt as pyjwt
import pytest
from quart import jsonify
from quart import Quart

import key_material
from clock import START
from extension.apps import MakeApp
from quart_jwt import create_access_token_async
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt.testing import make_token
from quart_jwt.tokens.keys import signing_key

ISSUER = "https://cognito.example/pool"
SIGNER = "arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/a/1"
HEADER = {"typ": "JWT", "alg": "ES256", "kid": "k-1", "signer": SIGNER}
CLAIMS = {"iss": ISSUER, "sub": "ada", "email": "ada@example.org", "exp": START + 120}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")


def _padded(algorithm: str = "ES256", **changes: Any) -> str:
    header = HEADER | {"alg": algorithm} | changes.pop("header", {})
    claims = CLAIMS | changes
    signed = ".".join(_base64(json.dumps(part).encode()) for part in (header, claims))
    key = signing_key(algorithm, key_material.private(algorithm))
    token = f"{signed}.{_base64(key.sign(signed.encode('ascii')))}"
    assert "=" in token
    return token


async def _key_of(header: dict[str, Any], _claims: dict[str, Any]) -> Any:
    if header.get("signer") != SIGNER:
        raise pyjwt.InvalidTokenError("The token is of another load balancer")
    return key_material.public("ES256") if header["kid"] == "k-1" else None


@pytest.fixture(name="make_balanced")
def _make_balanced(make_app: MakeApp) -> MakeApp:
    """Builds an app behind such a load balancer."""

    def make_balanced(**said: Any) -> Quart:
        options = {
            "key_loader": _key_of,
            "audience": None,
            "algorithms": "ES256",
            "padded": True,
            **said,
        }
        app = make_app(
            JWT_ISSUERS={ISSUER: options},
            JWT_HEADER_NAME="x-amzn-oidc-data",
            JWT_HEADER_TYPE="",
        )

        @app.get("/who")
        @jwt_required()
        async def who() -> Any:
            return jsonify(get_jwt_identity())

        return app

    return make_balanced


async def _who(app: Quart, token: str) -> tuple[int, Any]:
    headers = {"x-amzn-oidc-data": token}
    answer = await app.test_client().get("/who", headers=headers)
    return answer.status_code, await answer.get_json()


async def test_the_load_balancers_token_is_accepted(make_balanced: MakeApp) -> None:
    """At first sight, from the cache, and without padding as RFC 7515 has it."""
    app = make_balanced()
    plain = pyjwt.encode(CLAIMS, key_material.private("ES256"), "ES256", HEADER)

    for token in (_padded(), _padded(sub="grace"), _padded(), plain):
        assert (await _who(app, token))[0] == 200
    async with app.app_context():
        assert (await _who(app, await create_access_token_async("joe"))) == (200, "joe")


@pytest.mark.parametrize(
    ("token", "message"),
    [
        (_padded(iss="https://other.example"), "Invalid header padding"),
        (_padded(iss=None), "Invalid header padding"),
        (_padded().rstrip("=") + "=", "Invalid header padding"),
        (_padded() + "====", "Invalid header padding"),
        ("=" + _padded(), "Invalid header padding"),
        (_padded().replace("==", "=A=", 1), "Invalid header padding"),
        (_padded(exp=START - 1), "Token has expired"),
        (_padded(header={"kid": "k-2"}), "Signature verification failed"),
        (_padded(header={"signer": "x"}), "The token is of another load balancer"),
        (_padded("ES384"), "The specified alg value is not allowed"),
        (_padded()[:-6] + "AAAA==", "Signature verification failed"),
    ],
)
async def test_other_padded_tokens_are_refused(
    make_balanced: MakeApp, token: str, message: str
) -> None:
    """Padding in another issuer's token, a part of it, another key or signer."""
    status, answer = await _who(make_balanced(), token)

    assert status in {401, 422}
    assert answer["msg"] == message


async def test_padding_is_an_option_of_the_issuer(make_balanced: MakeApp) -> None:
    """Without it, the token is refused as any padded token is."""
    status, answer = await _who(make_balanced(padded=False), _padded())

    assert (status, answer) == (422, {"msg": "Invalid header padding"})


async def test_each_token_is_judged_by_the_key_of_now(make_balanced: MakeApp) -> None:
    """The loader is called for a known token, too, and may return another key."""
    keys = [key_material.public("ES256"), None]

    def key_of(_header: dict[str, Any], _claims: dict[str, Any]) -> Any:
        return keys[0]

    app = make_balanced(key_loader=key_of)
    assert (await _who(app, _padded()))[0] == 200

    keys.reverse()

    assert (await _who(app, _padded()))[0] == 422


async def test_the_test_kit_cannot_speak_for_a_loaded_key(
    make_balanced: MakeApp,
) -> None:
    """It stands in for published keys only, and says so."""
    app = make_balanced()
    async with app.app_context():
        with pytest.raises(TypeError, match="use its key_loader"):
            await make_token(app, "ada", claims={"iss": ISSUER})

"""Public pages that an expired token does not close."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pytest
from quart import jsonify
from quart import Quart

from extension.apps import Mint
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import verify_jwt_in_request

EXPIRED = timedelta(seconds=-9)


@pytest.fixture(name="app")
def _app(app: Quart) -> Quart:
    """A page for everybody, guarded in three ways."""

    @app.get("/decorated")
    @jwt_required(optional=True)
    async def decorated() -> Any:
        return jsonify(get_jwt_identity())

    @app.get("/sync")
    @jwt_required(optional=True)
    def sync() -> Any:
        return jsonify(get_jwt_identity())

    @app.get("/lenient")
    async def lenient() -> Any:
        with suppress(pyjwt.ExpiredSignatureError):
            await verify_jwt_in_request(optional=True)
        return jsonify(get_jwt_identity())

    return app


async def _get(app: Quart, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    response = await app.test_client().get(path, headers=headers)
    return response.status_code, await response.get_json()


@pytest.mark.parametrize("path", ["/decorated", "/sync"])
async def test_an_expired_token_counts_as_none(
    app: Quart, bearer: Mint, path: str
) -> None:
    """With the option, the view runs for nobody; without it the answer is 401."""
    headers = await bearer(expires_delta=EXPIRED)
    assert await _get(app, path, headers) == (401, {"msg": "Token has expired"})
    app.config["JWT_EXPIRED_IS_ANONYMOUS"] = True
    assert await _get(app, path, headers) == (200, None)
    assert await _get(app, path, await bearer()) == (200, "joe")


async def test_a_caught_expiry_leaves_the_request_anonymous(
    app: Quart, bearer: Mint
) -> None:
    """An app that catches the error of an optional verification goes on for nobody."""
    headers = await bearer(expires_delta=EXPIRED)
    assert await _get(app, "/lenient", headers) == (200, None)
    assert await _get(app, "/lenient", await bearer()) == (200, "joe")


async def test_other_faults_are_refused(app: Quart, bearer: Mint) -> None:
    """A required token, a forged one and one that is wrong as well do not pass."""
    app.config["JWT_EXPIRED_IS_ANONYMOUS"] = True
    expired = await bearer(expires_delta=EXPIRED)
    assert (await _get(app, "/protected", expired))[0] == 401
    forged = {"Authorization": "Bearer " + expired["Authorization"].split()[1][:-4]}
    assert (await _get(app, "/decorated", forged))[0] == 422
    wrong = await bearer(expires_delta=EXPIRED, additional_claims={"nbf": 2**40})
    assert (await _get(app, "/decorated", wrong))[0] == 422


async def test_an_expiry_that_a_hook_raises_is_no_anonymity(
    app: Quart, jwt: JWTManager, bearer: Mint
) -> None:
    """The option is about the token, and not about what a hook says of it."""
    app.config["JWT_EXPIRED_IS_ANONYMOUS"] = True

    @jwt.token_verification_loader
    async def too_old(_header: Any, _claims: Any) -> bool:
        raise pyjwt.ExpiredSignatureError

    assert (await _get(app, "/decorated", await bearer()))[0] == 401

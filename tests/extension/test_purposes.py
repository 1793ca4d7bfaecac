"""Tokens for one purpose, which open nothing else."""

from typing import Any

import pytest
from quart import jsonify
from quart import Quart

from clock import Clock
from extension.apps import MakeApp
from quart_jwt import create_access_token
from quart_jwt import create_access_token_async
from quart_jwt import create_refresh_token
from quart_jwt import decode_token
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import revoke_all_for
from quart_jwt import verify_jwt_in_request
from quart_jwt import verify_token
from quart_jwt.exceptions import WrongTokenError

ROUTES = {
    "/protected": "access",
    "/either": "access or refresh",
    "/file": "download",
    "/verified": "download",
    "/mail": "confirm-mail",
}


@pytest.fixture(name="app")
def _app(make_app: MakeApp) -> Quart:
    """An app with routes for access tokens and for two purposes."""
    app = make_app(JWT_STORE_URL="memory://")

    async def view() -> Any:
        return jsonify(get_jwt_identity())

    either = jwt_required(verify_type=False)(view)
    file = jwt_required(locations=["query_string"], purpose="download")(view)
    mail = jwt_required(purpose="confirm-mail")(view)
    app.add_url_rule("/either", "either", either)
    app.add_url_rule("/file", "file", file)
    app.add_url_rule("/mail", "mail", mail)

    @app.get("/verified")
    def verified() -> Any:
        verify_jwt_in_request(purpose="download")
        return jsonify(get_jwt_identity())

    return app


async def _opened(app: Quart, token: str) -> list[str]:
    """The routes that a token opens, in its header and in the address."""
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    opened = []
    for path in ROUTES:
        response = await client.get(f"{path}?jwt={token}", headers=headers)
        assert response.status_code in {200, 422}
        if response.status_code == 200:
            opened.append(path)
    return opened


async def test_a_purpose_opens_its_own_routes_only(app: Quart) -> None:
    """Neither an access token nor another purpose opens what is for one purpose."""
    async with app.app_context():
        download = create_access_token("joe", purpose="download")
        mail = await create_access_token_async("joe", purpose="confirm-mail")
        access, refresh = create_access_token("joe"), create_refresh_token("joe")
    assert await _opened(app, download) == ["/file", "/verified"]
    assert await _opened(app, mail) == ["/mail"]
    assert await _opened(app, access) == ["/protected", "/either"]
    assert await _opened(app, refresh) == ["/either"]


async def test_a_hook_does_not_change_the_purpose(app: Quart, jwt: JWTManager) -> None:
    """Claims that everything gets cannot turn the token into an access token."""
    jwt.additional_claims_loader(lambda _identity: {"type": "access", "role": "x"})
    async with app.app_context():
        token = create_access_token("joe", purpose="download")
        claims = decode_token(token)
    assert (claims["type"], claims["role"]) == ("download", "x")


async def test_a_purpose_has_the_life_of_an_access_token(app: Quart) -> None:
    """Not of a refresh token, which lives for weeks."""
    async with app.app_context():
        claims = decode_token(create_access_token("joe", purpose="download"))
    assert claims["exp"] - claims["iat"] == 15 * 60


async def test_verify_token_takes_a_purpose(app: Quart) -> None:
    """A token in a message may be for one purpose, too."""
    async with app.app_context():
        token = create_access_token("joe", purpose="download")
        assert (await verify_token(token, purpose="download")).identity == "joe"
        with pytest.raises(WrongTokenError, match="Only access tokens"):
            await verify_token(token)
        with pytest.raises(WrongTokenError, match="Only print tokens"):
            await verify_token(token, purpose="print")


async def test_logging_out_everywhere_ends_the_links(app: Quart, clock: Clock) -> None:
    """A link that a user has sent out ends with the user's other tokens."""
    async with app.test_app(), app.app_context():
        token = create_access_token("joe", purpose="download")
        await revoke_all_for("joe")
        response = await app.test_client().get(f"/file?jwt={token}")
    assert response.status_code == 401


@pytest.mark.parametrize("purpose", ["", "access", "refresh", 7, ["download"]])
async def test_what_is_no_purpose(app: Quart, purpose: Any) -> None:
    """The types of usual tokens, and what is no string, are refused on both sides."""
    with pytest.raises(ValueError, match="purpose"):
        jwt_required(purpose=purpose)
    async with app.app_context():
        with pytest.raises(ValueError, match="purpose"):
            create_access_token("joe", purpose=purpose)


@pytest.mark.parametrize("also", [{"refresh": True}, {"verify_type": False}])
def test_a_purpose_is_no_other_type(also: dict[str, Any]) -> None:
    """What could never pass, or would open more, is a mistake at the decorator."""
    with pytest.raises(ValueError, match="purpose cannot be combined"):
        jwt_required(purpose="download", **also)

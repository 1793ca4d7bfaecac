"""``verify_token``: a token given as text passes all that a request's token has to."""

from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart
from quart import websocket

from extension.apps import MakeApp
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import JWTManager
from quart_jwt import nonblocking
from quart_jwt import revoke_token
from quart_jwt import signals
from quart_jwt import verify_token
from quart_jwt.exceptions import FreshTokenRequired
from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import UserClaimsVerificationError
from quart_jwt.exceptions import UserLookupError
from quart_jwt.exceptions import WrongTokenError


async def test_what_a_good_token_gives(app: Quart, jwt: JWTManager) -> None:
    """Identity, claims, header and user come back, for the caller to keep."""
    jwt.user_lookup_loader(lambda _header, claims: claims["sub"].upper())
    async with app.app_context():
        token = create_access_token("joe", additional_claims={"role": "x"})
        verified = await verify_token(token)
        again = await verify_token(token)
    assert (verified.identity, verified.user) == ("joe", "JOE")
    assert (verified.claims["role"], verified.header["alg"]) == ("x", "HS256")
    assert verified.claims is not again.claims
    assert "role" not in repr(verified)


async def test_without_a_look_up_there_is_no_user(app: Quart) -> None:
    """Without a user look-up hook the user is None."""
    async with app.app_context():
        assert (await verify_token(create_access_token("joe"))).user is None


REFUSED: dict[str, tuple[type[Exception], dict[str, Any]]] = {
    "type": (WrongTokenError, {"refresh": True}),
    "fresh": (FreshTokenRequired, {"fresh": True}),
    "issuer": (pyjwt.MissingRequiredClaimError, {"issuer": "https://id.example"}),
    "audience": (pyjwt.MissingRequiredClaimError, {"audience": "orders"}),
    "scopes": (InsufficientScopeError, {"scopes": "orders:read"}),
}


@pytest.mark.parametrize(("error", "asked"), REFUSED.values(), ids=REFUSED)
async def test_every_argument_is_asked(
    app: Quart, error: type[Exception], asked: dict[str, Any]
) -> None:
    """Whatever jwt_required can ask of a route's token is asked of this one."""
    async with app.app_context():
        token = create_access_token("joe")
        with pytest.raises(error):
            await verify_token(token, **asked)


async def test_other_types_and_texts_are_refused(app: Quart) -> None:
    """A refresh token, and what is no token at all, do not pass."""
    async with app.app_context():
        refresh = create_refresh_token("joe")
        with pytest.raises(WrongTokenError):
            await verify_token(refresh)
        assert (await verify_token(refresh, verify_type=False)).identity == "joe"
        for text in ("", "a.b.c", None, 7):
            with pytest.raises(pyjwt.DecodeError):
                await verify_token(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("loader", "answer", "error"),
    [
        ("token_in_blocklist_loader", True, RevokedTokenError),
        ("token_verification_loader", False, UserClaimsVerificationError),
        ("user_lookup_loader", None, UserLookupError),
    ],
)
async def test_hooks_are_asked(
    app: Quart, jwt: JWTManager, loader: str, answer: Any, error: type[Exception]
) -> None:
    """The blocklist, the verification hook and the user look-up have their say."""
    getattr(jwt, loader)(lambda *_: answer)
    async with app.app_context():
        token = create_access_token("joe")
        with pytest.raises(error):
            await verify_token(token)


async def test_the_store_is_asked(make_app: MakeApp) -> None:
    """A token that was revoked in the session store is refused, and a signal sent."""
    app = make_app(JWT_STORE_URL="memory://")
    codes: list[str] = []

    @nonblocking
    def refused(_app: Quart, *, code: str, **_: Any) -> None:
        codes.append(code)

    async with app.test_app(), app.app_context():
        token = create_access_token("joe")
        await revoke_token(token)
        hearing = signals.token_refused.connected_to(refused, sender=app)
        with hearing, pytest.raises(RevokedTokenError):
            await verify_token(token)
        passed = await verify_token(token, skip_revocation_check=True)
    assert (codes, passed.identity) == (["token_revoked"], "joe")


async def test_a_token_in_a_message_of_a_websocket(app: Quart, jwt: JWTManager) -> None:
    """A handler of an open websocket verifies a token that comes in a message."""
    revoked: set[Any] = set()

    @jwt.token_in_blocklist_loader
    async def is_revoked(_header: Any, claims: Any) -> bool:
        return claims["jti"] in revoked

    @app.websocket("/ws")
    async def ws() -> None:
        try:
            verified = await verify_token(str(await websocket.receive()))
        except RevokedTokenError:
            await websocket.send("revoked")
        else:
            revoked.add(verified.claims["jti"])
            await websocket.send(f"hello {verified.identity}")

    async with app.app_context():
        token = create_access_token("joe")
    heard = []
    for _ in range(2):
        async with app.test_client().websocket("/ws") as connection:
            await connection.send(token)
            heard.append(await connection.receive())
    assert heard == ["hello joe", "revoked"]

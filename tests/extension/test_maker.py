"""Tokens that a manager makes without an app context."""

import pytest
from quart import Quart

from extension.apps import SECRET
from quart_jwt import create_access_token
from quart_jwt import decode_token
from quart_jwt import JWTManager
from quart_jwt import signals
from quart_jwt.exceptions import AsyncHookError


def test_tokens_without_an_app_context(app: Quart, jwt: JWTManager) -> None:
    """A script or a database layer makes tokens with the manager alone."""
    told: list[object] = []

    def heard(sender: Quart, **_: object) -> None:
        told.append(sender)

    with signals.token_issued.connected_to(heard, sender=app):
        access = jwt.create_access_token("joe", additional_claims={"role": "x"})
        refresh = jwt.create_refresh_token("joe")
    assert told == [app, app]
    assert access.count(".") == refresh.count(".") == 2


async def test_what_they_say_is_the_same(app: Quart, jwt: JWTManager) -> None:
    """Settings and hooks of the app count as within its context."""
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = 60
    jwt.additional_claims_loader(lambda identity: {"role": f"role of {identity}"})
    tokens = [
        jwt.create_access_token("joe"),
        await jwt.create_access_token_async("joe"),
        jwt.create_refresh_token("joe"),
        await jwt.create_refresh_token_async("joe"),
    ]
    async with app.app_context():
        claims = [decode_token(token) for token in tokens]
        usual = decode_token(create_access_token("joe"))
    assert [one["type"] for one in claims] == ["access"] * 2 + ["refresh"] * 2
    assert {one["role"] for one in claims} == {"role of joe"}
    assert claims[0]["exp"] == usual["exp"]


async def test_the_current_app_goes_before(clock: object) -> None:
    """A manager of two apps makes tokens for the one that is current."""
    jwt = JWTManager(clock=clock)  # type: ignore[arg-type]
    apps = Quart("one"), Quart("two")
    for app in apps:
        app.config["JWT_SECRET_KEY"] = SECRET + app.name
        jwt.init_app(app)
    with pytest.raises(RuntimeError, match="no app, or several"):
        jwt.create_access_token("joe")
    async with apps[1].app_context():
        token = jwt.create_access_token("joe")
        assert decode_token(token)["sub"] == "joe"


def test_an_async_hook_needs_the_twin(jwt: JWTManager) -> None:
    """The sync methods refuse async hooks, and name what can wait."""

    @jwt.additional_claims_loader
    async def claims(_identity: str) -> dict[str, str]:
        return {}

    with pytest.raises(AsyncHookError, match="await create_access_token_async"):
        jwt.create_access_token("joe")

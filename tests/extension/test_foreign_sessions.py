"""Sessions beside other issuers: users of one name are different users."""

from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest
from quart import jsonify
from quart import Quart

from clock import Clock
from clock import START
from extension.apps import MakeApp
from extension.test_issuers import _token
from extension.test_issuers import ISSUER
from quart_jwt import create_access_token
from quart_jwt import create_token_pair
from quart_jwt import jwt_required
from quart_jwt import list_sessions
from quart_jwt import revoke_all_for
from quart_jwt import revoke_family
from quart_jwt import revoke_token
from quart_jwt import TokenPair
from quart_jwt.extension.sessions.claims import FOREIGN
from stores.jwks_server import sends
from stores.jwks_server import serving
from tokens.test_jwk import jwk

Ask = Callable[..., Awaitable[Any]]
LEEWAY_S = 30


async def _listed() -> list[bool]:
    return [one.is_current for one in await list_sessions()]


ACTS: dict[str, Callable[[], Awaitable[Any]]] = {
    "list": _listed,
    "family": revoke_family,
    "token": revoke_token,
    "all": revoke_all_for,
}


@pytest.fixture(name="shop")
async def _shop(make_app: MakeApp) -> AsyncIterator[Quart]:
    """An app with sessions of its own that also accepts another issuer's tokens."""
    async with serving(sends({"keys": [jwk("RS256", kid="a")]})) as server:
        said = {"jwks_uri": server.url, "audience": "orders", "leeway": LEEWAY_S}
        issuers = {ISSUER: {**said, "allow_http": True}}
        app = make_app(JWT_ISSUERS=issuers, JWT_STORE_URL="memory://")

        @app.post("/<act>")
        @jwt_required()
        async def do(act: str) -> Any:
            return jsonify(await ACTS[act]())

        async with app.test_app():
            yield app


@pytest.fixture(name="ask")
def _ask(shop: Quart) -> Ask:
    """Asks with a token, and gives the status and the JSON."""
    client = shop.test_client()

    async def ask(path: str, token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        response = await client.post(path, headers=headers)
        return response.status_code, await response.get_json()

    return ask


async def _sign_in(shop: Quart, identity: str = "ann") -> TokenPair:
    async with shop.app_context():
        return await create_token_pair(identity)


async def test_a_foreign_user_sees_no_sessions_of_ours(shop: Quart, ask: Ask) -> None:
    """The sessions of our ann are not listed to the other issuer's ann."""
    pair = await _sign_in(shop)
    assert await ask("/list", _token()) == (200, [])
    assert await ask("/list", _token(sid=pair.session_id)) == (200, [])
    assert await ask("/list", pair.access_token) == (200, [True])


@pytest.mark.parametrize("act", ["all", "family", "token"])
async def test_a_foreign_user_ends_no_session_of_ours(
    shop: Quart, ask: Ask, act: str
) -> None:
    """Whatever the other issuer's ann ends is hers, even with the id of our session."""
    pair = await _sign_in(shop)
    hers = _token(sid=pair.session_id, iat=START)
    assert (await ask(f"/{act}", hers))[0] == 200
    assert (await ask("/list", pair.access_token))[0] == 200
    assert (await ask("/list", hers))[0] == 401


async def test_ending_our_user_leaves_the_foreign_one(shop: Quart, ask: Ask) -> None:
    """revoke_all_for names our user, unless it names the issuer as well."""
    hers = _token(iat=START)
    async with shop.app_context():
        ours = create_access_token("ann")
        await revoke_all_for("ann")
    assert (await ask("/list", hers))[0] == 200
    assert (await ask("/list", ours))[0] == 401
    async with shop.app_context():
        await revoke_all_for("ann", issuer=ISSUER)
    assert (await ask("/list", hers))[0] == 401


@pytest.mark.parametrize("is_ours", [True, False])
async def test_one_jti_of_two_issuers_is_two_tokens(
    shop: Quart, ask: Ask, is_ours: bool
) -> None:
    """Revoking a token leaves the one that another issuer gave the same id."""
    async with shop.app_context():
        ours = create_access_token("ann", additional_claims={"jti": "1"})
    tokens = [ours, _token(jti="1")] if is_ours else [_token(jti="1"), ours]
    assert (await ask("/token", tokens[0]))[0] == 200
    assert [(await ask("/list", token))[0] for token in tokens] == [401, 200]


async def test_the_sid_of_a_foreign_token_is_not_ours(ask: Ask) -> None:
    """OpenID Connect gives sid to tokens; such a token is not of an ended session."""
    assert (await ask("/list", _token(sid="of the issuer's own session")))[0] == 200


async def test_a_revoked_foreign_token_stays_revoked_within_its_leeway(
    shop: Quart, ask: Ask, clock: Clock
) -> None:
    """It is remembered as long as its issuer's leeway lets it live."""
    hers = _token(exp=START + 60)
    clock.now = START + 59 + LEEWAY_S
    assert (await ask("/list", hers))[0] == 200
    assert (await ask("/token", hers))[0] == 200
    assert (await ask("/list", hers))[0] == 401


async def test_no_user_of_ours_has_a_foreign_name(shop: Quart) -> None:
    """An identity cannot pass for the name of another issuer's user."""
    with pytest.raises(ValueError, match=r"U\+001F"):
        await _sign_in(shop, f"{FOREIGN}{ISSUER}{FOREIGN}ann")
    name = f"{FOREIGN}{ISSUER}{FOREIGN}ann"
    async with shop.app_context():
        token = create_access_token(name)
        await revoke_all_for("ann", issuer=ISSUER)
    headers = {"Authorization": f"Bearer {token}"}
    response = await shop.test_client().get("/protected", headers=headers)
    assert response.status_code == 200


async def test_foreign_users_do_not_count_towards_a_limit(
    shop: Quart, ask: Ask
) -> None:
    """One session a user: a foreign user of the same name does not end it."""
    shop.config["JWT_MAX_SESSIONS_PER_USER"] = 1
    pair = await _sign_in(shop)
    await ask("/all", _token())
    await _sign_in(shop, "bob")
    assert await ask("/list", pair.access_token) == (200, [True])

"""Signing out while somebody signs in: epochs, dated tokens, and who is asked."""

from types import SimpleNamespace
from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart

from clock import Clock
from clock import START
from extension.apps import SECRET
from extension.session_apps import session_app
from extension.session_apps import Walker
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import revoke_token
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.tokens.revocation import Scope
from quart_jwt.tokens.rotation import MAX_GRACE_S
from stores.faulty import faulty_store

LIFE_S = 900


@pytest.fixture(name="store")
def _store() -> Any:
    return faulty_store()


@pytest.fixture(name="app")
def _app(clock: Clock, store: Any) -> Quart:
    return session_app(clock, store, JWT_REFRESH_GRACE=MAX_GRACE_S)


@pytest.fixture(name="walker")
def _walker(app: Quart) -> Walker:
    return Walker(app)


def _claims(token: str) -> dict[str, Any]:
    return pyjwt.decode(token, options={"verify_signature": False})


async def _feed(store: Any) -> list[Any]:
    changes = await store.inner.changes(None, limit=100, wait_s=0, now=START)
    return [*changes.revocations]


@pytest.mark.parametrize(("epoch", "status"), [(7, 200), (6, 401), (8, 401)])
async def test_a_session_goes_on_under_its_own_epoch(
    walker: Walker, epoch: int, status: int
) -> None:
    """Under any other one it is ended, and its access token with it."""
    pair = await walker.log_in(epoch=7)
    refreshed, _ = await walker.refresh(pair["refresh_token"], epoch=epoch)

    assert refreshed == status
    assert await walker.status(pair["access_token"]) == status


async def test_a_session_without_an_epoch_goes_on_under_none(walker: Walker) -> None:
    """It may be from before there were any: nobody knows what has happened since."""
    pair = await walker.log_in()
    status, _ = await walker.refresh(pair["refresh_token"], epoch=7)

    assert status == 401


async def test_sessions_of_older_epochs_are_ended(walker: Walker) -> None:
    """Those of the new one go on, though they began before the call."""
    old, new = await walker.log_in(epoch=6), await walker.log_in(epoch=7)
    asking = {"json": {"before_epoch": 7}}
    _, answer = await walker.ask("POST", "/logout/all", new["access_token"], **asking)

    assert answer == {"ended": 1}
    assert await walker.status(old["access_token"]) == 401
    assert await walker.status(new["access_token"]) == 200


@pytest.mark.parametrize("how", ["sign-in", "refresh"])
async def test_an_access_token_is_dated_by_what_it_says(
    walker: Walker, clock: Clock, how: str
) -> None:
    """Its ``iat`` and its life count from the moment that was given."""
    pair = await walker.log_in(issued_at=START - 5.5)
    if how == "refresh":
        clock.advance(10)
        _, pair = await walker.refresh(pair["refresh_token"], issued_at=START - 5.5)
    claims = _claims(pair["access_token"])

    assert (claims["iat"], claims["nbf"], claims["exp"]) == (
        START - 6,
        START - 6,
        START + LIFE_S - 6,
    )


@pytest.mark.parametrize("moved", [0, MAX_GRACE_S - 1])
async def test_the_feed_remembers_an_end_as_long_as_every_access_token(
    walker: Walker, store: Any, clock: Clock, moved: int
) -> None:
    """Also the one of the last answer that is given again within the grace."""
    first = await walker.log_in()
    clock.advance(100)
    await walker.refresh(first["refresh_token"])
    clock.advance(moved)
    _, again = await walker.refresh(first["refresh_token"])
    await walker.ask("POST", "/logout", again["access_token"])
    (end,) = await _feed(store)

    assert end.until >= _claims(again["access_token"])["exp"]
    assert end.until <= START + 100 + MAX_GRACE_S + LIFE_S


async def test_the_feed_forgets_what_only_refresh_tokens_need(
    walker: Walker, store: Any, clock: Clock
) -> None:
    """After the last access token the store alone knows; a refresh asks it."""
    pair = await walker.log_in()
    await walker.ask("POST", "/logout", pair["access_token"])
    clock.advance(LIFE_S + MAX_GRACE_S)
    await store.inner.purge(limit=100, now=clock())

    assert await _feed(store) == []
    assert (await walker.refresh(pair["refresh_token"]))[0] == 401


@pytest.mark.parametrize("make", [create_access_token, create_refresh_token])
async def test_a_revoked_token_without_a_session_stays_revoked(
    app: Quart, walker: Walker, store: Any, clock: Clock, make: Any
) -> None:
    """The feed remembers an access token for its life; the store, a refresh token."""
    async with app.test_app():
        async with app.app_context():
            token = make("ada")
            await revoke_token(token)
        is_refresh = make is create_refresh_token
        (entry,) = await _feed(store)
        assert entry.until == (START if is_refresh else START + LIFE_S)
        clock.advance(LIFE_S - 1)
        await store.inner.purge(limit=100, now=clock())
        path = "/refresh" if is_refresh else "/protected"
        method = "POST" if is_refresh else "GET"
        status, _ = await walker.ask(method, path, token)

    assert status == 401


async def test_a_token_that_outlives_the_feed_is_the_stores_to_judge(
    app: Quart, walker: Walker, store: Any, clock: Clock
) -> None:
    """It was revoked by its id; the feed has forgotten that, and the store has not."""
    async with app.test_app():
        async with app.app_context():
            token = create_access_token("ada", expires_delta=False)
            await revoke_token(jti=_claims(token)["jti"])
        clock.advance(LIFE_S + 1)
        await store.inner.purge(limit=100, now=clock())
        assert await _feed(store) == []
        status, _ = await walker.ask("GET", "/protected", token)

    assert status == 401


@pytest.mark.parametrize(
    ("claims", "life_s", "outlives"),
    [
        ({"exp": START + LIFE_S}, LIFE_S, False),
        ({"exp": START + LIFE_S + 1}, LIFE_S, True),
        ({}, LIFE_S, True),
        ({"exp": "never"}, LIFE_S, True),
        ({"exp": START + LIFE_S}, None, False),
        ({}, None, False),
        ({"exp": START + 1, "type": "refresh"}, LIFE_S, True),
        ({"exp": START + 1, "type": "refresh"}, None, True),
    ],
)
def test_a_token_outlives_the_feed(
    claims: dict[str, Any], life_s: float | None, *, outlives: bool
) -> None:
    """If it lives longer than an access token of now, and if it is a refresh token."""
    settings: Any = SimpleNamespace(
        identity_claim_key="sub", access_life_s=life_s, issuer_of=lambda _claims: None
    )
    ref = token_ref({"iat": START, **claims}, settings)

    assert outlives is ref.outlives_feed
    assert ref.is_refresh is ("type" in claims)


async def test_all_tokens_of_a_user_are_followed_as_long_as_access_tokens_live(
    walker: Walker, store: Any
) -> None:
    """Of those without a session; refresh tokens are asked for at the store."""
    pair = await walker.log_in()
    await walker.ask("POST", "/logout/all", pair["access_token"])
    found = {one.scope: one.until for one in await _feed(store)}

    assert found[Scope.SUBJECT] == START + LIFE_S


@pytest.mark.parametrize(("required", "status"), [(True, 401), (False, 200)])
async def test_a_session_can_be_required(
    clock: Clock, store: Any, *, required: bool, status: int
) -> None:
    """A token without one is refused like a revoked one, and one with one is good."""
    app = session_app(clock, store, JWT_REQUIRE_SESSION=required)
    walker = Walker(app)
    async with app.app_context():
        bare = create_access_token("ada")
    for _ in range(2):  # the second time from the cache of verified tokens
        assert await walker.status(bare) == status
    pair = await walker.log_in()
    assert await walker.status(pair["access_token"]) == 200


async def test_a_session_id_is_a_string(clock: Clock, store: Any) -> None:
    """Anything else names no session."""
    walker = Walker(session_app(clock, store, JWT_REQUIRE_SESSION=True))
    claims = _claims((await walker.log_in())["access_token"])
    odd: tuple[Any, ...] = (None, 1, True, ["a"], {})
    for sid in odd:
        forged = pyjwt.encode({**claims, "sid": sid}, SECRET)
        assert await walker.status(forged) == 401

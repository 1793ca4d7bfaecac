"""Sessions through the doors of an app: pairs, rotation, logout, lists."""

import asyncio
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from typing import Any

import jwt as pyjwt
import pytest
from quart import jsonify
from quart import Quart

from clock import Clock
from clock import START
from extension.apps import SECRET
from extension.session_apps import session_app
from extension.session_apps import Walker
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from quart_jwt import create_token_pair
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt import list_sessions
from quart_jwt import MemoryStore
from quart_jwt import revoke_all_for
from quart_jwt import revoke_family
from quart_jwt import revoke_token
from quart_jwt import rotate_refresh_token
from quart_jwt.exceptions import ConfigurationError

DAY_S = 24 * 3600
REVOKED = (401, {"msg": "Token has been revoked"})


def _claims(token: str) -> dict[str, Any]:
    return pyjwt.decode(
        token,
        SECRET,
        ["HS256"],
        options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
    )


@pytest.fixture(name="app")
def _app(clock: Clock) -> Quart:
    return session_app(clock, MemoryStore())


@pytest.fixture(name="walker")
def _walker(app: Quart) -> Walker:
    return Walker(app)


def _walker_with(clock: Clock, **settings: Any) -> Walker:
    return Walker(session_app(clock, MemoryStore(), **settings))


async def test_a_pair_is_of_one_session(walker: Walker) -> None:
    """Both tokens carry the session's id, and say when they end."""
    pair = await walker.log_in()
    access, refresh = _claims(pair["access_token"]), _claims(pair["refresh_token"])

    assert access["sid"] == refresh["sid"] == pair["session_id"]
    assert (access["type"], refresh["type"]) == ("access", "refresh")
    assert (access["sub"], refresh["sub"]) == ("ada", "ada")
    assert access["exp"] == pair["access_expires_at"] == START + 900
    assert refresh["exp"] == pair["refresh_expires_at"] == START + 30 * DAY_S
    assert len(pair["session_id"]) == 22
    assert await walker.status(pair["access_token"]) == 200


async def test_a_refresh_gives_the_next_pair_of_the_session(
    walker: Walker, clock: Clock
) -> None:
    """The new pair is of the same session, and the session has become longer."""
    first = await walker.log_in()
    clock.advance(1_000)
    status, second = await walker.refresh(first["refresh_token"])

    assert status == 200
    assert second["session_id"] == first["session_id"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["refresh_expires_at"] == START + 1_000 + 30 * DAY_S
    assert await walker.status(second["access_token"]) == 200


async def test_the_same_successor_is_spelled_the_same(
    walker: Walker, clock: Clock
) -> None:
    """Within the grace the answer holds the very same refresh token, to the letter."""
    first = await walker.log_in()
    _, one = await walker.refresh(first["refresh_token"])
    clock.advance(9)
    _, other = await walker.refresh(first["refresh_token"])

    assert one["refresh_token"] == other["refresh_token"]
    assert one["access_token"] != other["access_token"]
    assert (await walker.refresh(other["refresh_token"]))[0] == 200


@pytest.mark.parametrize("path", ["/refresh", "/refresh-unchecked"])
@pytest.mark.parametrize(("moved", "status"), [(9, 200), (10, 401), (11, 401)])
async def test_the_grace_is_exact(
    walker: Walker, clock: Clock, moved: int, status: int, path: str
) -> None:
    """At its last second the predecessor is good, and then it ends the session."""
    first = await walker.log_in()
    _, second = await walker.refresh(first["refresh_token"], path)
    clock.advance(moved)
    answer = await walker.refresh(first["refresh_token"], path)
    alive = (await walker.refresh(second["refresh_token"], path))[0]

    assert answer[0] == status
    assert alive == status
    assert await walker.status(second["access_token"]) == status
    if status == 401:
        assert answer == REVOKED


@pytest.mark.parametrize("grace", [60, timedelta(minutes=1)])
async def test_the_grace_can_be_set(clock: Clock, grace: Any) -> None:
    """A longer grace, in seconds or as a timedelta, is as exact."""
    walker = _walker_with(clock, JWT_REFRESH_GRACE=grace)
    first = await walker.log_in()
    await walker.refresh(first["refresh_token"])
    clock.advance(59)
    assert (await walker.refresh(first["refresh_token"]))[0] == 200
    clock.advance(1)
    assert (await walker.refresh(first["refresh_token"]))[0] == 401


@pytest.mark.parametrize(("grace", "good"), [(10, 100), (0, 1)])
async def test_a_hundred_refreshes_at_once(clock: Clock, grace: int, good: int) -> None:
    """With a grace all get the one successor; without one, one does and it is over."""
    walker = _walker_with(clock, JWT_REFRESH_GRACE=grace)
    first = await walker.log_in()
    answers = await asyncio.gather(
        *(
            walker.refresh(first["refresh_token"], "/refresh-unchecked")
            for _ in range(100)
        )
    )
    successors = {body["refresh_token"] for status, body in answers if status == 200}

    assert [status for status, _ in answers].count(200) == good
    assert {status for status, _ in answers} <= {200, 401}
    assert len(successors) == 1
    status, _ = await walker.refresh(successors.pop())
    assert status == (200 if grace else 401)


async def test_nothing_is_widened_by_a_refresh(walker: Walker) -> None:
    """A refreshed token is not fresh, and claims of the sign-in are not inherited."""
    first = await walker.log_in(fresh=True, additional_claims={"role": "editor"})
    _, second = await walker.refresh(first["refresh_token"])

    assert _claims(first["access_token"])["fresh"] is True
    assert _claims(first["refresh_token"])["fresh"] is False
    assert _claims(first["refresh_token"])["role"] == "editor"
    assert await walker.status(first["access_token"], "/fresh") == 200
    assert await walker.status(second["access_token"], "/fresh") == 401
    assert "role" not in _claims(second["access_token"])


async def test_additional_claims_cannot_touch_the_session(walker: Walker) -> None:
    """What makes a token one of its session wins over anybody's claims."""
    claims = {"sid": "x", "sub": "x", "type": "x", "exp": START + 10**9}
    more = {**claims, "jti": "x", "iat": 1, "nbf": 1, "csrf": "x", "fresh": True}
    plain, pair = await walker.log_in(), await walker.log_in(additional_claims=more)
    access, refresh = _claims(pair["access_token"]), _claims(pair["refresh_token"])

    assert [name for name in claims if access[name] == claims.get(name)] == []
    assert [name for name in more if refresh[name] == more.get(name)] == []
    assert refresh.keys() == _claims(plain["refresh_token"]).keys()


async def test_no_token_outlives_the_absolute_end(clock: Clock) -> None:
    """Thirty refreshes of a session of ten seconds do not make it eleven."""
    walker = _walker_with(clock, JWT_SESSION_ABSOLUTE_EXPIRES=10)
    pair = await walker.log_in()
    for second in range(1, 30):
        clock.advance(1)
        status, answer = await walker.refresh(pair["refresh_token"])
        assert (second, status) == (second, 200 if second < 10 else 401)
        pair = answer if status == 200 else pair
        assert pair["refresh_expires_at"] == START + 10
        assert pair["access_expires_at"] == START + 10
        assert await walker.status(pair["access_token"]) == status


async def test_an_access_token_does_not_outlive_its_refresh_token(
    clock: Clock,
) -> None:
    """A life of False is the session's, and not for ever."""
    walker = _walker_with(
        clock, JWT_ACCESS_TOKEN_EXPIRES=False, JWT_REFRESH_TOKEN_EXPIRES=50
    )
    pair = await walker.log_in()

    assert pair["access_expires_at"] == START + 50


async def test_a_session_can_be_without_end(clock: Clock) -> None:
    """With three settings at False nothing expires, and a logout still ends it."""
    walker = _walker_with(
        clock,
        JWT_ACCESS_TOKEN_EXPIRES=False,
        JWT_REFRESH_TOKEN_EXPIRES=False,
        JWT_SESSION_ABSOLUTE_EXPIRES=False,
    )
    pair = await walker.log_in()
    clock.advance(10**8)
    _, pair = await walker.refresh(pair["refresh_token"])
    _, listed = await walker.ask("GET", "/sessions", pair["access_token"])

    assert "exp" not in _claims(pair["access_token"])
    assert [one["expires_at"] for one in listed] == ["None"]
    assert await walker.ask("POST", "/logout", pair["access_token"]) == (
        200,
        {"ended": True},
    )
    assert await walker.status(pair["access_token"]) == 401


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_a_logout_ends_the_session(walker: Walker, which: str) -> None:
    """Either token ends it, all its tokens are refused at once, others go on."""
    other, first = await walker.log_in(), await walker.log_in()
    _, second = await walker.refresh(first["refresh_token"])

    assert (await walker.ask("POST", "/logout", second[which]))[0] == 200
    for pair in (first, second):
        assert await walker.ask("GET", "/protected", pair["access_token"]) == REVOKED
        assert await walker.refresh(pair["refresh_token"]) == REVOKED
    assert await walker.status(other["access_token"]) == 200


async def test_a_logout_wins_over_a_refresh_that_is_under_way(walker: Walker) -> None:
    """However they meet, nothing of the session opens anything afterwards."""
    first = await walker.log_in()
    old = first["refresh_token"]
    *answers, _ = await asyncio.gather(
        *(walker.refresh(old, "/refresh-unchecked") for _ in range(5)),
        walker.ask("POST", "/logout", first["access_token"]),
        *(walker.refresh(old, "/refresh-unchecked") for _ in range(5)),
    )
    pairs = [body for _, body in answers if "refresh_token" in body]

    for pair in (first, *pairs):
        assert await walker.status(pair["access_token"]) == 401
        for path in ("/refresh", "/refresh-unchecked"):
            assert (await walker.refresh(pair["refresh_token"], path))[0] == 401


async def test_all_sessions_end_at_once(walker: Walker) -> None:
    """Everything of the user is refused, of that very second too; others go on."""
    mine = [await walker.log_in() for _ in range(3)]
    other = await walker.log_in("grace")
    async with walker.app.app_context():
        loose = create_access_token("ada")

    answer = await walker.ask("POST", "/logout/all", mine[0]["access_token"])
    after = await walker.log_in()

    assert answer == (200, {"ended": 3})
    for pair in mine:
        assert await walker.status(pair["access_token"]) == 401
        assert (await walker.refresh(pair["refresh_token"]))[0] == 401
    assert await walker.status(loose) == 401
    assert await walker.status(other["access_token"]) == 200
    assert await walker.status(after["access_token"]) == 200


async def test_all_other_sessions_end(walker: Walker) -> None:
    """The session that asks goes on where it wants to."""
    mine = [await walker.log_in() for _ in range(3)]
    answer = await walker.ask(
        "POST", "/logout/all", mine[1]["access_token"], {"keep_current": True}
    )

    assert answer == (200, {"ended": 2})
    assert [await walker.status(pair["access_token"]) for pair in mine] == [
        401,
        200,
        401,
    ]


@pytest.mark.parametrize("as_datetime", [False, True])
async def test_what_was_issued_before_a_moment_ends(
    walker: Walker, clock: Clock, *, as_datetime: bool
) -> None:
    """Sessions that began later go on, and so do later tokens without a session."""
    pairs, loose = [], []
    for _ in range(3):
        pairs.append(await walker.log_in())
        async with walker.app.app_context():
            loose.append(create_access_token("ada"))
        clock.advance(1)
    moment: Any = START + 1
    if as_datetime:
        moment = datetime.fromtimestamp(moment, UTC)
    async with walker.app.app_context():
        assert await revoke_all_for("ada", issued_by=moment) == 2

    for tokens in ([pair["access_token"] for pair in pairs], loose):
        assert [await walker.status(token) for token in tokens] == [401, 401, 200]


async def test_sessions_are_listed_without_tokens(walker: Walker, clock: Clock) -> None:
    """The list shows when and what for, marks the current one, and has no details."""
    first = await walker.log_in()
    clock.advance(60)
    second = await walker.log_in()
    await walker.log_in("grace")
    _, first = await walker.refresh(first["refresh_token"])

    _, listed = await walker.ask("GET", "/sessions", first["access_token"])

    assert listed == [
        {
            "session_id": first["session_id"],
            "created_at": "2023-11-14 22:13:20+00:00",
            "refreshed_at": "2023-11-14 22:14:20+00:00",
            "expires_at": "2023-12-14 22:14:20+00:00",
            "user_agent": "None",
            "address": "None",
            "is_current": "True",
        },
        {
            "session_id": second["session_id"],
            "created_at": "2023-11-14 22:14:20+00:00",
            "refreshed_at": "2023-11-14 22:14:20+00:00",
            "expires_at": "2023-12-14 22:14:20+00:00",
            "user_agent": "None",
            "address": "None",
            "is_current": "False",
        },
    ]


@pytest.mark.parametrize(
    "details",
    ["user_agent", ("user_agent",), ["address"], ("user_agent", "address"), ()],
)
async def test_details_are_recorded_where_they_are_allowed(
    clock: Clock, details: Any
) -> None:
    """The client's header and address are kept only if the app says so, and cut."""
    app = session_app(clock, MemoryStore(), JWT_SESSION_DETAILS=details)
    headers = {"User-Agent": "agent" * 60}
    client: Any = app.test_client()
    response = await client.post("/login", json={}, headers=headers)
    token = (await response.get_json())["access_token"]
    _, (only,) = await Walker(app).ask("GET", "/sessions", token)

    assert only["user_agent"] == (
        ("agent" * 60)[:256] if "user_agent" in details else "None"
    )
    assert only["address"] == ("<local>" if "address" in details else "None")


async def test_a_session_is_ended_by_its_owner_only(walker: Walker) -> None:
    """Another user's session id is as good as none."""
    mine, other = await walker.log_in(), await walker.log_in("grace")
    for session, ended in (
        (other["session_id"], False),
        ("nowhere", False),
        (mine["session_id"], True),
    ):
        _, answer = await walker.ask(
            "DELETE", f"/sessions/{session}", mine["access_token"]
        )
        assert answer == {"ended": ended}

    assert await walker.status(other["access_token"]) == 200
    assert await walker.status(mine["access_token"]) == 401


async def test_one_sign_in_per_user(clock: Clock) -> None:
    """With room for one, a sign-in ends the one before."""
    walker = _walker_with(clock, JWT_MAX_SESSIONS_PER_USER=1)
    laptop = await walker.log_in()
    phone = await walker.log_in()

    assert await walker.ask("GET", "/protected", laptop["access_token"]) == REVOKED
    assert await walker.status(phone["access_token"]) == 200


async def test_a_sign_in_too_many_is_refused(clock: Clock) -> None:
    """By the other policy the first stays, and the second hears why, with 409."""
    walker = _walker_with(
        clock, JWT_MAX_SESSIONS_PER_USER=1, JWT_MAX_SESSIONS_POLICY="refuse"
    )
    laptop = await walker.log_in()
    refused = await walker.app.test_client().post("/login", json={})

    assert refused.status_code == 409
    assert "sessions" in (await refused.get_json())["msg"]
    assert await walker.status(laptop["access_token"]) == 200


async def test_one_token_is_revoked(walker: Walker) -> None:
    """An access token goes alone; its session and its sisters go on."""
    pair = await walker.log_in()
    _, second = await walker.refresh(pair["refresh_token"])

    assert (await walker.ask("POST", "/revoke", pair["access_token"]))[0] == 200
    assert await walker.ask("GET", "/protected", pair["access_token"]) == REVOKED
    assert await walker.status(second["access_token"]) == 200


async def test_a_refresh_token_takes_its_session_along(walker: Walker) -> None:
    """RFC 7009 §2.1: what was issued on the same grant goes as well."""
    pair = await walker.log_in()

    assert (await walker.ask("POST", "/revoke", pair["refresh_token"]))[0] == 200
    assert await walker.status(pair["access_token"]) == 401


@pytest.mark.parametrize("named", ["token", "jti"])
@pytest.mark.parametrize("make", [create_access_token, create_refresh_token])
async def test_a_given_token_is_revoked(walker: Walker, named: str, make: Any) -> None:
    """By its text or by its id, with a session or without."""
    pair = await walker.log_in()
    async with walker.app.app_context():
        loose = make("ada")
    given = loose if named == "token" else _claims(loose)["jti"]
    path = "/refresh" if make is create_refresh_token else "/protected"
    method = "POST" if make is create_refresh_token else "GET"

    assert (await walker.ask("POST", "/revoke", pair["access_token"], {named: given}))[
        0
    ] == 200
    assert await walker.ask(method, path, loose) == REVOKED


async def test_a_token_is_named_once(walker: Walker) -> None:
    """A token and a jti at once is a mistake, and nothing is revoked."""
    async with walker.app.app_context():
        token = create_access_token("ada")
        with pytest.raises(TypeError, match="not both"):
            await revoke_token(token, jti=_claims(token)["jti"])

    assert await walker.status(token) == 200


async def test_a_token_without_an_id_cannot_be_revoked(walker: Walker) -> None:
    """There is nothing that it could be known by again."""
    claims = {"sub": "ada", "type": "access", "exp": START + 60}
    token = pyjwt.encode(claims, SECRET, "HS256")
    async with walker.app.app_context():
        with pytest.raises(ValueError, match="jti"):
            await revoke_token(token)


async def test_only_a_refresh_token_is_rotated(app: Quart, walker: Walker) -> None:
    """A view that forgot ``refresh=True`` is told so, and nothing is rotated."""

    @app.post("/wrong")
    @jwt_required(verify_type=False)
    async def wrong() -> Any:
        with pytest.raises(RuntimeError, match="refresh=True"):
            await rotate_refresh_token()
        return jsonify(told=True)

    pair = await walker.log_in()

    assert await walker.ask("POST", "/wrong", pair["access_token"]) == (
        200,
        {"told": True},
    )


async def test_a_subject_is_a_string(app: Quart, walker: Walker) -> None:
    """A token whose identity is something else has no sessions to speak of."""
    app.config["JWT_VERIFY_SUB"] = False
    async with app.app_context():
        token = create_access_token(7)

    assert (await walker.ask("GET", "/sessions", token))[0] == 500


async def test_a_revocation_is_forgotten_with_its_token(clock: Clock) -> None:
    """A token that has expired takes no room: neither before nor after a purge."""
    store = MemoryStore()
    walker = Walker(session_app(clock, store))
    async with walker.app.app_context():
        token = create_access_token("ada")
        await revoke_token(token)
        clock.advance(900)
        assert await store.purge(limit=10, now=clock()) == 1
        await revoke_token(token)
        assert await store.purge(limit=10, now=clock() + 10**9) == 0


async def test_a_token_without_a_session_logs_out_alone(walker: Walker) -> None:
    """``revoke_family()`` is a logout for tokens of before the store, too."""
    async with walker.app.app_context():
        one, other = create_access_token("ada"), create_access_token("ada")

    assert (await walker.ask("POST", "/logout", one))[0] == 200
    assert await walker.status(one) == 401
    assert await walker.status(other) == 200


async def test_a_refresh_token_without_a_session_cannot_be_rotated(
    walker: Walker,
) -> None:
    """It belongs to no session, so nothing says that it was not used before."""
    async with walker.app.app_context():
        loose = create_refresh_token("ada")

    assert await walker.refresh(loose) == REVOKED


async def test_a_session_of_another_user_is_not_reached_by_its_id(
    walker: Walker,
) -> None:
    """A signed token with a foreign ``sid`` is refused, and harms nobody."""
    pair = await walker.log_in()
    async with walker.app.app_context():
        forged = create_refresh_token(
            "grace", additional_claims={"sid": pair["session_id"]}
        )

    assert (await walker.refresh(forged, "/refresh-unchecked"))[0] == 401
    assert await walker.status(pair["access_token"]) == 200


async def test_two_users_of_one_store_do_not_share_a_session(
    walker: Walker,
) -> None:
    """Each sign-in has an id of its own; a client cannot bring one along."""
    ids = {(await walker.log_in())["session_id"] for _ in range(50)}

    assert len(ids) == 50


@pytest.mark.parametrize(
    "function",
    [
        lambda: create_token_pair("ada"),
        lambda: revoke_token(jti="x"),
        lambda: revoke_family("x"),
        lambda: revoke_all_for("ada"),
        lambda: list_sessions("ada"),
    ],
    ids=["create", "revoke", "end", "end all", "list"],
)
async def test_sessions_need_a_store(clock: Clock, function: Any) -> None:
    """Without one, every function says what is missing."""
    app = session_app(clock, None)
    async with app.app_context():
        with pytest.raises(ConfigurationError, match="JWT_STORE_URL"):
            await function()


async def test_a_blocklist_hook_is_asked_instead(clock: Clock) -> None:
    """A hook of the app's own wins over the store."""
    app = session_app(clock, MemoryStore())
    manager: JWTManager = app.extensions["quart-jwt"]
    asked: list[str] = []

    @manager.token_in_blocklist_loader
    async def is_blocked(_header: Any, claims: Any) -> bool:
        asked.append(claims["jti"])
        return False

    walker = Walker(app)
    pair = await walker.log_in()
    await walker.ask("POST", "/logout", pair["access_token"])

    assert await walker.status(pair["access_token"]) == 200
    assert len(asked) == 2


async def test_identities_go_through_the_hook(clock: Clock) -> None:
    """Objects are named by their identity hook, when they sign in and afterwards."""
    app = session_app(clock, MemoryStore())
    manager: JWTManager = app.extensions["quart-jwt"]
    shown: list[Any] = []

    @manager.user_identity_loader
    def name_of(user: dict[str, str]) -> str:
        return user["name"]

    @manager.additional_claims_loader
    def note(user: Any) -> dict[str, Any]:
        shown.append(user)
        return {}

    walker = Walker(app)
    async with app.app_context():
        pair = await create_token_pair({"name": "ada"})
        _, second = await walker.refresh(pair.refresh_token)
        assert _claims(second["access_token"])["sub"] == "ada"
        assert shown == [{"name": "ada"}] * 2 + ["ada"] * 2
        assert len(await list_sessions({"name": "ada"})) == 1
        assert await revoke_all_for({"name": "ada"}) == 1


@pytest.mark.parametrize("identity", [7, None, ["ada"]])
async def test_a_session_is_somebodys(walker: Walker, identity: Any) -> None:
    """The identity of a session is a string, whatever JWT_VERIFY_SUB says."""
    walker.app.config["JWT_VERIFY_SUB"] = False
    async with walker.app.app_context():
        with pytest.raises(TypeError, match="string"):
            await create_token_pair(identity)


async def test_what_cannot_be_issued_starts_no_session(walker: Walker) -> None:
    """Claims that are no JSON are refused before anything is written."""
    async with walker.app.app_context():
        with pytest.raises(TypeError):
            await create_token_pair("ada", additional_claims={"x": object()})
        assert await list_sessions("ada") == ()

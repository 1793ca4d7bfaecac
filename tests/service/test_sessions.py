import asyncio

import pytest
from sqlalchemy import text

from clock import Clock
from clock import START
from quart_jwt.service.database import Database
from quart_jwt.service.sessions import KEEP_MARGIN_S
from quart_jwt.service.sessions import Session
from quart_jwt.service.sessions import Sessions
from service.kit import Service

LIFE_S = 1000


@pytest.fixture(name="sessions")
def _sessions(database: Database, clock: Clock) -> Sessions:
    return Sessions(database, clock, lifetime_s=LIFE_S)


def _session(sid: str, ends_at: int = START + LIFE_S) -> Session:
    return Session(name="alice", sid=sid, epoch=0, ends_at=ends_at)


async def _kept(database: Database) -> list[str]:
    async with database.connection() as connection:
        found = await connection.scalars(
            text("SELECT sid FROM ended_sessions ORDER BY sid")
        )
        return list(found)


async def test_a_session_has_a_name_of_128_bits(service: Service) -> None:
    """No two sessions share a name, and the name is long enough to not be met."""
    account = await service.add()
    names = {service.resources.sessions.begin(account).sid for _ in range(100)}
    assert len(names) == 100
    assert {22} == {len(name) for name in names}


async def test_a_session_travels_in_claims(service: Service) -> None:
    """What the claims carry is the session again."""
    session = service.resources.sessions.begin(await service.add())
    assert session == Session.from_claims({"sub": "alice", **session.claims})
    assert session.ends_at == START + 30 * 24 * 3600


@pytest.mark.parametrize("missing", ["sub", "sid", "session_epoch", "session_ends_at"])
async def test_a_token_without_a_session_is_dead(
    service: Service, missing: str
) -> None:
    """A token that this service did not make is never alive."""
    session = service.resources.sessions.begin(await service.add())
    claims = {"sub": "alice", **session.claims}
    assert await service.resources.sessions.is_alive(claims)
    del claims[missing]
    assert not await service.resources.sessions.is_alive(claims)


async def test_a_session_dies_with_what_it_stands_on(service: Service) -> None:
    """Logout, another password and disabling each end it; enabling does not help."""
    account = await service.add()
    sessions, accounts = service.resources.sessions, service.resources.accounts
    one, two = sessions.begin(account), sessions.begin(account)
    claims = [{"sub": "alice", **session.claims} for session in (one, two)]
    await sessions.end(one)
    assert [await sessions.is_alive(each) for each in claims] == [False, True]
    await accounts.set_password("alice", "h")
    assert not await sessions.is_alive(claims[1])
    first = account.session_epoch
    claims_now = {**claims[1], "session_epoch": first + 1}
    assert await sessions.is_alive(claims_now)
    await accounts.disable("alice")
    await accounts.enable("alice")
    assert not await sessions.is_alive(claims_now)
    assert await sessions.is_alive({**claims_now, "session_epoch": first + 2})


async def test_a_user_disabled_by_hand_is_out(service: Service) -> None:
    """Whoever sets the column in SQL shuts the user out, too."""
    session = service.resources.sessions.begin(await service.add())
    async with service.resources.database.connection() as connection:
        await connection.execute(text("UPDATE users SET enabled = 0"))
    claims = {"sub": "alice", **session.claims}
    assert not await service.resources.sessions.is_alive(claims)


async def test_an_ended_session_is_kept_as_long_as_its_tokens(
    sessions: Sessions, database: Database, clock: Clock
) -> None:
    """The row stays until the last token is dead for a minute, and then goes."""
    await sessions.end(_session("a"))
    clock.advance(LIFE_S + KEEP_MARGIN_S)
    await sessions.end(_session("b", ends_at=START + 3 * LIFE_S))
    assert await _kept(database) == ["a", "b"]
    clock.advance(1)
    await sessions.end(_session("c", ends_at=START + 3 * LIFE_S))
    assert await _kept(database) == ["b", "c"]


async def test_a_session_long_over_leaves_no_row(
    sessions: Sessions, database: Database, clock: Clock
) -> None:
    """An old token cannot fill the table."""
    clock.advance(LIFE_S + KEEP_MARGIN_S + 1)
    await sessions.end(_session("a"))
    assert await _kept(database) == []


async def test_ending_twice_is_ending_once(
    sessions: Sessions, database: Database
) -> None:
    """Twenty logouts of one session at once leave one row."""
    await asyncio.gather(*(sessions.end(_session("a")) for _ in range(20)))
    assert await _kept(database) == ["a"]


async def test_a_purge_is_bounded_and_catches_up(
    sessions: Sessions, database: Database, clock: Clock
) -> None:
    """One logout removes a hundred rows at most, the next ones the rest."""
    async with database.connection() as connection:
        for number in range(150):
            await connection.execute(
                text("INSERT INTO ended_sessions VALUES (:sid, 1)"), {"sid": number}
            )
    await sessions.end(_session("x"))
    assert len(await _kept(database)) == 51
    await sessions.end(_session("y"))
    assert await _kept(database) == ["x", "y"]


async def test_hanging_up_does_not_stop_a_logout(
    sessions: Sessions, database: Database
) -> None:
    """A client that goes away right after asking is still logged out."""
    request = asyncio.create_task(sessions.end(_session("a")))
    await asyncio.sleep(0)
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    await sessions.close()
    assert await _kept(database) == ["a"]


@pytest.mark.parametrize(("moved", "left"), [(0, 1000), (999, 1), (1000, 1), (2000, 1)])
def test_what_remains_is_never_nothing(
    sessions: Sessions, clock: Clock, moved: int, left: int
) -> None:
    """A session in its last second still gives a token of one second."""
    clock.advance(moved)
    assert left == sessions.remaining_s(_session("a"))

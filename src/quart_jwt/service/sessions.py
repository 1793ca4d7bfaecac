"""
Sessions: one login, from its first token to its last.

A session is not stored while it lives. Its tokens carry a random ``sid``, the
time of its end and the user's epoch; the database holds only the sessions that
were ended early, and only until their last token would have expired. A token
is alive when its session was not ended, and its user exists, is enabled and
still has the same epoch: one query, asked for every token.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy import exists
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from quart_jwt.service.accounts import Account
from quart_jwt.service.accounts import Clock
from quart_jwt.service.database import Database
from quart_jwt.service.database import EndedSessionRow
from quart_jwt.service.database import UserRow

SID_BYTES = 16
"""128 bits of randomness; OWASP ASVS 7.2.3."""

KEEP_MARGIN_S = 60
"""Kept longer than the tokens, for clocks that disagree and slow requests."""

PURGE_AT_MOST = 100
"""Rows that one logout removes; it adds one, so the table cannot grow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    What every token of one login says about that login.

    Attributes:
        name: The user's name.
        sid: The session's random name.
        epoch: The user's epoch when the session began.
        ends_at: When the refresh token expires, in seconds since 1970.
    """

    name: str
    sid: str
    epoch: int
    ends_at: int

    @property
    def claims(self) -> dict[str, Any]:
        """The claims besides ``sub`` that carry the session."""
        return {
            "sid": self.sid,
            "session_epoch": self.epoch,
            "session_ends_at": self.ends_at,
        }

    @classmethod
    def from_claims(cls, payload: Mapping[str, Any]) -> "Session | None":
        """Read a session from a verified payload; None if it carries none."""
        match payload:
            case {
                "sub": str(name),
                "sid": str(sid),
                "session_epoch": int(epoch),
                "session_ends_at": int(ends_at),
            }:
                return cls(name=name, sid=sid, epoch=epoch, ends_at=ends_at)
        return None


class Sessions:
    """
    Begins, ends and judges sessions; lives as long as the application.

    Args:
        database: Where ended sessions are kept.
        clock: Gives the time in seconds since 1970.
        lifetime_s: How long a session lives, in seconds.
    """

    def __init__(self, database: Database, clock: Clock, *, lifetime_s: int) -> None:
        self._database = database
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._endings: set[asyncio.Task[None]] = set()

    def begin(self, account: Account) -> Session:
        """Return a new session of a user."""
        return Session(
            name=account.name,
            sid=secrets.token_urlsafe(SID_BYTES),
            epoch=account.session_epoch,
            ends_at=int(self._clock()) + self._lifetime_s,
        )

    def remaining_s(self, session: Session) -> int:
        """Return the seconds until a session ends by itself; at least 1."""
        return max(1, session.ends_at - int(self._clock()))

    async def end(self, session: Session) -> None:
        """
        End a session; ending it again changes nothing.

        The write is finished even if the client hangs up meanwhile: a browser
        that leaves the page right after "log out" cancels the request.
        """
        ending = asyncio.create_task(self._end(session))
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)
        await asyncio.shield(ending)

    async def is_alive(self, payload: Mapping[str, Any]) -> bool:
        """Say whether a verified token's session still counts."""
        session = Session.from_claims(payload)
        if session is None:
            return False
        ended = exists().where(EndedSessionRow.sid == session.sid)
        question = select(UserRow.id).where(
            UserRow.name == session.name,
            UserRow.enabled,
            UserRow.session_epoch == session.epoch,
            ~ended,
        )
        async with self._database.connection() as connection:
            return await connection.scalar(question) is not None

    async def close(self) -> None:
        """Finish the endings that are under way."""
        await asyncio.gather(*self._endings, return_exceptions=True)

    async def _end(self, session: Session) -> None:
        keep_until = session.ends_at + KEEP_MARGIN_S
        now = int(self._clock())
        overdue = (
            select(EndedSessionRow.sid)
            .where(EndedSessionRow.keep_until < now)
            .limit(PURGE_AT_MOST)
        )
        ended = insert(EndedSessionRow).values(sid=session.sid, keep_until=keep_until)
        async with self._database.connection() as connection:
            if keep_until >= now:
                await connection.execute(ended.on_conflict_do_nothing())
            await connection.execute(
                delete(EndedSessionRow).where(EndedSessionRow.sid.in_(overdue))
            )

"""
The sessions of a user, as a page "where you are signed in" shows them.
"""

from dataclasses import dataclass
from datetime import datetime
from datetime import UTC
from typing import Any

from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import recall
from quart_jwt.extension.sessions.claims import token_ref
from quart_jwt.extension.sessions.context import named_subject
from quart_jwt.extension.sessions.context import session_store
from quart_jwt.tokens.rotation import Family


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    One live session; nothing in it opens anything. Times are in UTC.

    Attributes:
        session_id: Its id, for ``revoke_family``.
        created_at: When the sign-in happened.
        refreshed_at: When it was last refreshed; at first, the sign-in.
        expires_at: When it ends unless it is refreshed; None for never.
        user_agent: The ``User-Agent`` of the sign-in, where ``JWT_SESSION_DETAILS``
            lets it be recorded; None otherwise.
        address: The address that signed in, in the same way.
        is_current: Whether the token of this request is of this session.
    """

    session_id: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime | None
    user_agent: str | None
    address: str | None
    is_current: bool


async def list_sessions(identity: Any = None) -> tuple[Session, ...]:
    """
    The live sessions of a user, the oldest sign-in first.

    Args:
        identity: The user, as in ``create_token_pair``; None for whom the token of
            this request speaks for.

    Raises:
        RuntimeError: Nothing was verified in this request, and it was asked for.
        ConfigurationError: The app has no session store.
        StoreError: The store cannot tell now.
    """
    settings = current_binding()[1]
    sessions = session_store(settings)
    subject = await named_subject(identity)
    live = await sessions.settle(
        "live", sessions.store.live(subject, now=sessions.clock())
    )
    verified = recall()
    current = token_ref(verified.claims, settings).family_id if verified else None
    return tuple(_session(family, current) for family in live)


def _session(family: Family, current: Any) -> Session:
    expires_at = family.current.exp
    return Session(
        session_id=family.family_id,
        created_at=_moment(family.created_at),
        refreshed_at=_moment(family.refreshed_at),
        expires_at=None if expires_at is None else _moment(expires_at),
        user_agent=family.user_agent,
        address=family.address,
        is_current=family.family_id == current,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

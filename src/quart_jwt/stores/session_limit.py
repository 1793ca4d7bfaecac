"""
The limit on a subject's live sessions: their order, and which have to make room. Pure.
"""

from collections.abc import Sequence

from quart_jwt.exceptions import SessionLimitError
from quart_jwt.stores.base import AtLimit
from quart_jwt.stores.base import Limit
from quart_jwt.tokens.rotation import Family


def age(family: Family) -> tuple[float, str]:
    """What families are listed by: the oldest sign-in first, one moment by its ids."""
    return family.created_at, family.family_id


def surplus(live: Sequence[Family], limit: Limit) -> Sequence[Family]:
    """
    The families that have to end before one more can start.

    Args:
        live: The live families of the subject, oldest first.
        limit: How many it may have.

    Raises:
        SessionLimitError: There is no room, and the limit is REFUSE.
    """
    too_many = live[: max(0, len(live) + 1 - limit.sessions)]
    if too_many and limit.at_limit is AtLimit.REFUSE:
        raise SessionLimitError("The user has reached the maximum number of sessions")
    return too_many

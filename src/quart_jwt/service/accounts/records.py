"""
A user as an import brings one.
"""

from dataclasses import dataclass
from dataclasses import field

from quart_jwt.service.ground.grants import Grants
from quart_jwt.service.ground.grants import NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    One user of a file.

    Attributes:
        name: The normalised name.
        password_hash: A hash as it is stored (``stored_hashes``).
        grants: Roles and scopes.
        enabled: Whether the user may sign in.
        created_at: Seconds since 1970; None for now.
    """

    name: str
    password_hash: str = field(repr=False)
    grants: Grants = NONE
    enabled: bool = True
    created_at: int | None = None

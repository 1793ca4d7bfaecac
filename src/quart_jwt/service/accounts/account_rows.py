"""
An account, and the row that it is: what is asked of the table, and its columns.
"""

from dataclasses import dataclass
from dataclasses import field

from sqlalchemy import bindparam
from sqlalchemy import func
from sqlalchemy import RowMapping
from sqlalchemy import select

from quart_jwt.service.accounts.directory import User
from quart_jwt.service.accounts.stored_hashes import method_of
from quart_jwt.service.database.database import UserRow
from quart_jwt.service.ground.grants import Grants


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(User):
    """
    One account, as it was when it was read.

    Attributes:
        password_hash: An encoded Argon2id hash.
        created_at: Seconds since 1970.
    """

    password_hash: str = field(repr=False)
    created_at: int


ALL = select(
    UserRow.name,
    UserRow.password_hash,
    UserRow.enabled,
    UserRow.session_epoch,
    UserRow.created_at,
    UserRow.roles,
    UserRow.scopes,
)
# DISTINCT reads the whole index; this goes from each method to the next one.
_FIRST = select(func.min(UserRow.hash_method).label("method")).cte(
    "methods", recursive=True
)
_NEXT = (
    select(func.min(UserRow.hash_method))
    .where(UserRow.hash_method > _FIRST.c.method)
    .correlate(_FIRST)
    .scalar_subquery()
)
_WALK = _FIRST.union_all(select(_NEXT).where(_FIRST.c.method.is_not(None)))
METHODS = select(_WALK.c.method).where(_WALK.c.method.is_not(None))
# It is asked at each login and refresh: made once, SQLAlchemy knows it again at once.
BY_NAME = ALL.where(UserRow.name == bindparam("name"))


def account_of(row: RowMapping) -> Account:
    """Return the account that a row of ``ALL`` is."""
    return Account(
        name=row["name"],
        password_hash=row["password_hash"],
        enabled=row["enabled"],
        session_epoch=row["session_epoch"],
        created_at=row["created_at"],
        grants=Grants(
            roles=tuple(row["roles"].split()), scopes=tuple(row["scopes"].split())
        ),
    )


def hash_columns(password_hash: str) -> dict[str, str | None]:
    """Return the columns of a password hash, which always change together."""
    method = method_of(password_hash)
    text = None if method is None else method.text
    return {"password_hash": password_hash, "hash_method": text}


def grant_columns(grants: Grants) -> dict[str, str]:
    """Return the columns of roles and scopes, with blanks between."""
    return {"roles": " ".join(grants.roles), "scopes": " ".join(grants.scopes)}

"""
The method of each password hash: its algorithm and parameters.

An old worker knows nothing of the column: what it writes has none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SHIPPED = ("m=19456,t=2,p=1", "m=65536,t=3,p=4", "m=2097152,t=1,p=4")
"""The costs that could be chosen until now."""


def upgrade() -> None:
    """Add the column and its index, and fill it for hashes of the shipped costs."""
    op.add_column("users", sa.Column("hash_method", sa.String(64)))
    op.create_index("users_by_hash_method", "users", ["hash_method"])
    users = sa.table("users", sa.column("password_hash"), sa.column("hash_method"))
    for cost in SHIPPED:
        method = f"$argon2id$v=19${cost}"
        op.execute(
            users.update()
            .where(users.c.password_hash.startswith(f"{method}$", autoescape=True))
            .values(hash_method=method)
        )

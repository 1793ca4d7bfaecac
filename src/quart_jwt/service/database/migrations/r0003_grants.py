"""
The roles and scopes of users.

An old worker knows nothing of the columns: what it adds has neither.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; no user has a role or scope yet."""
    for name in ("roles", "scopes"):
        op.add_column(
            "users",
            sa.Column(name, sa.String(512), nullable=False, server_default=""),
        )

"""
Until when an access token of a family could be accepted, and its subject's epoch.

Where the first is NULL, in rows from before, ``keep_until`` is what limits it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("quart_jwt_families", sa.Column("access_until", sa.Double))
    op.add_column("quart_jwt_families", sa.Column("epoch", sa.BigInteger))

"""How often was tried, per account and per address, and where an account is known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "attempts",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("pool", sa.String(8)),
        sa.Column("expires_at_ms", sa.BigInteger, nullable=False),
        sa.Column("record", sa.String, nullable=False),
    )
    op.create_index("attempts_by_age", "attempts", ["pool", "expires_at_ms"])

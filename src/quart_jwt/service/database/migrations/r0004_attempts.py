"""How often was tried, per account and per address, and where an account is known."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "attempt_counts",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("pool", sa.String(8), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("open_at_ms", sa.BigInteger, nullable=False),
        sa.Column("forgotten_at_ms", sa.BigInteger, nullable=False),
    )
    op.create_index(
        "attempt_counts_by_age", "attempt_counts", ["pool", "forgotten_at_ms"]
    )
    op.create_table(
        "known_places",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("known_until_ms", sa.BigInteger, nullable=False),
    )

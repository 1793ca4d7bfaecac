"""The keys that sign tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table, unless a version without revisions has made it."""
    op.create_table(
        "signing_keys",
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kid", sa.String(64), nullable=False, unique=True),
        sa.Column("algorithm", sa.String(16), nullable=False),
        sa.Column("public", sa.String(4096), nullable=False),
        sa.Column("sealed", sa.String(16384)),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.Column("signs_from", sa.BigInteger, nullable=False),
        sa.Column("token_life_s", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        if_not_exists=True,
    )

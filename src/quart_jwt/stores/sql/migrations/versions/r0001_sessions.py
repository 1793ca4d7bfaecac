"""Sessions, revocations, and their feed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    _make_families()
    _make_revocations()
    _make_feed()


def _make_families() -> None:
    op.create_table(
        "quart_jwt_families",
        sa.Column("family_id", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("subject_digest", sa.LargeBinary(32), nullable=False, index=True),
        sa.Column("current_jti", sa.Text, nullable=False),
        sa.Column("current_iat", sa.BigInteger, nullable=False),
        sa.Column("current_exp", sa.BigInteger),
        sa.Column("current_csrf", sa.Text),
        sa.Column("previous_jti", sa.Text),
        sa.Column("rotated_at", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("refreshed_at", sa.Double, nullable=False),
        sa.Column("absolute_exp", sa.BigInteger),
        sa.Column("keep_until", sa.Double, index=True),
        sa.Column("revoked_at", sa.Double),
        sa.Column("user_agent", sa.Text),
        sa.Column("address", sa.Text),
    )


def _make_revocations() -> None:
    op.create_table(
        "quart_jwt_revocations",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("name_digest", sa.LargeBinary(32), primary_key=True),
        sa.Column("until", sa.Double, index=True),
        sa.Column("issued_by", sa.Double),
    )


def _make_feed() -> None:
    op.create_table(
        "quart_jwt_feed",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("begun_at", sa.Double, nullable=False),
    )
    op.create_table(
        "quart_jwt_feed_entries",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("until", sa.Double, index=True),
        sa.Column("issued_by", sa.Double),
    )

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
# Why: what the peers stand on is not installed where types are checked.
"""Our protected route with a revocation check against a set in memory."""

from benchmarks.apps.ours import make_app
from benchmarks.apps.settings import REVOKED

app, jwt = make_app()


@jwt.token_in_blocklist_loader
async def is_revoked(_header, payload):
    """Say whether a token was revoked."""
    return payload["jti"] in REVOKED

# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
# Why: what the peers stand on is not installed where types are checked.
"""Our protected route with a store of revoked tokens that takes 20 ms."""

import asyncio

from benchmarks.apps.ours import make_app
from benchmarks.apps.settings import REVOKED
from benchmarks.apps.settings import STORE_S

app, jwt = make_app()


@jwt.token_in_blocklist_loader
async def is_revoked(_header, payload):
    """Say whether a token was revoked, as slowly as a store does."""
    await asyncio.sleep(STORE_S)
    return payload["jti"] in REVOKED

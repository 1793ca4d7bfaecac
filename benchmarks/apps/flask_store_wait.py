# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
# Why: what the peers stand on is not installed where types are checked.
"""Flask-JWT-Extended's protected route with a store that takes 20 ms."""

import time

from benchmarks.apps.flask_app import make_app
from benchmarks.apps.settings import REVOKED
from benchmarks.apps.settings import STORE_S

app, jwt = make_app()


@jwt.token_in_blocklist_loader
def is_revoked(_header, payload):
    """Say whether a token was revoked, as slowly as a store does."""
    time.sleep(STORE_S)
    return payload["jti"] in REVOKED

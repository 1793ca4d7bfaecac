# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201, ANN202
# Why: what the peers stand on is not installed where types are checked.
"""Our protected route with a session store, its feed followed or the store asked."""

from benchmarks.apps.ours import make_app
from benchmarks.apps.settings import FOLDER
from benchmarks.apps.settings import SECRET
from quart_jwt import revoke_token


def make_checked(store, *, feed):
    """
    Make the application on a store of this run.

    Without the feed there is room for one revocation in memory, and there are two:
    every token is asked about.
    """
    app, _jwt = make_app()
    app.config["JWT_SECRET_KEY"] = SECRET
    app.config["JWT_STORE_URL"] = (FOLDER / f"{store}.url").read_text("utf-8")
    app.config["JWT_STORE_TIMEOUT"] = 5
    if not feed:
        app.config["JWT_REVOCATION_MAX_ENTRIES"] = 1

    @app.before_serving
    async def revoke_two():
        await revoke_token(jti="one")
        await revoke_token(jti="two")

    return app

# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""Litestar and its JWTAuth, as Litestar's documentation has them."""

from typing import Any

from litestar import get
from litestar import Litestar
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.security.jwt import JWTAuth
from litestar.security.jwt import Token

from benchmarks.apps.settings import SECRET


async def user_of(
    token: Token, _connection: ASGIConnection[Any, Any, Any, Any]
) -> str | None:
    """Give the user, who is a name here."""
    return token.sub


@get("/protected")
async def protected(request: Request[str, Token, Any]) -> dict[str, str]:
    """Return the name of the user who is signed in."""
    return {"logged_in_as": request.user}


auth = JWTAuth[str](retrieve_user_handler=user_of, token_secret=SECRET)
app = Litestar([protected], on_app_init=[auth.on_app_init], openapi_config=None)

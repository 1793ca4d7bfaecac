# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""FastAPI and AuthX, as AuthX's documentation has them."""

from typing import Annotated

from authx import AuthX
from authx import AuthXConfig
from authx import TokenPayload
from fastapi import Depends
from fastapi import FastAPI

from benchmarks.apps.settings import SECRET

app = FastAPI()
auth = AuthX(config=AuthXConfig(JWT_SECRET_KEY=SECRET, JWT_TOKEN_LOCATION=["headers"]))
auth.handle_errors(app)


@app.get("/protected")
async def protected(
    payload: Annotated[TokenPayload, Depends(auth.access_token_required)],
) -> dict[str, str]:
    """Return the name of the user who is signed in."""
    return {"logged_in_as": payload.sub}

# mypy: ignore-errors
# ruff: noqa: ANN201
# Why: what the peers stand on is not installed where types are checked.
"""FastAPI and PyJWT, put together as FastAPI's tutorial does."""

from typing import Annotated

import jwt
from fastapi import Depends
from fastapi import FastAPI
from fastapi import HTTPException
from fastapi.security import OAuth2PasswordBearer

from benchmarks.apps.settings import SECRET

app = FastAPI()
bearer = OAuth2PasswordBearer(tokenUrl="login")


async def identity(token: Annotated[str, Depends(bearer)]):
    """Verify the token and give its subject."""
    try:
        return jwt.decode(token, SECRET, algorithms=["HS256"])["sub"]
    except jwt.InvalidTokenError:
        challenge = {"WWW-Authenticate": "Bearer"}
        raise HTTPException(401, "Invalid token", challenge) from None


@app.get("/protected")
async def protected(who: Annotated[str, Depends(identity)]):
    """Return the name of the user who is signed in."""
    return {"logged_in_as": who}

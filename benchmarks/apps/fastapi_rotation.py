# mypy: ignore-errors
# ruff: noqa: ANN001, ANN201
# Why: what the peers stand on is not installed where types are checked.
"""FastAPI and PyJWT with refresh tokens that rotate, on PostgreSQL."""

import os
import time
import uuid
from contextlib import asynccontextmanager
from typing import Annotated

import jwt
from fastapi import Depends
from fastapi import FastAPI
from fastapi import HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from sqlalchemy import Column
from sqlalchemy import Float
from sqlalchemy import insert
from sqlalchemy import MetaData
from sqlalchemy import String
from sqlalchemy import Table
from sqlalchemy import update
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.apps.settings import SECRET

ACCESS_S, REFRESH_S = 900, 30 * 86_400

engine = create_async_engine(os.environ["BENCH_DATABASE_URL"])
refresh_tokens = Table(
    "refresh_tokens",
    MetaData(),
    Column("jti", String(36), primary_key=True),
    Column("subject", String(255), nullable=False),
    Column("used_at", Float),
)
bearer = OAuth2PasswordBearer(tokenUrl="login")


@asynccontextmanager
async def lifespan(_app):
    """Make the table."""
    async with engine.begin() as connection:
        await connection.run_sync(refresh_tokens.metadata.create_all)
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


class Login(BaseModel):
    """Who signs in; the hash of a password is no part of what is measured."""

    username: str
    password: str


def signed(subject, kind, lifetime_s):
    """Return a token and its id."""
    now, jti = time.time(), str(uuid.uuid4())
    claims = {
        "sub": subject,
        "type": kind,
        "jti": jti,
        "iat": now,
        "exp": now + lifetime_s,
    }
    return jwt.encode(claims, SECRET, algorithm="HS256"), jti


async def pair(connection, subject):
    """Return both tokens; the second is remembered."""
    refresh, jti = signed(subject, "refresh", REFRESH_S)
    await connection.execute(insert(refresh_tokens).values(jti=jti, subject=subject))
    access, _jti = signed(subject, "access", ACCESS_S)
    return {"access_token": access, "refresh_token": refresh}


@app.post("/login")
async def login(asking: Login):
    """Sign in."""
    async with engine.begin() as connection:
        return await pair(connection, asking.username)


@app.post("/refresh")
async def refresh(token: Annotated[str, Depends(bearer)]):
    """Exchange a refresh token, once, for the next two."""
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Invalid token") from None
    async with engine.begin() as connection:
        unused = update(refresh_tokens).where(
            refresh_tokens.c.jti == claims["jti"], refresh_tokens.c.used_at.is_(None)
        )
        used = await connection.execute(unused.values(used_at=time.time()))
        if claims["type"] != "refresh" or used.rowcount != 1:
            raise HTTPException(401, "The token was used before")
        return await pair(connection, claims["sub"])

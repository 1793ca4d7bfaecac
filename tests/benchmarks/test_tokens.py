"""The tokens that every contender gets."""

import asyncio
from pathlib import Path

import jwt as pyjwt
from benchmarks.tokens import IDENTITY
from benchmarks.tokens import mint
from benchmarks.tokens import TokenFile
from quart import Quart

from quart_jwt import decode_token
from quart_jwt import JWTManager

SECRET = "0123456789abcdef" * 4


def test_tokens_are_valid_and_distinct() -> None:
    """PyJWT accepts each, and no identifier comes twice."""
    claims = [
        pyjwt.decode(token, SECRET, algorithms=["HS256"]) for token in mint(SECRET, 20)
    ]

    assert len({each["jti"] for each in claims}) == 20
    assert {IDENTITY} == {each["sub"] for each in claims}


def test_they_are_access_tokens_here_too() -> None:
    """Our own decoder takes them."""

    async def claims() -> dict[str, object]:
        app = Quart("bench")
        app.config["JWT_SECRET_KEY"] = SECRET
        JWTManager(app)
        async with app.app_context():
            return decode_token(next(mint(SECRET, 1)))

    assert asyncio.run(claims())["type"] == "access"


def test_an_offset_finds_a_token(tmp_path: Path) -> None:
    """Offsets are the beginnings of lines, and start over at the end of the file."""
    tokens = TokenFile(tmp_path / "tokens.txt", secret=SECRET, count=5)
    data = tokens.path.read_bytes()
    lines = data.splitlines(keepends=True)

    assert [data[tokens.offset(used) :].splitlines()[0] for used in range(7)] == [
        line.strip() for line in [*lines, *lines[:2]]
    ]
    assert lines[0].decode().strip() == tokens.first

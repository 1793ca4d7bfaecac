"""The big list of naughty strings as identities."""

from collections.abc import Iterator
from typing import Any

import pytest

from advisories.door import Door
from quart_jwt import create_access_token
from quart_jwt import create_refresh_token
from vector_files import cases
from vector_files import read


def _strings() -> Iterator[Any]:
    for number, text in enumerate(read("blns/blns.json")):
        yield pytest.param(text, id=f"{number}")


@pytest.fixture(name="door", scope="module")
def _door() -> Door:
    return Door()


@pytest.mark.parametrize("text", cases(_strings))
async def test_an_identity_comes_back_or_is_refused(text: str, door: Door) -> None:
    """Each string is the subject of a token, to the letter; NUL is an error at once."""
    async with door.app.app_context():
        if "\0" in text:
            with pytest.raises(ValueError, match="NUL in a string"):
                create_access_token(text)
            return
        token = create_access_token(text, additional_claims={"also": text})
    claims = await door.accepts(token)

    assert (text, text) == (claims["sub"], claims["also"])


@pytest.mark.parametrize(
    "identity",
    ["x" * 5_000, "\ud800", "a\0b", "x" * 10_000, 7, None, {"a": 1}, b"ann"],
    ids=["5k", "surrogate", "nul", "10k", "int", "none", "dict", "bytes"],
)
async def test_an_awkward_identity_is_refused_clearly(
    identity: Any, door: Door
) -> None:
    """What cannot be carried is a TypeError or a ValueError when it is issued."""
    async with door.app.app_context():
        for create in (create_access_token, create_refresh_token):
            if identity == "x" * 5_000:
                assert create(identity)
                continue
            with pytest.raises((TypeError, ValueError)):
                create(identity)

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quart_jwt.tokens.token import Token

HEADER: dict[str, Any] = {"alg": "HS256", "x": {"y": [1]}}
CLAIMS: dict[str, Any] = {
    "sub": "ann",
    "roles": [{"name": "a", "in": ["b"]}],
    "n": None,
}
DEFAULTS = {"type": "access", "fresh": False, "jti": None}


@pytest.fixture(name="token")
def _token() -> Token:
    return Token(copy.deepcopy(HEADER), copy.deepcopy(CLAIMS))


def test_a_copy_says_the_same(token: Token) -> None:
    """Header and claims are given as they were signed, but for the defaults."""
    assert token.header_copy() == HEADER
    assert token.claims_copy() == CLAIMS | DEFAULTS


def test_what_is_there_is_no_default() -> None:
    """A claim that was signed keeps its value, even if it says nothing."""
    claims = {"type": None, "fresh": 1.5, "jti": ""}

    assert claims == Token({}, claims).claims_copy()


def test_a_copy_can_be_changed(token: Token) -> None:
    """Changes at any depth reach neither the token nor the next copy."""
    header, claims = token.header_copy(), token.claims_copy()
    header["x"]["y"].append(2)
    header["alg"] = "none"
    claims["roles"][0]["in"].append("admin")
    claims["roles"].append({})
    claims["sub"] = "eve"
    claims.clear()

    assert (token.header, token.claims) == (HEADER, CLAIMS)
    assert token.header_copy() == HEADER
    assert token.claims_copy() == CLAIMS | DEFAULTS


def test_a_token_cannot_be_changed(token: Token) -> None:
    """A verified token is frozen."""
    with pytest.raises(AttributeError):
        token.claims = {}  # type: ignore[misc]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_any_json_is_copied_deeply(value: Any) -> None:
    """No container of a copy is a container of the original."""
    header = {"v": value}
    copied = Token(header, {}).header_copy()

    assert header == copied
    assert not _containers(header) & _containers(copied)


def _containers(value: Any) -> set[int]:
    if not isinstance(value, dict | list):
        return set()
    children = value.values() if isinstance(value, dict) else value
    return {id(value)}.union(*map(_containers, children))

"""Scopes: what a token allows, and what a route asks for."""

from typing import Any

import pytest

from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.tokens.scopes import granted_scopes
from quart_jwt.tokens.scopes import judge_scopes
from quart_jwt.tokens.scopes import required_scopes
from quart_jwt.tokens.token import Token


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, set()),
        ({"scope": "read write"}, {"read", "write"}),
        ({"scp": "read write"}, {"read", "write"}),
        ({"scp": ["read", "write"]}, {"read", "write"}),
        ({"scope": ["read"]}, {"read"}),
        ({"scope": "read", "scp": ["write"]}, {"read", "write"}),
        ({"scp": ["read write"]}, {"read write"}),
        ({"scope": {"read": True}, "scp": 5}, set()),
        ({"scope": [1, None, "read"]}, {"read"}),
        ({"scope": "read\twrite"}, {"read\twrite"}),
    ],
)
def test_a_token_has_what_both_claims_say(
    claims: dict[str, Any], expected: set[str]
) -> None:
    """``scope`` and ``scp`` count; what is malformed grants nothing."""
    assert expected == granted_scopes(claims) - {""}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, ()),
        ("read", ("read",)),
        ("read write", ("read", "write")),
        (["read", "write"], ("read", "write")),
        (("urn:example:a/b?c=d#e",), ("urn:example:a/b?c=d#e",)),
    ],
)
def test_a_route_names_scopes(given: Any, expected: tuple[str, ...]) -> None:
    """One string or several, all of them required."""
    assert expected == required_scopes(given)


@pytest.mark.parametrize(
    "given", ["", [], [""], ["a b"], 'a"b', "a\\b", ["é"], ["a\r\nX: y"], ["\x7f"]]
)
def test_what_is_no_scope_cannot_be_asked_for(given: Any) -> None:
    """RFC 6749's grammar keeps a challenge one header."""
    with pytest.raises(ValueError, match="A scope must be visible ASCII"):
        required_scopes(given)


@pytest.mark.parametrize(
    ("scope", "passes"),
    [
        ("read write", True),
        ("write read x", True),
        ("read", False),
        ("readwrite", False),
    ],
)
def test_all_scopes_are_needed(scope: str, *, passes: bool) -> None:
    """One of two is not enough, and a part of a name is no name."""
    token = Token({"alg": "HS256"}, {"scope": scope})
    if passes:
        judge_scopes(token, ("read", "write"))
        return
    with pytest.raises(InsufficientScopeError) as caught:
        judge_scopes(token, ("read", "write"))
    assert caught.value.challenge == (
        'Bearer error="insufficient_scope", scope="read write"'
    )
    assert caught.value.jwt_data["scope"] == scope

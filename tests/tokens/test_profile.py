"""RFC 9068's profile for access tokens."""

from typing import Any

import pytest
from jwt.exceptions import InvalidTokenError
from jwt.exceptions import MissingRequiredClaimError

from quart_jwt.tokens.profile import check_profile
from quart_jwt.tokens.profile import judge_profile
from quart_jwt.tokens.profile import REQUIRED_CLAIMS
from quart_jwt.tokens.token import Token

CLAIMS = {
    "iss": "https://id.example",
    "exp": 2,
    "aud": "orders",
    "sub": "ann",
    "client_id": "web",
    "iat": 1,
    "jti": "1",
}


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_an_access_token_says_that_it_is_one(typ: str) -> None:
    """The media type is compared without its case and its prefix."""
    judge_profile(Token({"alg": "RS256", "typ": typ}, CLAIMS))


@pytest.mark.parametrize("typ", ["JWT", "", "at+jwt ", "logout+jwt", None, ["at+jwt"]])
def test_another_kind_of_token_is_refused(typ: Any) -> None:
    """An identity token, or any other JWT, is no access token."""
    with pytest.raises(InvalidTokenError, match=r"must be at\+jwt"):
        judge_profile(Token({"alg": "RS256", "typ": typ}, CLAIMS))


@pytest.mark.parametrize("claim", REQUIRED_CLAIMS)
def test_seven_claims_are_there(claim: str) -> None:
    """Without any one of them it is neither accepted nor issued."""
    claims = {name: value for name, value in CLAIMS.items() if name != claim}
    with pytest.raises(MissingRequiredClaimError, match=claim):
        judge_profile(Token({"typ": "at+jwt"}, claims))
    with pytest.raises(ValueError, match=f"needs {claim}: set"):
        check_profile(claims)


def test_what_is_complete_is_issued() -> None:
    """All seven are enough."""
    check_profile(CLAIMS)


def test_a_refresh_token_is_no_access_token() -> None:
    """It keeps its own layout, and may not carry an access token's type."""
    refresh = {"type": "refresh", "sub": "ann"}
    judge_profile(Token({"typ": "JWT"}, refresh))
    with pytest.raises(InvalidTokenError):
        judge_profile(Token({"typ": "at+jwt"}, {**CLAIMS, **refresh}))

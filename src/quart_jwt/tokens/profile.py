"""
The profile for access tokens of RFC 9068.

It fixes what a token says of itself: ``typ`` is ``at+jwt``, so that no other kind
of JWT passes for an access token, and seven claims are there.
"""

from typing import Any
from typing import Literal

from jwt.exceptions import InvalidTokenError
from jwt.exceptions import MissingRequiredClaimError

from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import Token

Profile = Literal["rfc9068"]

ACCESS_TYPE = "at+jwt"
"""RFC 9068 §2.1; written without ``application/`` (RFC 7515 §4.1.9)."""

REQUIRED_CLAIMS = ("iss", "exp", "aud", "sub", "client_id", "iat", "jti")
"""RFC 9068 §2.2."""


def judge_profile(token: Token) -> None:
    """
    Require of an access token what RFC 9068 §4 says; others are none of its business.

    Raises:
        InvalidTokenError: Its ``typ`` is another, or a refresh token has its.
        MissingRequiredClaimError: One of the seven claims is missing.
    """
    has_type = _media_type(token.header.get("typ")) == ACCESS_TYPE
    is_refresh = token.claims.get("type") == "refresh"
    if has_type is is_refresh:
        raise InvalidTokenError(f"The typ of an access token must be {ACCESS_TYPE}")
    for name in () if is_refresh else REQUIRED_CLAIMS:
        if name not in token.claims:
            raise MissingRequiredClaimError(name)


def check_profile(claims: Claims) -> None:
    """
    Refuse to issue an access token that lacks what the profile asks for.

    Raises:
        ValueError: A claim is missing.
    """
    missing = [name for name in REQUIRED_CLAIMS if claims.get(name) is None]
    if missing:
        raise ValueError(
            f"An access token of the profile rfc9068 needs {', '.join(missing)}: set "
            "JWT_ENCODE_ISSUER and JWT_ENCODE_AUDIENCE, and give client_id in "
            "additional_claims or from @jwt.additional_claims_loader"
        )


def _media_type(typ: Any) -> str:
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else ""

"""
The judgement of a token's claims.

RFC 7519 §4.1 rules. Times are epoch seconds; ``now`` is always passed in. The
order is Flask-JWT-Extended's, the messages are PyJWT's and its own.
"""

from collections.abc import Container
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from math import inf
from typing import Any

from jwt.exceptions import DecodeError
from jwt.exceptions import ExpiredSignatureError
from jwt.exceptions import ImmatureSignatureError
from jwt.exceptions import InvalidAudienceError
from jwt.exceptions import InvalidIssuedAtError
from jwt.exceptions import InvalidIssuerError
from jwt.exceptions import InvalidJTIError
from jwt.exceptions import InvalidSubjectError
from jwt.exceptions import MissingRequiredClaimError

from quart_jwt.exceptions import FreshTokenRequired
from quart_jwt.exceptions import JWTDecodeError
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import WrongTokenError
from quart_jwt.tokens.csrf import verify_csrf
from quart_jwt.tokens.profile import judge_profile
from quart_jwt.tokens.profile import Profile
from quart_jwt.tokens.token import Claims
from quart_jwt.tokens.token import Token

MAX_NUMERIC_DATE = 2**53 - 1
"""The largest integer that every JSON reader agrees on (RFC 8259 §6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """
    What the settings ask of every token.

    Attributes:
        leeway_s: Tolerated clock difference, in seconds.
        clock_skew_s: Seconds by which the issuer's clock may be ahead: ``iat`` and
            ``nbf`` may lie that far in the future. It does not prolong a token.
        issuer: The accepted ``iss``, or several; None for any.
        audience: The accepted ``aud``, or several; None for any.
        verify_sub: Whether ``sub`` has to be a string.
        identity_claim: The claim that has to be there.
        profile: The profile that access tokens have to keep, if any.
        session_claim: The claim that has to name a session; None to require none.
        early_s: Seconds before ``iat`` and ``nbf`` at which a token is accepted.
        is_fixed: Whether nothing else can change it, as a live view of a dict could be.
    """

    leeway_s: float
    clock_skew_s: float = 0
    issuer: str | Container[str] | None
    audience: str | Iterable[str] | None
    verify_sub: bool
    identity_claim: str
    profile: Profile | None = None
    session_claim: str | None = None

    early_s: float = field(init=False)
    is_fixed: bool = field(init=False)

    def __post_init__(self) -> None:
        """Work out what every token needs."""
        early_s = max(self.leeway_s, self.clock_skew_s)
        is_fixed = isinstance(self.issuer, _FIXED) and isinstance(self.audience, _FIXED)
        object.__setattr__(self, "early_s", early_s)
        object.__setattr__(self, "is_fixed", is_fixed)


_FIXED = (str, tuple, list, set, frozenset, dict, type(None))
"""What the settings copy; anything else may change under our feet."""


def judge(
    token: Token,
    expectation: Expectation,
    now: float,
    *,
    csrf: str | None = None,
    allow_expired: bool = False,
) -> None:
    """
    Judge the registered claims, in Flask-JWT-Extended's order.

    Expiry comes last: a token that is expired *and* wrong is wrong, and its
    claims are fit to be shown to the expired-token hook.

    Args:
        token: The token.
        expectation: What the settings ask.
        now: The time, in epoch seconds.
        csrf: The double-submit value that came with it, if one is due.
        allow_expired: Whether an expired token will do.

    Raises:
        InvalidTokenError: PyJWT's subclass for the claim at fault.
        JWTDecodeError: The identity or the ``csrf`` claim is missing.
        CSRFError: The double-submit value differs.
        ExpiredSignatureError: With ``jwt_header`` and ``jwt_data``.
        RevokedTokenError: It names no session, and has to.
    """
    claims = token.claims
    early_s = expectation.early_s
    _judge_iat(claims, now, early_s)
    _judge_nbf(claims, now, early_s)
    expires = None if allow_expired else _exp(claims)
    if expectation.issuer is not None:
        _judge_iss(claims, expectation.issuer)
    if expectation.audience is not None:
        _judge_aud(claims, expectation.audience)
    _judge_names(claims, verify_sub=expectation.verify_sub)
    if expectation.profile is not None:
        judge_profile(token)
    if expectation.identity_claim not in claims:
        raise JWTDecodeError(f"Missing claim: {expectation.identity_claim}")
    if csrf:
        verify_csrf(claims, csrf)
    if expires is not None and now >= expires + expectation.leeway_s:
        raise _expired(token)
    if expectation.session_claim is not None:
        _judge_session(token, expectation.session_claim)


def window(token: Token, expectation: Expectation) -> tuple[float, float]:
    """
    When a token that has passed passes again, if nothing but the time changes.

    Args:
        token: A token that ``judge`` has let pass.
        expectation: What it was judged by.

    Returns:
        The first second at which it passes, and the first at which it does not.
    """
    get = token.claims.get
    since, until = max(int(get("iat", 0)), int(get("nbf", 0))), get("exp", inf)
    until = until if until is inf else int(until)
    return since - expectation.early_s, until + expectation.leeway_s


def judge_type(claims: Claims, accepted: tuple[str, ...]) -> None:
    """
    Require one of the accepted types; a token without a type is an access token.

    Other libraries call the claim ``token_type``, so that counts where ``type`` is
    missing. There, RFC 6749's "Bearer" is an access token.

    Args:
        claims: The claims.
        accepted: The types, such as ``("access",)``; compared exactly.

    Raises:
        WrongTokenError: It is of another type.
    """
    kind = claims["type"] if "type" in claims else _foreign_type(claims)
    if kind in accepted:
        return
    if accepted == ("refresh",):
        raise WrongTokenError("Only refresh tokens are allowed")
    if kind == "refresh" and accepted == ("access",):
        raise WrongTokenError("Only non-refresh tokens are allowed")
    raise WrongTokenError(f"Only {' and '.join(accepted)} tokens are allowed")


def _foreign_type(claims: Claims) -> Any:
    kind = claims.get("token_type", "access")
    return "access" if kind in ("Bearer", "bearer") else kind


def judge_origin(
    claims: Claims,
    *,
    issuer: str | Container[str] | None,
    audience: str | Iterable[str] | None,
) -> None:
    """
    Require the issuer and the audience that one route asks for; None for any.

    Raises:
        InvalidTokenError: PyJWT's subclass for the claim at fault.
    """
    _judge_iss(claims, issuer)
    _judge_aud(claims, audience)


def judge_fresh(token: Token, now: float) -> None:
    """
    Require a fresh token: ``fresh`` is true, or a time that has not passed.

    Raises:
        FreshTokenRequired: It is anything else.
    """
    fresh: Any = token.claims.get("fresh")
    if fresh is True:
        return
    if type(fresh) in (int, float) and fresh >= now:
        return
    raise FreshTokenRequired(
        "Fresh token required", token.header_copy(), token.claims_copy()
    )


def _expired(token: Token) -> ExpiredSignatureError:
    error = ExpiredSignatureError("Signature has expired")
    # Flask-JWT-Extended hangs them on PyJWT's error, and handlers read them.
    error.jwt_header = token.header_copy()  # type: ignore[attr-defined]
    error.jwt_data = token.claims_copy()  # type: ignore[attr-defined]
    return error


def numeric_date(value: Any) -> int | None:
    """RFC 7519 §2: a JSON number; a string or a boolean is none."""
    if type(value) in (int, float) and 0 <= value <= MAX_NUMERIC_DATE:
        return int(value)
    return None


def _judge_session(token: Token, claim: str) -> None:
    """A token without a session could not be revoked."""
    if not isinstance(token.claims.get(claim), str):
        raise RevokedTokenError(token.header_copy(), token.claims_copy())


# ``window`` repeats the comparisons below: the same sums, so that both round alike.
def _judge_iat(claims: Claims, now: float, early_s: float) -> None:
    if "iat" not in claims:
        return
    issued = numeric_date(claims["iat"])
    if issued is None:
        raise InvalidIssuedAtError("Issued At claim (iat) must be an integer.")
    if now < issued - early_s:
        raise ImmatureSignatureError("The token is not yet valid (iat)")


def _judge_nbf(claims: Claims, now: float, early_s: float) -> None:
    if "nbf" not in claims:
        return
    valid_from = numeric_date(claims["nbf"])
    if valid_from is None:
        raise DecodeError("Not Before claim (nbf) must be an integer.")
    if now < valid_from - early_s:
        raise ImmatureSignatureError("The token is not yet valid (nbf)")


def _exp(claims: Claims) -> int | None:
    if "exp" not in claims:
        return None
    expires = numeric_date(claims["exp"])
    if expires is None:
        raise DecodeError("Expiration Time claim (exp) must be an integer.")
    return expires


def _judge_iss(claims: Claims, accepted: str | Container[str] | None) -> None:
    if accepted is None:
        return
    if "iss" not in claims:
        raise MissingRequiredClaimError("iss")
    issuer = claims["iss"]
    if not isinstance(issuer, str):
        raise InvalidIssuerError("Payload Issuer (iss) must be a string")
    # A string is compared whole: `in` would accept a part of it.
    exact = (accepted,) if isinstance(accepted, str) else accepted
    if issuer not in exact:
        raise InvalidIssuerError("Invalid issuer")


def _judge_aud(claims: Claims, accepted: str | Iterable[str] | None) -> None:
    if accepted is None:
        return
    if not claims.get("aud"):
        raise MissingRequiredClaimError("aud")
    audience = claims["aud"]
    audience = [audience] if isinstance(audience, str) else audience
    if not isinstance(audience, list) or not _all_strings(audience):
        raise InvalidAudienceError("Invalid claim format in token")
    expected = (accepted,) if isinstance(accepted, str) else accepted
    if not any(name in audience for name in expected):
        raise InvalidAudienceError("Audience doesn't match")


def _all_strings(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _judge_names(claims: Claims, *, verify_sub: bool) -> None:
    if verify_sub and not isinstance(claims.get("sub", ""), str):
        raise InvalidSubjectError("Subject must be a string")
    if not isinstance(claims.get("jti", ""), str):
        raise InvalidJTIError("JWT ID must be a string")

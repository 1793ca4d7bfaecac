import copy
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.exceptions import DecodeError
from jwt.exceptions import ExpiredSignatureError
from jwt.exceptions import ImmatureSignatureError
from jwt.exceptions import InvalidAudienceError
from jwt.exceptions import InvalidIssuedAtError
from jwt.exceptions import InvalidIssuerError
from jwt.exceptions import InvalidJTIError
from jwt.exceptions import InvalidSubjectError
from jwt.exceptions import MissingRequiredClaimError

from clock import START
from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import FreshTokenRequired
from quart_jwt.exceptions import JWTDecodeError
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import WrongTokenError
from quart_jwt.tokens.judgement import Expectation
from quart_jwt.tokens.judgement import judge
from quart_jwt.tokens.judgement import judge_fresh
from quart_jwt.tokens.judgement import judge_type
from quart_jwt.tokens.judgement import MAX_NUMERIC_DATE
from quart_jwt.tokens.judgement import window
from quart_jwt.tokens.token import Token

NOT_AN_INTEGER: dict[str, tuple[type[Exception], str]] = {
    "exp": (DecodeError, "Expiration Time claim (exp) must be an integer."),
    "nbf": (DecodeError, "Not Before claim (nbf) must be an integer."),
    "iat": (InvalidIssuedAtError, "Issued At claim (iat) must be an integer."),
}
TOO_EARLY = ImmatureSignatureError
MISSING = object()


def expectation(**changes: Any) -> Expectation:
    """The default settings' expectation, with changes."""
    ordinary: dict[str, Any] = {
        "leeway_s": 0,
        "issuer": None,
        "audience": None,
        "verify_sub": True,
        "identity_claim": "sub",
    }
    return Expectation(**ordinary | changes)


def verdict(
    claims: dict[str, Any],
    now: float = START,
    *,
    csrf: str | None = None,
    **changes: Any,
) -> Any:
    """None for accepted claims, else the class and the words of the error."""
    allow_expired = changes.pop("allow_expired", False)
    token = Token({"alg": "HS256"}, {"sub": "ann", **claims})
    before = copy.deepcopy(token)
    try:
        judge(
            token, expectation(**changes), now, csrf=csrf, allow_expired=allow_expired
        )
    except (jwt.InvalidTokenError, JWTExtendedException) as error:
        return type(error), str(error)
    finally:
        assert before == token  # nothing that is judged is changed
    return None


EXPIRED = (ExpiredSignatureError, "Signature has expired")


@pytest.mark.parametrize("leeway", [0, 10])
@pytest.mark.parametrize(
    ("offset", "expired"), [(-1, True), (0, True), (0.5, False), (1, False)]
)
def test_exp_is_the_first_second_of_no_return(
    leeway: int, offset: float, expired: bool
) -> None:
    """RFC 7519 §4.1.4: valid if and only if now < exp + leeway."""
    now = START + leeway - offset
    expected = EXPIRED if expired else None

    assert expected == verdict({"exp": START}, now, leeway_s=leeway)


@pytest.mark.parametrize("leeway", [0, 10])
@pytest.mark.parametrize(
    ("offset", "early"), [(-1, True), (-0.5, True), (0, False), (1, False)]
)
@pytest.mark.parametrize("name", ["nbf", "iat"])
def test_nbf_and_iat_are_the_first_seconds_of_validity(
    name: str, leeway: int, offset: float, early: bool
) -> None:
    """RFC 7519 §4.1.5: valid if and only if now + leeway >= nbf; iat the same."""
    now = START - leeway + offset
    expected = (TOO_EARLY, f"The token is not yet valid ({name})") if early else None

    assert expected == verdict({name: START}, now, leeway_s=leeway)


DATES: dict[str, tuple[str, str]] = {
    # literal, verdict as exp / nbf / iat in one word each:
    # "past" and "future" are numbers, "bad" is none.
    "int-past": ("1500000000", "past"),
    "int-future": ("1900000000", "future"),
    "float-past": ("1500000000.5", "past"),
    "float-future": ("1900000000.5", "future"),
    "exponent-past": ("1.5e9", "past"),
    "exponent-future": ("1.9e9", "future"),
    "zero": ("0", "past"),
    "minus-zero": ("-0", "past"),
    "minus-zero-float": ("-0.0", "past"),
    "tiny": ("1e-300", "past"),
    "largest": (str(MAX_NUMERIC_DATE), "future"),
    "beyond-largest": (str(MAX_NUMERIC_DATE + 1), "bad"),
    "beyond-largest-float": ("9007199254740992.0", "bad"),
    "minus-one": ("-1", "bad"),
    "minus-half": ("-0.5", "bad"),
    "minus-large": ("-1900000000", "bad"),
    "1e18": ("1e18", "bad"),
    "1e308": ("1e308", "bad"),
    "300-digits": ("9" * 300, "bad"),
    "4000-digits": ("9" * 4000, "bad"),
    "string": ('"1900000000"', "bad"),
    "string-spaces": ('" 1900000000 "', "bad"),
    "string-underscores": ('"1_900_000_000"', "bad"),
    "string-arabic": ('"\\u0661\\u0669\\u0660\\u0660\\u0660"', "bad"),
    "string-empty": ('""', "bad"),
    "string-iso": ('"2030-01-01T00:00:00Z"', "bad"),
    "true": ("true", "bad"),
    "false": ("false", "bad"),
    "null": ("null", "bad"),
    "list": ("[]", "bad"),
    "list-of-one": ("[1900000000]", "bad"),
    "object": ("{}", "bad"),
}


@pytest.mark.parametrize("literal", DATES)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_date_is_a_json_number(name: str, literal: str) -> None:
    """RFC 7519 §2: a NumericDate is a number, not negative, below 2**53."""
    text, kind = DATES[literal]
    expected: Any = None
    if kind == "bad":
        expected = NOT_AN_INTEGER[name]
    elif name == "exp" and kind == "past":
        expected = EXPIRED
    elif name != "exp" and kind == "future":
        expected = (TOO_EARLY, f"The token is not yet valid ({name})")

    assert expected == verdict({name: json.loads(text)})


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
def test_a_date_is_finite(name: str, number: float) -> None:
    """Even if one came past the parser, NaN is no date."""
    assert NOT_AN_INTEGER[name] == verdict({name: number})


def test_a_fraction_of_a_second_is_cut_off() -> None:
    """PyJWT judges whole seconds, and tokens have to mean the same to both."""
    assert verdict({"exp": START + 0.9}, START) == EXPIRED
    assert verdict({"nbf": START + 0.9}, START) is None


def test_times_are_optional() -> None:
    """A token without any of the three times never expires."""
    assert verdict({}) is None


def test_expiry_can_be_waived() -> None:
    """``allow_expired`` does not look at ``exp`` at all."""
    assert verdict({"exp": START - 1}, allow_expired=True) is None
    assert verdict({"exp": "soon"}, allow_expired=True) is None
    assert TOO_EARLY is verdict({"nbf": START + 1}, allow_expired=True)[0]


NO_ISS = (MissingRequiredClaimError, 'Token is missing the "iss" claim')
BAD_ISS = (InvalidIssuerError, "Invalid issuer")
ODD_ISS = (InvalidIssuerError, "Payload Issuer (iss) must be a string")
ISSUER = "https://a.example"


@pytest.mark.parametrize(
    ("accepted", "value", "expected"),
    [
        (None, MISSING, None),
        (None, ISSUER, None),
        (None, 7, None),
        (ISSUER, ISSUER, None),
        (ISSUER, MISSING, NO_ISS),
        (ISSUER, None, ODD_ISS),
        (ISSUER, 7, ODD_ISS),
        (ISSUER, [ISSUER], ODD_ISS),
        (ISSUER, {}, ODD_ISS),
        (ISSUER, "", BAD_ISS),
        (ISSUER, ISSUER + "/", BAD_ISS),
        (ISSUER, ISSUER.upper(), BAD_ISS),
        (ISSUER, "https://a.ex", BAD_ISS),
        (ISSUER, "a.example", BAD_ISS),
        ([ISSUER], ISSUER, None),
        ([ISSUER], "https://a.ex", BAD_ISS),
        ((ISSUER, "b"), "b", None),
        ({ISSUER, "b"}, "c", BAD_ISS),
        (frozenset({ISSUER}), ISSUER, None),
        ([], ISSUER, BAD_ISS),
        ("", ISSUER, BAD_ISS),
        ("", "", None),
    ],
)
def test_the_issuer_is_compared_whole(accepted: Any, value: Any, expected: Any) -> None:
    """``iss`` has to be one of the accepted strings, not a part of one."""
    claims = {} if value is MISSING else {"iss": value}

    assert expected == verdict(claims, issuer=accepted)


NO_AUD = (MissingRequiredClaimError, 'Token is missing the "aud" claim')
BAD_AUD = (InvalidAudienceError, "Audience doesn't match")
ODD_AUD = (InvalidAudienceError, "Invalid claim format in token")


@pytest.mark.parametrize(
    ("accepted", "value", "expected"),
    [
        (None, MISSING, None),
        (None, "api", None),
        (None, 7, None),
        ("api", "api", None),
        ("api", ["web", "api"], None),
        ("api", MISSING, NO_AUD),
        ("api", "", NO_AUD),
        ("api", [], NO_AUD),
        ("api", None, NO_AUD),
        ("api", 0, NO_AUD),
        ("api", "ap", BAD_AUD),
        ("api", "apis", BAD_AUD),
        ("api", "API", BAD_AUD),
        ("ap", "api", BAD_AUD),
        ("api", ["web"], BAD_AUD),
        ("api", ["apis"], BAD_AUD),
        ("api", 7, ODD_AUD),
        ("api", {"api": 1}, ODD_AUD),
        ("api", ["api", 7], ODD_AUD),
        ("api", [["api"]], ODD_AUD),
        ("api", True, ODD_AUD),
        (["api", "web"], "web", None),
        (["api", "web"], ["x", "api"], None),
        (("api",), "web", BAD_AUD),
        ({"api"}, ["api"], None),
        ([], "api", BAD_AUD),
        ("", "api", BAD_AUD),
    ],
)
def test_the_audience_is_compared_whole(
    accepted: Any, value: Any, expected: Any
) -> None:
    """One of the token's audiences has to be one of ours, character by character."""
    claims = {} if value is MISSING else {"aud": value}

    assert expected == verdict(claims, audience=accepted)


SAMPLES = st.sampled_from(
    [MISSING, None, "", "a", "ab", "b", 0, 7, True, [], ["a"], ["a", 1], ["b", "c"], {}]
)
ACCEPTED: st.SearchStrategy[Any] = st.sampled_from(
    [None, "a", "ab", ["a"], ("b", "c"), []]
)


@given(SAMPLES, SAMPLES, SAMPLES, SAMPLES, ACCEPTED, ACCEPTED, st.booleans())
def test_claims_fare_as_with_pyjwt(
    iss: Any, aud: Any, sub: Any, jti: Any, issuer: Any, audience: Any, verify_sub: bool
) -> None:
    """Any mixture of claims and settings gives PyJWT's first error."""
    claims = {
        name: value
        for name, value in {"iss": iss, "aud": aud, "sub": sub, "jti": jti}.items()
        if value is not MISSING
    }
    options: Any = {"verify_aud": audience is not None, "verify_sub": verify_sub}
    expected: Any = None
    try:
        jwt.api_jwt.PyJWT()._validate_claims(
            claims, jwt.api_jwt.PyJWT().options | options, audience, issuer
        )
    except jwt.InvalidTokenError as error:
        expected = type(error), str(error)
    actual = None
    try:
        judge(
            Token({}, claims),
            expectation(issuer=issuer, audience=audience, verify_sub=verify_sub),
            START,
        )
    except (jwt.InvalidTokenError, JWTExtendedException) as error:
        actual = type(error), str(error)
    if expected is None and sub is MISSING:
        expected = JWTDecodeError, "Missing claim: sub"

    assert expected == actual


@pytest.mark.parametrize("value", [None, 7, 1.5, True, ["ann"], {"id": 1}])
def test_the_subject_is_a_string(value: Any) -> None:
    """``sub`` has to be a string unless the settings say otherwise."""
    expected = (InvalidSubjectError, "Subject must be a string")

    assert expected == verdict({"sub": value})
    assert verdict({"sub": value}, verify_sub=False) is None


@pytest.mark.parametrize("value", [None, 7, ["x"], {}])
def test_the_jti_is_a_string(value: Any) -> None:
    """``jti`` has to be a string whatever the settings say."""
    expected = (InvalidJTIError, "JWT ID must be a string")

    assert (
        expected == verdict({"jti": value}) == verdict({"jti": value}, verify_sub=False)
    )


def test_the_identity_claim_has_to_be_there() -> None:
    """Under the configured name, with any value but none at all."""
    expected = (JWTDecodeError, "Missing claim: user")

    assert expected == verdict({}, identity_claim="user")
    assert verdict({"user": None}, identity_claim="user") is None


def test_csrf_is_judged_if_it_is_due() -> None:
    """The double-submit value is compared only where one was presented."""
    assert verdict({"csrf": "x"}, csrf="x") is None
    assert verdict({}, csrf=None) is None
    assert verdict({}, csrf="") is None
    assert CSRFError is verdict({"csrf": "x"}, csrf="y")[0]
    assert (JWTDecodeError, "Missing claim: csrf") == verdict({}, csrf="x")


FAULTS: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"iat": "x"}, InvalidIssuedAtError),
    ({"nbf": START + 1}, TOO_EARLY),
    ({"exp": "x"}, DecodeError),
    ({"iss": "x"}, InvalidIssuerError),
    ({"aud": "x"}, InvalidAudienceError),
    ({"sub": 7}, InvalidSubjectError),
    ({"jti": 7}, InvalidJTIError),
    ({"csrf": "x"}, CSRFError),
    ({"exp": START}, ExpiredSignatureError),
]


@pytest.mark.parametrize("first", range(len(FAULTS)))
def test_the_first_fault_ends_the_judgement(first: int) -> None:
    """In this order, and expiry last: an expired token is otherwise right."""
    claims: dict[str, Any] = {"iss": "i", "aud": "a", "csrf": "c", "user": "ann"}
    for fault, _kind in reversed(FAULTS[first:]):
        claims |= fault
    found = verdict(claims, csrf="c", issuer="i", audience="a", identity_claim="user")

    assert FAULTS[first][1] is found[0]


def test_an_expired_token_shows_copies_of_what_it_said() -> None:
    """Handlers read header and claims off the error, with defaults, and own them."""
    token = Token({"alg": "HS256"}, {"sub": "ann", "exp": START, "x": [1]})
    with pytest.raises(ExpiredSignatureError) as caught:
        judge(token, expectation(), START)
    error: Any = caught.value
    defaults = {"type": "access", "fresh": False, "jti": None}

    assert error.jwt_header == {"alg": "HS256"}
    assert {**token.claims, **defaults} == error.jwt_data
    error.jwt_data["x"].append(2)
    error.jwt_header["alg"] = "none"
    assert Token({"alg": "HS256"}, {"sub": "ann", "exp": START, "x": [1]}) == token


WINDOWS: list[dict[str, Any]] = [
    {},
    {"exp": START + 60},
    {"nbf": START - 60, "exp": START + 60},
    {"iat": START - 5, "nbf": START - 60.5},
    {"iat": START - 60, "nbf": START - 5.5, "exp": START + 0.9},
    {"iat": 60, "exp": 2**40},
]


@pytest.mark.parametrize("leeway", [0, 10, 1.5])
@pytest.mark.parametrize("claims", WINDOWS, ids=repr)
def test_a_window_is_when_the_judgement_passes(
    claims: dict[str, Any], leeway: float
) -> None:
    """At its edges, and a moment to either side, window and judgement agree."""
    first, end = window(Token({}, claims), expectation(leeway_s=leeway))
    for edge in {max(first, 60), min(end, 2**41)}:  # no clock goes further
        for now in (edge - 1, edge - 0.25, edge, edge + 0.25, edge + 1):
            passes = verdict(claims, now, leeway_s=leeway) is None

            assert passes is (first <= now < end)


@pytest.mark.parametrize(
    ("kind", "refresh", "message"),
    [
        ("access", False, None),
        ("access", True, "Only refresh tokens are allowed"),
        ("refresh", False, "Only non-refresh tokens are allowed"),
        ("refresh", True, None),
        ("other", False, "Only access tokens are allowed"),
        ("other", True, "Only refresh tokens are allowed"),
        ("Refresh", True, "Only refresh tokens are allowed"),
        ("REFRESH", False, "Only access tokens are allowed"),
        ("refresh_token", False, "Only access tokens are allowed"),
        (None, False, "Only access tokens are allowed"),
        (None, True, "Only refresh tokens are allowed"),
        (["refresh"], True, "Only refresh tokens are allowed"),
        (["access"], False, "Only access tokens are allowed"),
    ],
)
def test_types_are_told_apart(kind: Any, refresh: bool, message: str | None) -> None:
    """Only ``access`` is an access token, and only ``refresh`` refreshes."""
    accepted = ("refresh",) if refresh else ("access",)
    found = _raised(lambda: judge_type({"type": kind}, accepted))

    assert (None if message is None else (WrongTokenError, message)) == found


@pytest.mark.parametrize(
    ("claims", "is_access"),
    [
        ({}, True),
        ({"token_type": "access"}, True),
        ({"token_type": "Bearer"}, True),
        ({"token_type": "refresh"}, False),
        ({"token_type": ["Bearer"]}, False),
        ({"type": "access", "token_type": "refresh"}, True),
        ({"type": "refresh", "token_type": "access"}, False),
    ],
)
def test_other_libraries_name_the_type_otherwise(
    claims: dict[str, Any], is_access: bool
) -> None:
    """Without ``type``, ``token_type`` says what a token is; without both, access."""
    found = _raised(lambda: judge_type(claims, ("access",)))

    assert (found is None) is is_access


@pytest.mark.parametrize("kind", ["access", "refresh", "other"])
def test_either_type_is_still_one_of_two(kind: str) -> None:
    """Where access and refresh tokens will both do, nothing else does."""
    found = _raised(lambda: judge_type({"type": kind}, ("access", "refresh")))

    message = "Only access and refresh tokens are allowed"
    assert found == (None if kind != "other" else (WrongTokenError, message))


@pytest.mark.parametrize(
    ("fresh", "accepted"),
    [
        (True, True),
        (False, False),
        (None, False),
        ("true", False),
        ("", False),
        (str(START + 60), False),
        ([], False),
        ([True], False),
        ({}, False),
        (0, False),
        (1, False),
        (START - 1, False),
        (START, True),
        (START + 1, True),
        (START - 0.5, False),
        (START + 0.5, True),
        (float("nan"), False),
    ],
)
def test_a_fresh_token_is_true_or_in_time(fresh: Any, accepted: bool) -> None:
    """``fresh`` is true or a time that has not passed; all else is stale."""
    expected = None if accepted else (FreshTokenRequired, "Fresh token required")

    assert expected == _raised(lambda: judge_fresh(Token({}, {"fresh": fresh}), START))


def test_a_stale_token_shows_what_it_said() -> None:
    """Handlers read header and claims off the error."""
    with pytest.raises(FreshTokenRequired) as caught:
        judge_fresh(Token({"alg": "x"}, {"fresh": False}), START)

    assert caught.value.jwt_header == {"alg": "x"}
    assert caught.value.jwt_data == {"fresh": False, "type": "access", "jti": None}


def _raised(function: Callable[[], None]) -> Any:
    try:
        function()
    except JWTExtendedException as error:
        return type(error), str(error)
    return None

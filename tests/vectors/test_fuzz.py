"""Random and nearly good tokens: nothing but documented errors comes out."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from jwt.exceptions import InvalidTokenError

import key_material
from advisories.door import CLAIMS
from clock import START
from forging import forge
from forging import HEADER
from forging import SECRET
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.tokens.codec import allowed_algorithm
from quart_jwt.tokens.codec import check_signature
from quart_jwt.tokens.codec import parse
from quart_jwt.tokens.judgement import Expectation
from quart_jwt.tokens.judgement import judge
from quart_jwt.tokens.judgement import judge_fresh
from quart_jwt.tokens.judgement import judge_type
from quart_jwt.tokens.keys import verifying_key
from quart_jwt.tokens.token import Token
from vector_files import cases
from vector_files import FOLDER

DOCUMENTED = (InvalidTokenError, JWTExtendedException)
STRICT = Expectation(
    leeway_s=0,
    issuer=["https://a.example", "b"],
    audience=("api", "web"),
    verify_sub=True,
    identity_claim="sub",
)
LAX = Expectation(
    leeway_s=1.5, issuer=None, audience=None, verify_sub=False, identity_claim="id"
)


def flow(token: Any) -> Token | None:
    """All that ``decode_token`` and a view ask of a token; None if refused."""
    try:
        parsed = parse(token)
        allowed_algorithm(parsed.header, key_material.ALGORITHMS)
        algorithm = parsed.header["alg"]
        keys = [verifying_key("HS256", SECRET)]
        if algorithm != "HS256":
            keys = [verifying_key(algorithm, key_material.public(algorithm))]
        check_signature(parsed, keys)
    except DOCUMENTED:
        return None
    return Token(parsed.header, parsed.claims)


def judged(token: Token, expectation: Expectation, csrf: str | None) -> bool:
    """Whether every judgement lets the claims pass."""
    try:
        judge(token, expectation, START, csrf=csrf)
        judge_type(token.claims, ("access",))
        judge_fresh(token, START)
    except DOCUMENTED:
        return False
    return True


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["access", "refresh", "api", "b", START, 2**53, -1]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
NAMES = ["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "type", "fresh", "csrf", "id"]


@settings(max_examples=500)
@given(st.binary() | st.text() | ANYTHING)
def test_anything_is_taken_apart_or_refused(token: Any) -> None:
    """Whatever stands where a token should, only documented errors are raised."""
    flow(token)


@settings(max_examples=500)
@given(
    st.lists(
        st.text(st.sampled_from("AQgwe30.=-_ \n{}é"), max_size=12),
        min_size=2,
        max_size=5,
    ).map(".".join)
)
def test_what_looks_like_a_token_is_refused(token: str) -> None:
    """Dots and base64url at random make no good token."""
    assert flow(token) is None


@settings(max_examples=500)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_damaged_token_is_refused(at: int, junk: bytes) -> None:
    """A good token with bytes overwritten is the same token or none."""
    good = forge(HEADER, CLAIMS).encode()
    damaged = good[: at % len(good)] + junk + good[at % len(good) + len(junk) :]

    assert (flow(damaged) is not None) is (damaged == good)


@settings(max_examples=1_000)
@given(
    st.dictionaries(st.sampled_from(NAMES), ANYTHING),
    st.sampled_from([STRICT, LAX]),
    st.none() | st.text(max_size=4),
)
def test_any_claims_are_judged(
    claims: dict[str, Any], expectation: Expectation, csrf: str | None
) -> None:
    """Whatever the claims hold, they pass or raise a documented error."""
    judged(Token(HEADER, claims), expectation, csrf)


@given(
    st.dictionaries(
        st.sampled_from(["alg", "kid", "crit", "b64", "typ", "x"]), ANYTHING
    )
)
def test_any_header_is_judged(header: dict[str, Any]) -> None:
    """Whatever a header holds, the token passes or raises a documented error."""
    flow(forge({"alg": "HS256", **header}, CLAIMS))


@pytest.mark.slow
@settings(max_examples=100_000, derandomize=False)
@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=4))
def test_random_json_is_taken_apart_or_refused(
    header: bytes, payload: bytes, tail: bytes
) -> None:
    """A long run over well-signed garbage."""
    flow(forge(header, payload).encode() + tail)


def _seeds() -> Iterator[Any]:
    for path in sorted((FOLDER / "jwt_verify_lib-fuzz").glob("*.txt")):
        match = re.search(r'^jwt: "(.*)"$', path.read_text("utf-8"), re.MULTILINE)
        yield pytest.param(match[1] if match else "", id=path.stem)


@pytest.mark.parametrize("seed", cases(_seeds))
def test_a_seed_of_another_fuzzer_is_refused(seed: str) -> None:
    """jwt_verify_lib's corpus is refused, whole, cut anywhere and doubled."""
    assert seed
    for token in (seed, seed * 2, seed + ".", *(seed[:at] for at in range(len(seed)))):
        assert flow(token) is None


@given(st.data())
def test_a_mutated_seed_is_refused(data: st.DataObject) -> None:
    """Neighbours of a well-formed token of somebody else are refused."""
    text = forge(
        {"alg": "HS256", "kid": "k"}, CLAIMS, "somebody else's secret!!!!!!!!!!"
    )
    at = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(st.characters())

    assert flow(text[:at] + character + text[at + 1 :]) is None

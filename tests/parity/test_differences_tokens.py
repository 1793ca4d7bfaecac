"""Rows of ``docs/flask/differences.md``: what is a good token."""

import json
import time
from typing import Any

import pytest

from parity import carriers
from parity import flask_side
from parity import quart_side
from parity.case import Answer
from parity.guards import case
from parity.guards import GUARDS
from parity.keys import OTHER_SECRET
from parity.keys import SECRET
from parity.mint import ABSENT
from parity.mint import CLAIMS
from parity.mint import HOUR
from parity.mint import mint
from parity.mint import NOW
from parity.mint import sign
from parity.sides import both
from parity.sides import BROKEN
from parity.sides import identity_of
from parity.sides import refused

JOSE = b'{"alg":"HS256","typ":"JWT"}'
PAYLOAD = json.dumps(dict(CLAIMS)).encode()
NOT_AN_INTEGER = {
    "exp": "Expiration Time claim (exp) must be an integer.",
    "nbf": "Not Before claim (nbf) must be an integer.",
    "iat": "Issued At claim (iat) must be an integer.",
}


async def _shown(
    token: str, config: str = "plain", hooks: str = "none", guard: str = "required"
) -> tuple[Answer, Answer]:
    request = carriers.header(config, token)
    return await both(case(request, config=config, hooks=hooks, guard=GUARDS[guard]))


def _signed(header: bytes, payload: bytes) -> str:
    return sign(header, payload, algorithm="HS256", key=SECRET)


def _with(member: bytes) -> str:
    """A good token whose payload has one more member, as written."""
    return _signed(JOSE, PAYLOAD[:-1] + b"," + member + b"}")


def _headed(member: bytes) -> str:
    return _signed(JOSE[:-1] + b"," + member + b"}", PAYLOAD)


@pytest.mark.parametrize("guard", ["required", "any-type"])
@pytest.mark.parametrize("kind", ["refresh_token", "REFRESH", "magic-link", None, 7])
async def test_a_type_of_ones_own_is_no_access_token(guard: str, kind: object) -> None:
    """Only ``access`` and no type at all make an access token."""
    theirs, ours = await _shown(mint({"type": kind}), guard=guard)

    assert identity_of(theirs) == "ann"
    wanted = "access" if guard == "required" else "access and refresh"
    assert refused(422, f"Only {wanted} tokens are allowed") == ours


async def test_a_token_type_of_another_library_counts() -> None:
    """``token_type: refresh`` without a type is a refresh token of another library."""
    token = mint({"type": ABSENT, "token_type": "refresh"})
    theirs, ours = await _shown(token)

    assert identity_of(theirs) == "ann"
    assert refused(422, "Only non-refresh tokens are allowed") == ours


@pytest.mark.parametrize("fresh", [None, "true", "4000000000", [], {}])
async def test_a_fresh_claim_of_another_type_is_not_fresh(fresh: object) -> None:
    """A ``fresh`` claim that is no boolean and no number is not fresh, no 500."""
    theirs, ours = await _shown(mint({"fresh": fresh}), guard="fresh")

    assert theirs == BROKEN
    assert refused(401, "Fresh token required") == ours


UNSTORABLE = {
    "surrogate": _with(b'"x":"\\ud800"'),
    "surrogate-in-sub": _signed(JOSE, PAYLOAD.replace(b'"ann"', b'"\\udfff"')),
    "surrogate-in-name": _with(b'"\\ud800":1'),
    "surrogate-nested": _with(b'"x":[{"y":["\\ud800"]}]'),
    "surrogate-in-header": _headed(b'"x":"\\ud800"'),
    "nul": _with(b'"x":"a\\u0000"'),
    "nul-in-sub": _signed(JOSE, PAYLOAD.replace(b'"ann"', b'"ann\\u0000"')),
    "nul-in-name": _with(b'"\\u0000":1'),
    "nul-in-kid": _headed(b'"kid":"\\u0000"'),
}


@pytest.mark.parametrize("name", UNSTORABLE)
async def test_text_that_cannot_be_stored_is_refused(name: str) -> None:
    """A lone surrogate or a NUL anywhere in a token makes it malformed."""
    theirs, ours = await _shown(UNSTORABLE[name])

    assert theirs.status == 200
    assert ours.status == 422


LOOSE = {
    "duplicate-sub": _with(b'"sub":"eve"'),
    "duplicate-nested": _with(b'"x":{"a":1,"a":2}'),
    "duplicate-alg": _signed(b'{"alg":"none","alg":"HS256"}', PAYLOAD),
    "nan": _with(b'"x":NaN'),
    "infinity": _with(b'"x":-Infinity'),
    "out-of-range": _with(b'"x":1e400'),
    "utf-16": _signed(JOSE, PAYLOAD.decode().encode("utf-16")),
    "utf-32": _signed(JOSE, PAYLOAD.decode().encode("utf-32")),
    "bom": _signed(JOSE, b"\xef\xbb\xbf" + PAYLOAD),
    "header-utf-16": _signed(JOSE.decode().encode("utf-16"), PAYLOAD),
    "header-bom": _signed(b"\xef\xbb\xbf" + JOSE, PAYLOAD),
    "deep": _with(b'"x":' + b"[" * 32 + b"]" * 32),
    "header-deep": _headed(b'"x":' + b"[" * 32 + b"]" * 32),
}


@pytest.mark.parametrize("name", LOOSE)
async def test_json_is_read_strictly(name: str) -> None:
    """Duplicate names, NaN, other encodings and deep nesting are malformed."""
    theirs, ours = await _shown(LOOSE[name])

    assert theirs.status == 200
    assert ours.status == 422
    assert ours.json["msg"].startswith("Invalid ")


async def test_nesting_is_bounded_at_32_levels() -> None:
    """Thirty-two levels, the claims themselves included, are still accepted."""
    _, ours = await _shown(_with(b'"x":' + b"[" * 31 + b"]" * 31))

    assert ours.status == 200


_LATER = NOW + HOUR
_EARLIER = NOW - HOUR
ODD_DATES: list[Any] = [
    # Named, for every process that runs the tests has a time of its own.
    pytest.param("exp", str(_LATER), id="exp-text"),
    pytest.param("exp", f" {_LATER} ", id="exp-text-in-blanks"),
    pytest.param("exp", f"{_LATER:_}", id="exp-text-in-groups"),
    ("exp", True),
    ("exp", -1),
    ("exp", -0.5),
    ("exp", 2**53),
    ("exp", 1e308),
    *(pytest.param(name, str(_EARLIER), id=f"{name}-text") for name in ("nbf", "iat")),
    *((name, value) for name in ("nbf", "iat") for value in (True, False, -1, -0.5)),
    *((name, value) for name in ("nbf", "iat") for value in (2**53, 10**18)),
]


@pytest.mark.parametrize(("name", "value"), ODD_DATES)
async def test_dates_are_numbers_of_seconds(name: str, value: object) -> None:
    """A time that is no number from 0 to 2**53 - 1 is refused as no integer."""
    theirs, ours = await _shown(mint({name: value}))

    assert refused(422, NOT_AN_INTEGER[name]) != theirs
    assert refused(422, NOT_AN_INTEGER[name]) == ours


@pytest.mark.parametrize("token", [mint() + "=", mint(algorithm="HS512") + "=="])
async def test_padding_is_refused(token: str) -> None:
    """A token has one spelling: ``=`` at its end is refused."""
    config = "decode-all-HS"
    theirs, ours = await _shown(token, config)

    assert identity_of(theirs) == "ann"
    assert refused(422, "Invalid crypto padding") == ours


async def test_a_token_has_at_most_8192_characters() -> None:
    """The longest token is accepted; one that is longer is refused unread."""
    longest = _of_length(8192)
    theirs, ours = await _shown(longest)

    assert identity_of(theirs) == identity_of(ours) == "ann"

    theirs, ours = await _shown(_of_length(8193))

    assert identity_of(theirs) == "ann"
    assert refused(422, "Token is too long") == ours


def _of_length(length: int) -> str:
    """A good token of exactly so many characters."""
    for blob in range(length // 4 * 3 - 600, length):
        for filler in ("", "x", "xx"):
            token = mint({"blob": "y" * blob}, header={"f": filler})
            if len(token) == length:
                return token
            if len(token) > length + 4:
                break
    raise AssertionError("no such length")


EXTENDING: dict[str, dict[str, Any]] = {
    "crit-b64": {"crit": ["b64"], "b64": True},
    "b64": {"b64": True},
    "b64-zero": {"b64": 0},
    "zip": {"zip": "DEF"},
    "jwk": {"jwk": {"kty": "oct", "k": "AAAA"}},
    "jku": {"jku": "https://evil.example/keys"},
    "x5u": {"x5u": "https://evil.example/cert"},
    "x5c": {"x5c": []},
}


@pytest.mark.parametrize("name", EXTENDING)
async def test_headers_that_ask_for_more_are_refused(name: str) -> None:
    """A header that names a key or another way to read the token is refused."""
    theirs, ours = await _shown(mint(header=EXTENDING[name]))

    assert identity_of(theirs) == "ann"
    assert ours.status == 422


async def test_a_kid_has_at_most_256_characters() -> None:
    """A longer key identifier is refused; one that is as long is not."""
    theirs, ours = await _shown(mint(header={"kid": "k" * 257}))

    assert identity_of(theirs) == "ann"
    assert refused(422, "Key ID header parameter is too long") == ours


async def test_the_decode_algorithms_stay_as_they_were_set() -> None:
    """A request does not write into ``JWT_DECODE_ALGORITHMS``."""
    one = case(carriers.header("decode-HS512-too", mint()), config="decode-HS512-too")
    await both(one)

    key = "JWT_DECODE_ALGORITHMS"
    assert flask_side.app_of(one.setup).config[key] == ["HS512", "HS256"]
    assert quart_side.app_of(one.setup).config[key] == ["HS512"]


async def test_a_secret_and_a_public_key_are_not_mixed() -> None:
    """With RS256 listed for decoding, the default HS256 does not join it."""
    theirs, ours = await _shown(mint(), "decode-RS256-only", "pem-for-rsa")

    assert identity_of(theirs) == "ann"
    assert refused(422, "The specified alg value is not allowed") == ours

    theirs, ours = await _shown(
        mint(algorithm="RS256"), "decode-RS256-only", "pem-for-rsa"
    )

    assert identity_of(theirs) == identity_of(ours) == "ann"


async def test_each_kind_of_algorithm_has_its_own_key() -> None:
    """Where both kinds are listed, a secret verifies HS256, if it is one for tokens."""
    theirs, ours = await _shown(mint(), "pair-and-secret")

    assert theirs == BROKEN
    assert identity_of(ours) == "ann"

    for config, key in (
        ("pair-and-secret", OTHER_SECRET),
        ("pair-and-session-secret", SECRET),
    ):
        theirs, ours = await _shown(mint(key=key), config)

        assert theirs == BROKEN
        assert refused(422, "Signature verification failed") == ours


async def test_fallback_secrets_verify() -> None:
    """A token of an earlier ``SECRET_KEY`` is good while that is a fallback."""
    old = mint(key=OTHER_SECRET)
    theirs, ours = await _shown(old, "old-secrets")

    assert refused(422, "Signature verification failed") == theirs
    assert identity_of(ours) == "ann"


async def test_fallback_secrets_verify_nothing_beside_a_key_of_our_own() -> None:
    """They are fallbacks for ``SECRET_KEY``, not for ``JWT_SECRET_KEY``."""
    theirs, ours = await _shown(mint(key=OTHER_SECRET), "old-secrets-own-key")

    assert refused(422, "Signature verification failed") == theirs == ours


@pytest.mark.parametrize("claim", ["iat", "nbf"])
async def test_a_clock_may_be_five_seconds_ahead(claim: str) -> None:
    """A token from a host whose clock is a few seconds ahead passes."""
    theirs, ours = await _shown(mint({claim: NOW + HOUR}), "skew")
    assert {theirs.status, ours.status} == {422}

    # Their clock is the machine's; five seconds ahead of it, whatever the time is.
    theirs, ours = await _shown(mint({claim: int(time.time()) + 4}), "skew")
    assert theirs.status == 422
    assert identity_of(ours) == "ann"

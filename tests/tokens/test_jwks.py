"""Other people's JWK Sets: good keys work, bad ones are left out."""

import json
from typing import Any

import pytest

import key_material
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens.jwk import thumbprint
from quart_jwt.tokens.jwks import MAX_KEYS
from quart_jwt.tokens.jwks import read_published
from tokens.test_jwk import jwk

ALLOWED = ("RS256", "ES256")


def _read(*keys: Any) -> tuple[list[str], list[str]]:
    """The ids that are usable, and why the others are not."""
    published = read_published(json.dumps({"keys": keys}).encode(), ALLOWED)
    return [key.kid for key in published.ring.keys], list(published.refused)


def _weak(bits: int, exponent: int = 65_537, **changes: Any) -> dict[str, Any]:
    from jwt.algorithms import RSAAlgorithm

    key = key_material.rsa_key(bits, exponent).public_key()
    return {**RSAAlgorithm.to_jwk(key, as_dict=True), "kid": "weak", **changes}


GOOD = jwk("RS256", kid="good")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (jwk("RS256", kid="bad", use="enc"), "its use is not sig"),
        (jwk("ES256", kid="bad", y="AAAA"), "its parameters do not form a valid key"),
        (_weak(1024), "it has 1024 bits"),
        (_weak(2048, 3), "its public exponent is below"),
        (jwk("EdDSA", kid="bad"), "for EdDSA, which is not allowed"),
        (jwk("RS256", kid="bad", alg="PS256"), "for PS256, which is not allowed"),
        (jwk("RS256", kid="bad", d="AQAB"), "is private, and was published"),
        ("a string", "it is not a JSON object"),
        (None, "it is not a JSON object"),
        ({"kty": "AKP"}, "its kty or its crv is not supported"),
    ],
)
def test_a_bad_key_is_left_out(bad: Any, reason: str) -> None:
    """The good key beside it works, and the reason is told without the key."""
    kids, refused = _read(bad, GOOD)

    assert kids == ["good"]
    assert len(refused) == 1
    assert reason in refused[0]


def test_an_id_that_two_keys_have_names_neither() -> None:
    """Which of them a token means cannot be told, so it means none."""
    kids, refused = _read(
        jwk("RS256", kid="same"), jwk("ES256", kid="same"), jwk("ES256", kid="other")
    )

    assert kids == ["other"]
    assert refused == ["A JWK shares its kid with another one"] * 2


def test_the_same_key_twice_is_one_key() -> None:
    """A repetition is no ambiguity, under one name or under its thumbprint."""
    unnamed = jwk("ES256", kid=None)
    named = {**unnamed, "kid": thumbprint(unnamed)}

    assert _read(GOOD, GOOD) == (["good"], [])
    assert _read(unnamed, named) == ([named["kid"]], ["A JWK occurs twice"])


def test_keys_of_one_kind_have_ids_of_their_own() -> None:
    """A set of several keys is a ring of several keys, in its order."""
    kids, refused = _read(jwk("ES256", kid="b"), jwk("RS256", kid="a"))

    assert (kids, refused) == (["b", "a"], [])


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not strict JSON"),
        (b"<html>", "not strict JSON"),
        ('{"keys": []}'.encode("utf-16"), "not strict JSON"),
        (b"[" * 100_000, "not strict JSON"),
        (b'{"keys": [' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"]}", "too deeply"),
        (b'{"keys": [], "keys": []}', "duplicate name"),
        (b"[]", "is a JSON object"),
        (b"{}", "has a list of keys"),
        (b'{"keys": {}}', "has a list of keys"),
        (b'{"keys": []}', "has no usable key"),
        (b'{"keys": [1]}', "has no usable key; A JWK cannot be used"),
        (json.dumps({"keys": [GOOD, {"kty": "oct", "k": "AA"}]}).encode(), "mixes"),
        (json.dumps({"keys": [{"kty": "oct", "k": "AAAA"}]}).encode(), "no usable"),
        (json.dumps({"keys": [GOOD] * (MAX_KEYS + 1)}).encode(), "more than 64"),
    ],
)
def test_a_set_that_is_wrong_is_refused(document: bytes, reason: str) -> None:
    """What cannot be read, or has nothing usable in it, is no set."""
    with pytest.raises(ConfigurationError, match=reason):
        read_published(document, ALLOWED)


def test_a_set_may_have_64_keys() -> None:
    """The bound itself is allowed."""
    assert _read(*[GOOD] * MAX_KEYS) == (["good"], [])

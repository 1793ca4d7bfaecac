"""joserfc's own JWS and JWT fixtures, where the key is in the fixture."""

from collections.abc import Iterator
from typing import Any

import pytest
from jwt.exceptions import InvalidTokenError

from forging import segment
from quart_jwt.tokens.codec import parse
from quart_jwt.tokens.keys import verifying_key
from vector_files import cases
from vector_files import read
from vectors.jwk import key_of
from vectors.jwk import signed_parts
from vectors.jwk import verify

RFC_7797_KEY = (
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"
    "-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
)
COOKBOOK_KEYS = {
    "RFC7520-RSA-private.json": "jws/4_1.rsa_v15_signature.json",
    "RFC7520-EC-private.json": "jws/4_3.ecdsa_signature.json",
    "RFC7520-oct-sig.json": "jws/4_4.hmac-sha2_integrity_protection.json",
}
"""The same keys as the cookbook's own."""


def _with_secret(name: str, text: str) -> Iterator[Any]:
    fixture = read(f"joserfc-fixtures/{name}.json")
    for test in fixture["tests"]:
        if "secret" in test and text in test:
            case = (test[text], test["secret"], fixture["payload"])
            yield pytest.param(case, id=test["name"])


@pytest.mark.parametrize("case", cases(lambda: _with_secret("jwt_use_jws", "token")))
def test_a_jwt_of_joserfc_verifies(case: tuple[str, str, Any]) -> None:
    """Header, claims and signature are read as joserfc wrote them."""
    token, secret, payload = case
    parsed = parse(token)
    key = verifying_key(parsed.header["alg"], secret)

    assert payload == parsed.claims
    assert key.verifies(parsed.signing_input, parsed.signature)
    assert not key.verifies(parsed.signing_input + b"A", parsed.signature)


@pytest.mark.parametrize("case", cases(lambda: _with_secret("jws_examples", "compact")))
def test_a_jws_of_joserfc_verifies(case: tuple[str, str, Any]) -> None:
    """A JWS with another payload has a good signature, and is no JWT."""
    token, secret, payload = case
    algorithm = parse(f"{token.partition('.')[0]}.e30.").header["alg"]

    assert segment(payload) == token.split(".")[1]
    assert verifying_key(algorithm, secret).verifies(*signed_parts(token))
    with pytest.raises(InvalidTokenError, match="Invalid payload string"):
        parse(token)


def _rfc_7520() -> Iterator[Any]:
    for test in read("joserfc-fixtures/jws_rfc7520.json")["tests"]:
        example = read(f"rfc7520-cookbook/{COOKBOOK_KEYS[test['private_key']]}")
        yield pytest.param((test, example["input"]["key"]), id=test["name"])


@pytest.mark.parametrize("case", cases(_rfc_7520))
def test_joserfcs_cookbook_verifies(
    case: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """The copy of RFC 7520 in joserfc has good signatures, too."""
    test, jwk = case
    key = key_of(jwk, test["protected"]["alg"])

    assert key.verifies(*signed_parts(test["compact"]))


def _rfc_7797() -> Iterator[Any]:
    for test in read("joserfc-fixtures/jws_rfc7797.json")["tests"]:
        yield pytest.param(test["compact"], id=test["name"])


@pytest.mark.parametrize("compact", cases(_rfc_7797))
def test_joserfcs_unencoded_payloads_are_refused(compact: str) -> None:
    """RFC 7797's tokens are refused, whether their payload is encoded or not."""
    with pytest.raises(InvalidTokenError):
        verify(compact, {"kty": "oct", "k": RFC_7797_KEY}, "HS256")


def test_the_pyjwt_keys_fit_their_algorithms(vectors: object) -> None:
    """Each of PyJWT's sample keys can be bound to the algorithm of its kind."""
    del vectors
    algorithms = {
        "rsa_pub": "RS256",
        "ec_pub_P-256": "ES256",
        "ec_pub_P-384": "ES384",
        "ec_pub_P-521": "ES512",
        "ec_pub_secp256k1": "ES256K",
        "okp_pub_Ed25519": "EdDSA",
        "hmac": "HS256",
    }
    keys = {
        name: key_of(read(f"pyjwt-keys/jwk_{name}.json"), algorithm)
        for name, algorithm in algorithms.items()
    }

    assert algorithms == {name: key.algorithm for name, key in keys.items()}

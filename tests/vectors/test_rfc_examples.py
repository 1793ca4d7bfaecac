"""The tokens that the RFCs themselves print."""

from collections.abc import Iterator
from typing import Any

import pytest
from jwt.exceptions import ExpiredSignatureError
from jwt.exceptions import InvalidTokenError

from quart_jwt.tokens.judgement import Expectation
from quart_jwt.tokens.judgement import judge
from quart_jwt.tokens.token import Token
from vector_files import cases
from vector_files import FOLDER
from vector_files import read
from vectors.jwk import key_of
from vectors.jwk import signed_parts
from vectors.jwk import verify

EXPIRES = 1_300_819_380
ANYTHING = Expectation(
    leeway_s=0, issuer="joe", audience=None, verify_sub=True, identity_claim="iss"
)


def _examples(*verdicts: str) -> Iterator[Any]:
    for vector in read("rfc-examples.json")["vectors"]:
        if vector["as_jwt"].split(" ")[0] in verdicts:
            yield pytest.param(vector, id=vector["id"])


@pytest.mark.parametrize("vector", cases(lambda: _examples("expired")))
def test_an_example_is_a_token_of_2011(vector: dict[str, Any]) -> None:
    """RFC 7515's tokens verify; they passed until 2011 and have expired since."""
    parsed = verify(vector["token"], vector["jwk"], vector["alg"])
    token = Token(parsed.header, parsed.claims)

    assert (token.claims) == {
        "iss": "joe",
        "exp": EXPIRES,
        "http://example.com/is_root": True,
    }
    judge(token, ANYTHING, EXPIRES - 1)
    with pytest.raises(ExpiredSignatureError):
        judge(token, ANYTHING, EXPIRES)


@pytest.mark.parametrize("vector", cases(lambda: _examples("reject")))
def test_an_example_that_is_no_token_is_refused(vector: dict[str, Any]) -> None:
    """An unsecured token and a payload that is no JSON are refused."""
    jwk = vector["jwk"] or {"kty": "oct", "k": "A" * 43}
    algorithm = "HS256" if vector["alg"] == "none" else vector["alg"]
    with pytest.raises(InvalidTokenError):
        verify(vector["token"], jwk, algorithm)
    if vector["signature"] == "valid":
        assert key_of(jwk, algorithm).verifies(*signed_parts(vector["token"]))


def _cookbook() -> Iterator[Any]:
    folder = FOLDER / "rfc7520-cookbook"
    for path in sorted([*folder.glob("jws/*.json"), *folder.glob("*25519/jws.json")]):
        example = read(str(path.relative_to(FOLDER)))
        compact = example["output"].get("compact")
        if compact and isinstance(example["input"]["key"], dict):
            yield pytest.param(example, id=path.stem)


@pytest.mark.parametrize("example", cases(_cookbook))
def test_a_cookbook_signature_verifies(example: dict[str, Any]) -> None:
    """RFC 7520's and RFC 8037's JWS have good signatures, and no claims."""
    signing = example["signing"]
    compact = example["output"]["compact"]
    key = key_of(example["input"]["key"], example["input"]["alg"])
    _input, signature = signed_parts(compact)

    assert key.verifies(signing["sig-input"].encode("ascii"), signature)
    with pytest.raises(InvalidTokenError, match="Invalid payload string"):
        verify(compact, example["input"]["key"], example["input"]["alg"])


def _unencoded() -> Iterator[Any]:
    for path in sorted((FOLDER / "rfc7520-cookbook" / "rfc7797").glob("*.json")):
        output = read(str(path.relative_to(FOLDER)))["output"]
        if "compact" in output:
            yield pytest.param(output["compact"], id=path.stem)


@pytest.mark.parametrize("compact", cases(_unencoded))
def test_an_unencoded_payload_is_refused(compact: str) -> None:
    """RFC 7797's compact form is not for JWTs."""
    with pytest.raises(InvalidTokenError):
        verify(compact, {"kty": "oct", "k": "A" * 43}, "HS256")

"""Wycheproof's JWS vectors through our codec."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from jwt.exceptions import InvalidTokenError

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens.codec import allowed_algorithm
from quart_jwt.tokens.codec import parse_header
from vector_files import cases
from vector_files import read
from vectors.jwk import key_of
from vectors.jwk import signed_parts
from vectors.jwk import verify

ERRATA = {
    367: "valid",  # labelled invalid padding, but the very text of the valid 357
    370: "valid",
    372: "invalid",  # labelled valid, with a "?" inside a segment (RFC 7515 §2)
    373: "invalid",
    346: "invalid",  # labelled valid: the key says PS256, the token PS384
    350: "invalid",
    347: "invalid",  # labelled valid: the key says ES521, the token ES512
    351: "invalid",
}
"""Where the file is wrong, and what is right."""

DEFAULTS = {"RSA": "RS256", "EC": "ES256", "oct": "HS256"}
"""What the keys without an ``alg`` are meant for."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One token, the key it is to be verified with, and the verdict."""

    number: int
    comment: str
    token: str
    jwk: dict[str, Any]
    valid: bool

    @property
    def algorithm(self) -> str:
        """The algorithm that the key is for."""
        return str(self.jwk.get("alg", DEFAULTS[self.jwk["kty"]]))


def _vectors() -> Iterator[Vector]:
    for group in read("wycheproof/json_web_signature_test.json")["testGroups"]:
        jwk = group.get("public") or group["private"]
        for test in group["tests"]:
            number = test["tcId"]
            result = ERRATA.get(number, test["result"])
            yield Vector(number, test["comment"], test["jws"], jwk, result == "valid")


def _params() -> Iterator[Any]:
    for vector in _vectors():
        yield pytest.param(vector, id=f"{vector.number}-{vector.comment}")


@pytest.mark.parametrize("vector", cases(_params))
def test_a_vector_gets_its_verdict(vector: Vector) -> None:
    """No invalid token is accepted; a valid one is, unless it is no JWT."""
    refusal = ""
    try:
        verify(vector.token, vector.jwk, vector.algorithm)
    except (ConfigurationError, InvalidTokenError) as exc:
        refusal = str(exc)
    # Most payloads of this file are no JSON objects: good signatures, no JWTs.
    is_no_jwt = refusal.startswith("Invalid payload string: ")

    assert vector.valid or refusal
    assert not refusal or not vector.valid or is_no_jwt


@pytest.mark.parametrize("vector", cases(_params))
def test_the_primitives_agree(vector: Vector) -> None:
    """Leaving the payload aside, exactly the valid signatures verify."""
    accepted = False
    with suppress(ConfigurationError, InvalidTokenError, ValueError):
        header, payload, signature = vector.token.split(".")
        allowed_algorithm(parse_header(f"{header}.e30."), [vector.algorithm])
        for segment in (payload, signature):  # well-formed, whatever it holds
            parse_header(f"e30.e30.{segment}")
        key = key_of(vector.jwk, vector.algorithm)
        accepted = key.verifies(*signed_parts(vector.token))

    assert vector.valid is accepted


def test_the_errata_name_real_vectors(vectors: object) -> None:
    """Each number in the tables above is in the file, and disagrees with it."""
    del vectors
    file = read("wycheproof/json_web_signature_test.json")
    labels = {
        test["tcId"]: test["result"]
        for group in file["testGroups"]
        for test in group["tests"]
    }

    assert len(labels) == 401
    assert [number for number, right in ERRATA.items() if labels[number] == right] == []

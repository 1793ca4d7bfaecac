"""Wycheproof's JWS, JWK and JOSE vectors through the public decode, keys and all."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import jwt as pyjwt
import pytest
from quart import Quart

from quart_jwt import decode_token
from quart_jwt import JWTManager
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.exceptions import JWTDecodeError
from quart_jwt.extension.settings.configured_ring import configured_ring
from quart_jwt.tokens.codec import parse_header
from quart_jwt.tokens.keys import weakness
from vector_files import cases
from vector_files import read
from vectors.jwk import signed_parts
from vectors.test_wycheproof import ERRATA

FILES = {
    "signature": "wycheproof/json_web_signature_test.json",
    "key": "wycheproof/json_web_key_test.json",
    "crypto": "wycheproof/json_web_crypto_test.json",
}
ROCA = {("key", 7), ("crypto", 46)}
"""Keys of a chip that made weak primes (CVE-2017-15361); ours are not made there."""


@dataclass(frozen=True, slots=True)
class Vector:
    """One token, the keys it is to be verified with, and the verdict."""

    token: Any  # a string, or the JSON serialisation
    keys: dict[str, Any]
    valid: bool


def _vectors(file: str) -> Iterator[tuple[int, str, Vector]]:
    for group in read(FILES[file])["testGroups"]:
        keys = group.get("public") or group["private"]
        for test in group["tests"]:
            number, token = test["tcId"], test.get("jws", test.get("jwe"))
            result = test["result"]
            if file == "signature":
                result = ERRATA.get(number, result)
            # What is encrypted is no token here, however well it is encrypted.
            valid = result == "valid" and "jws" in test
            yield number, test["comment"], Vector(token, keys, valid)


def _params() -> Iterator[Any]:
    for file in FILES:
        for number, comment, vector in _vectors(file):
            if (file, number) not in ROCA:
                yield pytest.param(vector, id=f"{file}-{number}-{comment}")


async def _refusal(vector: Vector) -> str:
    """Why a token is refused; empty if its signature is good."""
    app = Quart("wycheproof")
    app.config.update(JWT_KEY_RING=vector.keys, JWT_ENFORCE_STRONG_KEYS=True)
    JWTManager(app)
    async with app.app_context():
        try:
            decode_token(vector.token)
        except JWTDecodeError:
            return ""  # the claims are not those of a token of ours
        except (ConfigurationError, pyjwt.InvalidTokenError) as exc:
            return str(exc)
    return ""


@pytest.mark.parametrize("vector", cases(_params))
async def test_a_vector_gets_its_verdict(vector: Vector) -> None:
    """No invalid token is accepted; a valid one is, unless it is no JWT."""
    refusal = await _refusal(vector)
    # Most payloads of these files are no JSON objects: good signatures, no JWTs.
    is_no_jwt = refusal.startswith("Invalid payload string: ")

    assert vector.valid or refusal
    assert not refusal or not vector.valid or is_no_jwt


@pytest.mark.parametrize("vector", cases(_params))
def test_the_keys_agree(vector: Vector) -> None:
    """Leaving the payload aside, exactly the valid signatures verify with a ring."""
    accepted = False
    with suppress(ConfigurationError, pyjwt.InvalidTokenError, ValueError):
        header, payload, signature = str(vector.token).split(".")
        for segment in (payload, signature):  # well-formed, whatever it holds
            parse_header(f"e30.e30.{segment}")
        named = parse_header(f"{header}.e30.")
        ring = configured_ring(vector.keys, "HS256", _check)
        keys = ring.candidates(named.get("kid"), named["alg"], 0)
        accepted = any(key.verifies(*signed_parts(vector.token)) for key in keys)

    assert vector.valid is accepted


def _check(algorithm: str, material: Any) -> None:
    if weakness(algorithm, material):
        raise ConfigurationError("weak")


def test_the_files_are_whole(vectors: object) -> None:
    """All vectors are there, and the weak chip's keys are the only exception."""
    del vectors
    counted = {file: len(list(_vectors(file))) for file in FILES}

    assert counted == {"signature": 401, "key": 26, "crypto": 83}

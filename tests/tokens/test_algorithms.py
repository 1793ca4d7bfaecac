import pytest
from jwt.algorithms import get_default_algorithms

import key_material
from quart_jwt.tokens import algorithms


def test_the_algorithms_are_those_of_the_rfcs() -> None:
    """Fourteen algorithms sign, and each is either symmetric or asymmetric."""
    assert set(key_material.HMAC) == algorithms.SYMMETRIC
    assert set(key_material.PAIRED) == algorithms.ASYMMETRIC
    assert set(key_material.RSA) == algorithms.SLOW_TO_SIGN


@pytest.mark.parametrize("name", key_material.ALGORITHMS)
def test_each_algorithm_has_its_primitive(name: str) -> None:
    """A known name gives PyJWT's primitive."""
    found = algorithms.primitive(name)

    assert type(get_default_algorithms()[name]) is type(found)


@pytest.mark.parametrize(
    "name",
    ["none", "None", "NONE", "hs256", "HS256 ", "", "HS1", None, 0, [], {}, b"HS256"],
)
def test_nothing_else_has_one(name: object) -> None:
    """``none``, misspellings and what is no text have no primitive."""
    assert algorithms.primitive(name) is None


@pytest.mark.parametrize("name", key_material.ALGORITHMS)
def test_each_algorithm_is_of_one_kind(name: str) -> None:
    """A secret for the HMAC family, a key pair for all others."""
    paired = name in key_material.PAIRED

    assert paired is algorithms.is_asymmetric(name)
    assert ("asymmetric" if paired else "symmetric") == algorithms.kind(name)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"HS256"}, True),
        ({"HS256", "HS512"}, True),
        ({"RS256", "ES256", "EdDSA"}, True),
        (set(), True),
        ({"HS256", "RS256"}, False),
        ({"HS256", "none"}, False),
        ({"RS256", "none"}, False),
    ],
)
def test_kinds_do_not_mix(names: set[str], expected: bool) -> None:
    """Symmetric and asymmetric algorithms are never one set."""
    assert expected is algorithms.same_kind(names)
    assert expected is algorithms.same_kind(frozenset(names))

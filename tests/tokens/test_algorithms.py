import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import get_default_algorithms

import key_material
from quart_jwt.tokens import algorithms
from quart_jwt.tokens import deterministic_ec


def test_the_algorithms_are_those_of_the_rfcs() -> None:
    """Fourteen algorithms sign, and each is either symmetric or asymmetric."""
    assert set(key_material.HMAC) == algorithms.SYMMETRIC
    assert set(key_material.PAIRED) == algorithms.ASYMMETRIC
    assert set(key_material.RSA) == algorithms.SLOW_TO_SIGN


@pytest.mark.parametrize("name", key_material.ALGORITHMS)
def test_each_algorithm_has_its_primitive(name: str) -> None:
    """A known name gives PyJWT's primitive, or a refinement of it."""
    found = algorithms.primitive(name)

    assert isinstance(found, type(get_default_algorithms()[name]))


def test_ecdsa_signs_as_rfc_6979_does() -> None:
    """The example of RFC 6979 §A.2.5, P-256 with SHA-256."""
    key = ec.derive_private_key(
        0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721,
        ec.SECP256R1(),
    )
    expected = bytes.fromhex(
        "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
        "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    )
    primitive = algorithms.primitive("ES256")
    assert primitive is not None

    assert expected == primitive.sign(b"sample", key)


@pytest.mark.parametrize("name", ["ES256", "ES256K", "ES384", "ES512"])
def test_ecdsa_signs_anyhow_where_openssl_is_old(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Without RFC 6979 the number is random, as PyJWT has it, and verifies as well."""
    monkeypatch.setattr(deterministic_ec, "IS_SUPPORTED", False)
    primitive = algorithms.primitive(name)
    assert primitive is not None
    private = key_material.private(name)
    one, other = primitive.sign(b"sample", private), primitive.sign(b"sample", private)

    assert one != other
    assert primitive.verify(b"sample", private.public_key(), one)


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

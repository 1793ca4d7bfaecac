"""One JWK: read strictly, written in public, named by its thumbprint."""

from typing import Any

import pytest
from joserfc.jwk import ECKey
from joserfc.jwk import import_key
from joserfc.jwk import OctKey
from joserfc.jwk import OKPKey
from joserfc.jwk import RSAKey

import key_material
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens.jwk import fitting_algorithm
from quart_jwt.tokens.jwk import key_thumbprint
from quart_jwt.tokens.jwk import MAX_MEMBER_CHARS
from quart_jwt.tokens.jwk import public_jwk
from quart_jwt.tokens.jwk import read_jwk
from quart_jwt.tokens.jwk import read_public_jwk
from quart_jwt.tokens.jwk import thumbprint
from quart_jwt.tokens.keys import signing_key
from quart_jwt.tokens.keys import verifying_key

KINDS = ["RS256", "ES256", "ES384", "ES512", "ES256K", "EdDSA"]


def jwk(algorithm: str, **changes: Any) -> dict[str, Any]:
    """The public JWK of our key for an algorithm, changed."""
    members = public_jwk(algorithm, key_material.public(algorithm)) or {}
    merged = {**members, "kid": "k", **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _joserfc(algorithm: str) -> RSAKey | ECKey | OKPKey | OctKey:
    kinds = {"R": RSAKey, "E": ECKey}
    pem = key_material.private_pem(algorithm)
    kind: Any = OKPKey if algorithm == "EdDSA" else kinds[algorithm[0]]
    key: RSAKey | ECKey | OKPKey = kind.import_key(pem)
    return key


@pytest.mark.parametrize("algorithm", KINDS)
def test_what_is_written_is_what_joserfc_writes(algorithm: str) -> None:
    """Public members and thumbprint agree with another implementation."""
    theirs = _joserfc(algorithm)
    ours = public_jwk(algorithm, key_material.private_pem(algorithm))

    assert ours == {
        name: value
        for name, value in theirs.as_dict(private=False).items()
        if name not in {"kid", "key_ops"}
    }
    assert theirs.thumbprint() == thumbprint(ours)
    assert theirs.thumbprint() == key_thumbprint(
        algorithm, key_material.public(algorithm)
    )


def test_a_secret_has_a_thumbprint_and_no_public_half() -> None:
    """A secret is named like any key, and never written."""
    theirs = OctKey.import_key(key_material.SECRET)

    assert public_jwk("HS256", key_material.SECRET) is None
    assert theirs.thumbprint() == key_thumbprint("HS256", key_material.SECRET)


@pytest.mark.parametrize("algorithm", KINDS)
@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_what_joserfc_writes_is_read(algorithm: str, *, private: bool) -> None:
    """A key that another implementation exported makes and checks signatures."""
    exported = _joserfc(algorithm).as_dict(private=private)
    read = read_jwk({**exported, "alg": algorithm})
    signature = signing_key(algorithm, key_material.private(algorithm)).sign(b"m")

    assert algorithm == read.algorithm
    assert verifying_key(algorithm, read.material).verifies(b"m", signature)
    assert import_key(exported).thumbprint() == read.kid


@pytest.mark.parametrize(
    ("members", "preferred", "expected"),
    [
        (jwk("RS256"), [], "RS256"),
        (jwk("RS256"), ["ES256", "PS256", "RS512"], "PS256"),
        (jwk("RS256", alg="RS384"), ["PS256"], "RS384"),
        (jwk("ES384"), ["ES256"], "ES384"),
        ({"kty": "oct", "k": "c2VjcmV0"}, [], "HS256"),
        ({"kty": "oct", "k": "c2VjcmV0"}, ["RS256", "HS512"], "HS512"),
    ],
    ids=["usual", "first-that-fits", "its-own", "by-curve", "secret", "secret-512"],
)
def test_a_key_is_for_one_algorithm(
    members: dict[str, Any], preferred: list[str], expected: str
) -> None:
    """Its ``alg`` decides, then what is preferred, then what is usual."""
    assert expected == read_jwk(members, preferred).algorithm


def test_a_key_without_a_name_has_its_thumbprint() -> None:
    """RFC 7638 names a key that does not name itself."""
    members = jwk("ES256", kid=None)

    assert thumbprint(members) == read_jwk(members).kid
    assert read_jwk(jwk("ES256", kid="")).kid == ""


REFUSED = {
    "no-object": ["kty", "RSA"],
    "no-kty": jwk("RS256", kty=None),
    "unknown-kty": jwk("RS256", kty="AKP"),
    "kty-list": jwk("RS256", kty=["RSA"]),
    "unknown-curve": jwk("ES256", crv="P-192"),
    "curve-list": jwk("ES256", crv=["P-256"]),
    "curve-of-another": jwk("ES256", crv="P-384"),
    "unknown-alg": jwk("ES256", alg="ES224"),
    "alg-list": jwk("ES256", alg=["ES256"]),
    "alg-of-another-curve": jwk("ES256", alg="ES384"),
    "alg-of-another-kind": jwk("RS256", alg="HS256"),
    "alg-none": jwk("RS256", alg="none"),
    "alg-for-encryption": jwk("RS256", alg="RSA-OAEP"),
    "use-enc": jwk("RS256", use="enc"),
    "use-list": jwk("RS256", use=["sig"]),
    "key-ops-encrypt": jwk("RS256", key_ops=["encrypt"]),
    "key-ops-sign-only": jwk("RS256", key_ops=["sign"]),
    "key-ops-string": jwk("RS256", key_ops="verify"),
    "key-ops-numbers": jwk("RS256", key_ops=[1]),
    "key-ops-twice": jwk("RS256", key_ops=["verify", "verify"]),
    "kid-number": jwk("RS256", kid=7),
    "kid-long": jwk("RS256", kid="k" * 257),
    "no-modulus": jwk("RS256", n=None),
    "modulus-number": jwk("RS256", n=65537),
    "modulus-empty": jwk("RS256", n=""),
    "modulus-padded": jwk("RS256", n=jwk("RS256")["n"] + "=="),
    "modulus-base64": jwk("RS256", n=jwk("RS256")["n"] + "+/"),
    "modulus-long": jwk("RS256", n="A" * (MAX_MEMBER_CHARS + 1)),
    "exponent-one": jwk("RS256", e="AQ"),
    "exponent-zero": jwk("RS256", e="AA"),
    "off-curve": jwk("ES256", y=jwk("ES256")["x"]),
    "short-coordinate": jwk("ES256", x=jwk("ES256")["x"][:-4]),
    "short-ed25519": jwk("EdDSA", x="AAAA"),
    "secret-empty": {"kty": "oct", "k": ""},
    "no-secret": {"kty": "oct"},
    "several-primes": jwk("RS256", d="AQ", oth=[{"r": "AQ"}]),
    "half-a-private-key": jwk("RS256", d="AQ"),
    "another-private-key": jwk("EdDSA", d="A" * 43),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_key_that_is_wrong_is_refused(name: str) -> None:
    """What is malformed, weak by construction or for another use is no key."""
    members: Any = REFUSED[name]
    with pytest.raises(ConfigurationError) as caught:
        read_jwk(members)

    # The sentence says what is wrong, and nothing of the key.
    assert str(caught.value).startswith("A JWK cannot be used: ")
    assert len(str(caught.value)) < 120
    assert caught.value.__cause__ is None
    values = map(str, members.values() if isinstance(members, dict) else [])
    assert not [one for one in values if len(one) > 8 and one in str(caught.value)]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "HS256"])
def test_a_private_key_that_was_published_is_refused(algorithm: str) -> None:
    """Whoever publishes the private half has told everybody how to sign."""
    exported: Any = {"kty": "oct", "k": "c2VjcmV0"}
    if algorithm != "HS256":
        exported = _joserfc(algorithm).as_dict(private=True)
    read_jwk(exported)
    with pytest.raises(ConfigurationError, match="is private, and was published"):
        read_public_jwk(exported)


def test_a_private_key_may_be_for_signing_only() -> None:
    """The ``key_ops`` of a private key say that it signs; its public half verifies."""
    exported = _joserfc("ES256").as_dict(private=True)

    assert read_jwk({**exported, "key_ops": ["sign"]}).algorithm == "ES256"


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_pem_is_for_the_algorithm_of_its_kind(algorithm: str) -> None:
    """Where a key does not say what it is for, its kind does."""
    for material in (
        key_material.private_pem(algorithm),
        key_material.public_pem(algorithm),
        key_material.public(algorithm),
    ):
        assert algorithm == fitting_algorithm(material, "HS256")


def test_a_preferred_algorithm_wins_where_it_fits() -> None:
    """An RSA key is for PS512 if that is preferred; an EC key cannot be."""
    assert fitting_algorithm(key_material.public_pem("RS256"), "PS512") == "PS512"
    assert fitting_algorithm(key_material.public_pem("ES256"), "PS512") == "ES256"


@pytest.mark.parametrize("material", ["-----BEGIN nothing", b"", object(), None])
def test_what_is_no_key_fits_nothing(material: Any) -> None:
    """Anything but a key is an error that does not repeat it."""
    with pytest.raises(ConfigurationError, match="neither RSA, EC nor EdDSA"):
        fitting_algorithm(material, "RS256")

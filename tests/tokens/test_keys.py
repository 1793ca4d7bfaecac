import secrets
from base64 import b64encode
from base64 import encodebytes
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import Algorithm

import key_material
from confusion import FORMS
from quart_jwt.exceptions import ConfigurationError
from quart_jwt.tokens import keys
from quart_jwt.tokens.algorithms import primitive
from quart_jwt.tokens.keys import signing_key
from quart_jwt.tokens.keys import verifying_key
from quart_jwt.tokens.keys import weakness

PUBLIC_CLASSES = {
    "RS": rsa.RSAPublicKey,
    "PS": rsa.RSAPublicKey,
    "ES": ec.EllipticCurvePublicKey,
    "Ed": ed25519.Ed25519PublicKey,
}


class Unhashable(str):
    """A secret that no cache can hold."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("algorithm", key_material.ALGORITHMS)
def test_a_key_signs_and_verifies(algorithm: str) -> None:
    """What a signing key made, the verifying key of its pair accepts."""
    signature = signing_key(algorithm, key_material.private(algorithm)).sign(b"message")
    key = verifying_key(algorithm, key_material.public(algorithm))

    assert key.verifies(b"message", signature)
    assert not key.verifies(b"massage", signature)
    assert not key.verifies(b"message", b"")
    assert not key.verifies(b"message", signature[:-1])
    assert not key.verifies(b"message", signature + b"\0")


@pytest.mark.parametrize("encoded", [str, str.encode], ids=["str", "bytes"])
@pytest.mark.parametrize("algorithm", key_material.PAIRED)
def test_a_key_may_come_in_pem(algorithm: str, encoded: Any) -> None:
    """PEM is as good as a key object, as text and as bytes."""
    key = signing_key(algorithm, encoded(key_material.private_pem(algorithm)))
    public = verifying_key(algorithm, encoded(key_material.public_pem(algorithm)))

    assert public.verifies(b"message", key.sign(b"message"))


@pytest.mark.parametrize("algorithm", key_material.HMAC)
def test_text_and_bytes_are_one_secret(algorithm: str) -> None:
    """A secret may be text or bytes."""
    signature = signing_key(algorithm, key_material.SECRET).sign(b"message")

    assert verifying_key(algorithm, key_material.SECRET.encode()).verifies(
        b"message", signature
    )


@pytest.mark.parametrize("as_pem", [True, False], ids=["pem", "object"])
@pytest.mark.parametrize("algorithm", key_material.PAIRED)
def test_a_verifying_key_has_no_private_half(algorithm: str, as_pem: bool) -> None:
    """A private key given for verifying is reduced to its public half."""
    private = (
        key_material.private_pem(algorithm)
        if as_pem
        else key_material.private(algorithm)
    )
    key = verifying_key(algorithm, private)
    signature = signing_key(algorithm, private).sign(b"message")

    assert isinstance(key._material, PUBLIC_CLASSES[algorithm[:2]])
    assert not hasattr(key._material, "private_numbers")
    assert key.verifies(b"message", signature)


def _misfits() -> list[Any]:
    materials: dict[str, Any] = {
        "rsa": key_material.public_pem("RS256"),
        "p256": key_material.public_pem("ES256"),
        "p384": key_material.public_pem("ES384"),
        "p521": key_material.public_pem("ES512"),
        "k256": key_material.public_pem("ES256K"),
        "ed25519": key_material.public_pem("EdDSA"),
        "p256-object": key_material.public("ES256"),
        "rsa-object": key_material.private("RS256"),
        "secret": "squeamish-ossifrage-" * 3,
        "empty": "",
        "none": None,
        "int": 4711,
        "list": ["squeamish-ossifrage"],
        "broken-pem": "-----BEGIN PUBLIC KEY-----\nsqueamish\n-----END PUBLIC KEY-----",
    }
    fits = {
        **dict.fromkeys(key_material.HMAC, frozenset({"secret"})),
        **dict.fromkeys(key_material.RSA, frozenset({"rsa", "rsa-object"})),
        "ES256": {"p256", "p256-object"},
        "ES384": {"p384"},
        "ES512": {"p521"},
        "ES256K": {"k256"},
        "EdDSA": {"ed25519"},
    }
    return [
        pytest.param(algorithm, material, id=f"{algorithm}-{name}")
        for algorithm, fitting in fits.items()
        for name, material in materials.items()
        if name not in fitting
    ]


@pytest.mark.parametrize(("algorithm", "material"), _misfits())
@pytest.mark.parametrize("prepare", [signing_key, verifying_key, weakness])
def test_a_key_of_another_kind_is_refused(
    prepare: Any, algorithm: str, material: Any
) -> None:
    """A misfit is a ConfigurationError that shows nothing of the key."""
    with pytest.raises(ConfigurationError) as caught:
        prepare(algorithm, material)
    text = str(caught.value)

    assert text.startswith(f"The key does not fit {algorithm}, which takes ")
    assert "squeamish" not in text
    assert "4711" not in text
    for line in str(material).splitlines():
        assert not line or line not in text


@pytest.mark.parametrize("name", ["none", "HS1", "rs256", "", "A128KW"])
@pytest.mark.parametrize("prepare", [signing_key, verifying_key, weakness])
def test_an_unknown_algorithm_is_refused(prepare: Any, name: str) -> None:
    """No key can be made for an algorithm that we do not have."""
    with pytest.raises(ConfigurationError) as caught:
        prepare(name, key_material.SECRET)

    assert f"Algorithm {name!r} is not supported here" == str(caught.value)


@pytest.mark.parametrize("algorithm", key_material.ALGORITHMS)
def test_a_key_shows_nothing_but_its_algorithm(algorithm: str) -> None:
    """``repr`` and ``str`` hold no material."""
    signing = signing_key(algorithm, key_material.private(algorithm))
    verifying = verifying_key(algorithm, key_material.public(algorithm))

    assert f"<SigningKey {algorithm}>" == repr(signing) == str(signing)
    assert f"<VerifyingKey {algorithm}>" == repr(verifying) == str(verifying)


def test_a_key_cannot_change_its_algorithm() -> None:
    """A key is bound to one algorithm for good."""
    key = verifying_key("HS256", key_material.SECRET)
    with pytest.raises(AttributeError):
        key.algorithm = "HS512"  # type: ignore[misc]


def test_a_key_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same material is not taken apart again at every use."""
    prepared = []

    def counted(name: str) -> Algorithm | None:
        prepared.append(name)
        return primitive(name)

    monkeypatch.setattr(keys, "primitive", counted)
    secret = secrets.token_hex(32)
    for _ in range(3):
        signing_key("HS256", secret)
        verifying_key("HS256", secret)
        weakness("HS256", secret)

    assert prepared == ["HS256"]


def test_a_key_that_cannot_be_hashed_works() -> None:
    """Material that no cache can hold is prepared each time."""
    secret = Unhashable(key_material.SECRET)
    signature = signing_key("HS256", secret).sign(b"message")

    assert verifying_key("HS256", secret).verifies(b"message", signature)
    assert weakness("HS256", secret) is None


@pytest.mark.parametrize(
    ("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)]
)
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_secret_is_as_long_as_its_hash(algorithm: str, least: int, more: int) -> None:
    """RFC 7518 §3.2: shorter than the hash is weak."""
    secret = ("dQw4w9WgXcQ-" * 10)[: least + more]
    expected = (
        f"it has {least - 1} bytes, and {algorithm} needs at least {least} "
        "(RFC 7518 section 3.2)"
        if more < 0
        else None
    )

    assert expected == weakness(algorithm, secret)
    assert expected == weakness(algorithm, secret.encode())


def test_a_secret_is_measured_in_bytes() -> None:
    """Sixteen characters of two bytes each are long enough."""
    assert weakness("HS256", "äöüßéèêëàâáåñõôò") is None


@pytest.mark.parametrize("bits", [1024, 2047, 2048])
@pytest.mark.parametrize("algorithm", ["RS256", "PS512"])
def test_an_rsa_key_has_2048_bits(algorithm: str, bits: int) -> None:
    """RFC 7518 §3.3: a smaller modulus is weak, in either half of the key."""
    key = key_material.rsa_key(bits)
    expected = (
        f"it has {bits} bits, and RSA needs at least 2048 (RFC 7518 section 3.3)"
        if bits < 2048
        else None
    )

    assert expected == weakness(algorithm, key)
    assert expected == weakness(algorithm, key.public_key())


def test_a_small_exponent_is_weak() -> None:
    """An exponent of 3 has made signatures forgeable."""
    key = key_material.rsa_key(2048, 3)

    assert weakness("RS256", key) == "its public exponent is below 65537"
    assert weakness("RS256", key.public_key()) == "its public exponent is below 65537"


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K", "EdDSA"])
def test_a_curve_has_no_weakness(algorithm: str) -> None:
    """The curve is part of the algorithm, so a key that fits is strong."""
    assert weakness(algorithm, key_material.private(algorithm)) is None
    assert weakness(algorithm, key_material.public(algorithm)) is None


def test_a_known_secret_is_weak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that stands in a public list can be guessed, however long it is."""
    monkeypatch.setattr(keys, "is_known", lambda secret: secret == b"public" * 10)

    assert weakness("HS256", "public" * 10) == "it is in public lists of known secrets"
    assert weakness("HS256", "secret" * 10) is None


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("form", FORMS)
def test_a_public_key_is_no_secret(form: str, algorithm: str) -> None:
    """Each spelling of a public key is refused as a secret, or called weak."""
    material = FORMS[form](algorithm)
    try:
        fault = weakness("HS256", material)
    except ConfigurationError as exc:
        fault = str(exc)

    assert fault
    assert material.decode("latin-1") not in fault


@pytest.mark.parametrize(
    "spelling",
    [
        lambda der: der.hex().upper().encode(),
        lambda der: b"\n".join(
            der.hex().encode()[at : at + 64] for at in range(0, 600, 64)
        ),
        encodebytes,
        lambda der: b64encode(der).rstrip(b"="),
        urlsafe_b64encode,
    ],
    ids=["upper-hex", "hex-lines", "base64-lines", "base64-no-padding", "base64url"],
)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_der_key_is_recognised_in_any_dress(algorithm: str, spelling: Any) -> None:
    """Line breaks, letter case and the flavour of base64 hide nothing."""
    material = spelling(key_material.public_der(algorithm))

    assert (
        weakness("HS256", material) == "it is a bare number or the text of a public key"
    )


@pytest.mark.parametrize(
    "secret",
    [
        secrets.token_hex(32),
        secrets.token_urlsafe(48),
        secrets.token_bytes(64),
        "0" + "Ab" * 20,
        "30" + "0a" * 40,
        "MDAw" * 16,
        b"\x30" + bytes(range(1, 60)),
        b"\x30\x80" + b"x" * 60,
        b"\x30\x03" + b"x" * 60,
    ],
    ids=[
        "hex",
        "urlsafe",
        "bytes",
        "odd",
        "hex-sequence",
        "base64",
        "raw",
        "indef",
        "short",
    ],
)
def test_an_honest_secret_is_not_mistaken_for_a_key(secret: str | bytes) -> None:
    """Text in hex or base64 is a secret like any other unless it decodes to a key."""
    assert weakness("HS256", secret) is None


def test_a_short_der_form_is_recognised() -> None:
    """A key of fewer than 128 bytes has its length in one byte."""
    der = key_material.public_der("EdDSA")

    assert der[1] < 0x80
    assert weakness("HS256", der.hex()) is not None
    assert weakness("HS256", (der + b"\0").hex()) is None


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
@pytest.mark.parametrize("as_bytes", [False, True])
def test_a_pem_may_have_literal_line_breaks(algorithm: str, as_bytes: bool) -> None:
    r"""A PEM whose line breaks are ``\n`` in two characters is read as it was meant."""
    flat = key_material.private_pem(algorithm).replace("\n", "\\n")
    signature = signing_key(algorithm, flat.encode() if as_bytes else flat).sign(b"m")

    assert "\n" not in flat
    assert verifying_key(algorithm, key_material.public(algorithm)).verifies(
        b"m", signature
    )


def test_a_secret_keeps_its_backslashes() -> None:
    r"""Only a PEM is mended: ``\n`` in a secret stays two characters."""
    secret = "s" * 32 + "\\n"
    signature = signing_key("HS256", secret).sign(b"m")

    assert verifying_key("HS256", secret).verifies(b"m", signature)
    assert not verifying_key("HS256", secret.replace("\\n", "\n")).verifies(
        b"m", signature
    )

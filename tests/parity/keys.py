"""The keys of the suite: long enough to be warned about by nobody."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat

SECRET = "compat-secret-" + "0123456789abcdef" * 4
OTHER_SECRET = "another-secret-" + "fedcba9876543210" * 4

_Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _pair(private: _Private) -> tuple[str, str]:
    """The PEM texts of the private and the public key."""
    return (
        private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
        private.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    )


_RSA = _pair(rsa.generate_private_key(public_exponent=65537, key_size=2048))
PAIRS: dict[str, tuple[str, str]] = {
    "RS256": _RSA,
    "PS256": _RSA,
    "ES256": _pair(ec.generate_private_key(ec.SECP256R1())),
    "EdDSA": _pair(ed25519.Ed25519PrivateKey.generate()),
}
SYMMETRIC = ("HS256", "HS384", "HS512")
ALGORITHMS = (*SYMMETRIC, *PAIRS)


def signing_key(algorithm: str) -> str:
    """The key that a token of this algorithm is signed with."""
    return PAIRS[algorithm][0] if algorithm in PAIRS else SECRET

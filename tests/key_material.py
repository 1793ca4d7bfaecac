"""One strong key for every algorithm, made once a run."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import NoEncryption
from cryptography.hazmat.primitives.serialization import PrivateFormat
from cryptography.hazmat.primitives.serialization import PublicFormat

SECRET = "l8Yc2vTq0Zr5Xw9Hn4Bk7Jm1Pd6Fs3Ga" * 2

HMAC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}
PAIRED = (*RSA, *CURVES, "EdDSA")
ALGORITHMS = (*HMAC, *PAIRED)


@cache
def rsa_key(bits: int = 2048, exponent: int = 65_537) -> rsa.RSAPrivateKey:
    """An RSA key of that size."""
    return rsa.generate_private_key(public_exponent=exponent, key_size=bits)


@cache
def _ec_key(algorithm: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(CURVES[algorithm])


@cache
def _ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def private(algorithm: str) -> Any:
    """What signs: a secret, or a private key object."""
    if algorithm in HMAC:
        return SECRET
    if algorithm in RSA:
        return rsa_key()
    return _ec_key(algorithm) if algorithm in CURVES else _ed_key()


def public(algorithm: str) -> Any:
    """What verifies: the secret, or the public key object."""
    key = private(algorithm)
    return key if algorithm in HMAC else key.public_key()


def private_pem(algorithm: str) -> str:
    """The private key as PKCS #8 in PEM."""
    key = private(algorithm)
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


def public_pem(algorithm: str) -> str:
    """The public key as SubjectPublicKeyInfo in PEM."""
    pem: bytes = public(algorithm).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode("ascii")


def public_der(algorithm: str) -> bytes:
    """The public key as SubjectPublicKeyInfo in DER."""
    der: bytes = public(algorithm).public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return der


def public_ssh(algorithm: str) -> bytes:
    """The public key as a line of ``authorized_keys``."""
    line: bytes = public(algorithm).public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return line

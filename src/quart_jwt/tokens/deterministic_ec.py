"""
ECDSA whose signatures follow from the message and the key (RFC 6979).

RFC 8725 §3.2 asks for it: with a random number that repeats, ECDSA gives the private
key away. It also makes a token that is made again the same to the letter. The
primitive is cryptography's; this module needs it installed.
"""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import Algorithm
from jwt.algorithms import ECAlgorithm
from jwt.utils import der_to_raw_signature


def _is_supported() -> bool:
    """
    Whether OpenSSL and cryptography can do it: OpenSSL 3.0 and cryptography 42 cannot.
    """
    try:
        ECDSA(SHA256(), deterministic_signing=True)
    except (UnsupportedAlgorithm, TypeError):
        return False
    return True


IS_SUPPORTED = _is_supported()


class DeterministicEC(ECAlgorithm):
    """Same as PyJWT's, but deterministic where OpenSSL can do that."""

    def sign(self, msg: bytes, key: EllipticCurvePrivateKey) -> bytes:
        """The signature of a message, as RFC 7518 §3.4 writes it."""
        how = {"deterministic_signing": True} if IS_SUPPORTED else {}
        algorithm = ECDSA(self.hash_alg(), **how)
        return der_to_raw_signature(key.sign(msg, algorithm), key.curve)


def deterministic(primitive: Algorithm) -> Algorithm:
    """The deterministic twin of an ECDSA primitive; any other as it is."""
    if isinstance(primitive, ECAlgorithm):
        return DeterministicEC(primitive.hash_alg, primitive.expected_curve)
    return primitive

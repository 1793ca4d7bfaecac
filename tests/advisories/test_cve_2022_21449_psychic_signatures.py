"""ECDSA signatures of zeros and other impossible numbers (CVE-2022-21449)."""

from collections.abc import Callable

import jwt
import pytest

import key_material
from advisories.door import CLAIMS
from advisories.door import Door
from forging import segment

BYTES = {"ES256": 32, "ES384": 48, "ES512": 66}
ORDER = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": int(
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
        "581a0db248b0a77aecec196accc52973",
        16,
    ),
    "ES512": int(
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa"
        "51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409",
        16,
    ),
}
PAIRS: dict[str, Callable[[int], tuple[int, int]]] = {
    "zeros": lambda _n: (0, 0),
    "r-zero": lambda _n: (0, 1),
    "s-zero": lambda _n: (1, 0),
    "r-order": lambda n: (n, 1),
    "s-order": lambda n: (1, n),
    "both-order": lambda n: (n, n),
    "r-order-s-zero": lambda n: (n, 0),
    "ones": lambda _n: (1, 1),
    "below-order": lambda n: (n - 1, n - 1),
    "beyond-order": lambda n: (n + 1, n + 1),
}


def _signed(algorithm: str, signature: bytes) -> str:
    return f"{segment({'alg': algorithm})}.{segment(CLAIMS)}.{segment(signature)}"


@pytest.mark.parametrize("pair", PAIRS)
async def test_impossible_numbers_are_no_signature(pair: str, ec_door: Door) -> None:
    """R or s of zero, of the group order and beyond verify nothing."""
    algorithm = ec_door.app.config["JWT_ALGORITHM"]
    size = BYTES[algorithm]
    r, s = PAIRS[pair](ORDER[algorithm])
    token = _signed(algorithm, r.to_bytes(size) + s.to_bytes(size))

    assert await ec_door.refuses(token) == "Signature verification failed"


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 70, 72, 95, 96, 131, 132, 133])
async def test_zeros_of_any_length_are_no_signature(length: int, ec_door: Door) -> None:
    """No number of zero bytes verifies, nor does an empty signature."""
    token = _signed(ec_door.app.config["JWT_ALGORITHM"], bytes(length))

    assert await ec_door.refuses(token) == "Signature verification failed"


async def test_a_signature_in_der_is_refused(ec_door: Door) -> None:
    """JWS has r and s side by side; the same signature in ASN.1 is none."""
    algorithm = ec_door.app.config["JWT_ALGORITHM"]
    token = jwt.encode(CLAIMS, key_material.private(algorithm), algorithm)
    raw = jwt.utils.base64url_decode(token.rpartition(".")[2])
    der = jwt.utils.raw_to_der_signature(raw, key_material.CURVES[algorithm])

    assert await ec_door.accepts(token) == CLAIMS
    reason = await ec_door.refuses(f"{token.rpartition('.')[0]}.{segment(der)}")
    assert reason == "Signature verification failed"

"""
The ten spellings of a public key that have passed for HMAC secrets.

CVE-2015-9235, CVE-2022-29217, CVE-2024-33663 and their kin: who knows the public
key knows every one of these.
"""

import json
from base64 import b64encode
from collections.abc import Callable

from jwt.algorithms import ECAlgorithm
from jwt.algorithms import OKPAlgorithm
from jwt.algorithms import RSAAlgorithm

import key_material


def _jwk(algorithm: str) -> str:
    key = key_material.public(algorithm)
    if algorithm in key_material.RSA:
        return str(RSAAlgorithm.to_jwk(key))
    if algorithm == "EdDSA":
        return str(OKPAlgorithm.to_jwk(key))
    return str(ECAlgorithm.to_jwk(key))


def _modulus(algorithm: str) -> bytes:
    # Only RSA has a modulus; the others have the private scalar's companion, x.
    key = key_material.public(algorithm)
    if algorithm in key_material.RSA:
        return str(key.public_numbers().n).encode()
    if algorithm == "EdDSA":
        return str(int.from_bytes(key.public_bytes_raw())).encode()
    return str(key.public_numbers().x).encode()


FORMS: dict[str, Callable[[str], bytes]] = {
    "pem": lambda name: key_material.public_pem(name).encode(),
    "pem-stripped": lambda name: key_material.public_pem(name).strip().encode(),
    "pem-one-line": lambda name: (
        key_material.public_pem(name).replace("\n", "").encode()
    ),
    "der": key_material.public_der,
    "base64-body": lambda name: b64encode(key_material.public_der(name)),
    "jwk": lambda name: _jwk(name).encode(),
    "jwks": lambda name: json.dumps({"keys": [json.loads(_jwk(name))]}).encode(),
    "hex-der": lambda name: key_material.public_der(name).hex().encode(),
    "modulus-decimal": _modulus,
    "ssh": key_material.public_ssh,
}

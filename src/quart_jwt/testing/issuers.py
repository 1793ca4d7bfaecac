"""
Tokens of the issuers of ``JWT_ISSUERS``, which tests speak for without any network.

The issuer's keys in the app become a key of ours, made once in this process. Whatever
else the app's settings say of the issuer is judged as ever.
"""

import json
import uuid
from functools import lru_cache
from typing import Any
from weakref import WeakSet

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa

from quart_jwt.extension.hooks.workers import compute
from quart_jwt.extension.settings.issuers import Issuer
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.codec import sign
from quart_jwt.tokens.key_ring import ring_key
from quart_jwt.tokens.key_ring import RingKey
from quart_jwt.typing import Claims

LIFE_S = 15 * 60
CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
    "ES256K": ec.SECP256K1(),
}

_spoken_for: WeakSet[Any] = WeakSet()


def issuer_of(settings: Settings, claims: Claims) -> Issuer | None:
    """The issuer of ``JWT_ISSUERS`` that claims name; None for none of them."""
    issuer: Issuer | None = settings.issuer_of(claims) if settings.issuers else None
    return issuer


async def issued_elsewhere(
    issuer: Issuer,
    settings: Settings,
    identity: Any,
    claims: Claims,
    *,
    now: float,
    life_s: float | None,
) -> str:
    """
    Make a token as another issuer would.

    Args:
        issuer: The issuer.
        settings: The app's; they name the claim of the identity.
        identity: Whom it speaks for.
        claims: More claims, ``iss`` among them; they win.
        now: The time, in epoch seconds.
        life_s: For how long it is valid; a quarter of an hour if None.

    Raises:
        TypeError: The issuer has no published keys, for which others could stand in.
    """
    if issuer.keys is None:
        raise TypeError("The app loads the keys of this issuer: use its key_loader")
    key = await compute(_key, issuer.algorithms[0])
    if issuer.keys not in _spoken_for:
        await issuer.keys.pretend(json.dumps({"keys": [key.public]}).encode("ascii"))
        _spoken_for.add(issuer.keys)
    expires = int(now + (LIFE_S if life_s is None else life_s))
    laid_out: Claims = {
        settings.identity_claim_key: identity,
        "iat": int(now),
        "exp": expires,
        "jti": str(uuid.uuid4()),
    }
    audience = issuer.expectation.audience
    if audience is not None:
        laid_out["aud"] = (
            audience if isinstance(audience, str) else next(iter(audience))
        )
    header = {"kid": key.kid}
    if issuer.expectation.profile is not None and claims.get("type") != "refresh":
        laid_out["client_id"] = "tester"
        header["typ"] = "at+jwt"
    if key.signing is None:
        raise TypeError("A key that was made here signs")
    return sign(header, laid_out | claims, key.signing, None)


@lru_cache
def _key(algorithm: str) -> RingKey:
    material: Any
    if algorithm in CURVES:
        material = ec.generate_private_key(CURVES[algorithm])
    elif algorithm == "EdDSA":
        material = ed25519.Ed25519PrivateKey.generate()
    else:
        material = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return ring_key(algorithm, material)

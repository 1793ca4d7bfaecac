"""
Four libraries that verify tokens by a JWK Set's URL, and make tokens with keys.

Each does both in its own way; nothing of ours stands between it and the socket.
"""

import asyncio
import json
import warnings
from collections.abc import Awaitable
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import authlib.deprecate
import httpx
import jwt as pyjwt
from joserfc import jwt as joserfc_jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import generate_key
from joserfc.jwk import KeySet

from consumers.node import run_node

with warnings.catch_warnings():
    # Authlib's own code is what is wanted here, as long as it is there. The module
    # above insists on the warning when it is imported, so that has happened.
    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.jose import JsonWebKey
    from authlib.jose import JsonWebToken
    from authlib.jose.errors import BadSignatureError as AuthlibBadSignatureError

KINDS = {"RS256": ("RSA", 2048), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
"""What each algorithm's key is made of."""

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """A token of another library, and the JWK Set that it publishes."""

    token: str
    jwks: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Library:
    """
    One library.

    Attributes:
        verify: ``(url, token, algorithm)`` gives the claims, or raises.
        make: ``(claims, algorithm)`` gives a token and its JWK Set.
        refusal: What ``verify`` raises for a bad signature.
    """

    verify: Callable[[str, str, str], Awaitable[Claims]]
    make: Callable[[Claims, str], Awaitable[Made]]
    refusal: type[Exception]


async def _fetched(url: str) -> Any:
    async with httpx.AsyncClient(timeout=60) as client:
        return (await client.get(url)).raise_for_status().json()


async def _joserfc_verify(url: str, token: str, algorithm: str) -> Claims:
    keys = KeySet.import_key_set(await _fetched(url))
    return joserfc_jwt.decode(token, keys, algorithms=[algorithm]).claims


async def _joserfc_make(claims: Claims, algorithm: str) -> Made:
    kind: Any = KINDS[algorithm]
    parameters = {"kid": "joserfc", "alg": algorithm, "use": "sig"}
    key: Any = generate_key(kind[0], kind[1], parameters)  # type: ignore[call-overload] # one call for three kinds
    header = {"alg": algorithm, "kid": "joserfc"}
    token = joserfc_jwt.encode(header, claims, key, algorithms=[algorithm])
    return Made(token, {"keys": [key.as_dict(private=False)]})


async def _pyjwt_verify(url: str, token: str, algorithm: str) -> Claims:
    def verify() -> Claims:
        key = pyjwt.PyJWKClient(url).get_signing_key_from_jwt(token)
        claims: Claims = pyjwt.decode(token, key, algorithms=[algorithm])
        return claims

    return await asyncio.to_thread(verify)


async def _pyjwt_make(claims: Claims, algorithm: str) -> Made:
    kind: Any = KINDS[algorithm]
    key = generate_key(*kind)
    primitive = pyjwt.get_algorithm_by_name(algorithm)
    private: Any = primitive.from_jwk(key.as_dict(private=True))
    token = pyjwt.encode(claims, private, algorithm, {"kid": "pyjwt"})
    public: Any = primitive.to_jwk(private.public_key(), as_dict=True)
    # As PyJWT writes it: with key_ops, and without alg and use.
    return Made(token, {"keys": [{**public, "kid": "pyjwt"}]})


async def _authlib_verify(url: str, token: str, algorithm: str) -> Claims:
    keys = JsonWebKey.import_key_set(await _fetched(url))
    return dict(JsonWebToken([algorithm]).decode(token, keys))


async def _authlib_make(claims: Claims, algorithm: str) -> Made:
    kind, size = KINDS[algorithm]
    key = JsonWebKey.generate_key(kind, size, {"kid": "authlib"}, is_private=True)
    header = {"alg": algorithm, "kid": "authlib"}
    token: bytes = JsonWebToken([algorithm]).encode(header, claims, key)
    return Made(token.decode(), {"keys": [key.as_dict(is_private=False)]})


_JOSE_VERIFY = """
import { createRemoteJWKSet, jwtVerify } from "jose";
const [url, token, algorithm] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(url));
const { payload } = await jwtVerify(token, keys, { algorithms: [algorithm] });
console.log(JSON.stringify(payload));
"""

_JOSE_MAKE = """
import { exportJWK, generateKeyPair, SignJWT } from "jose";
const [claims, alg] = process.argv.slice(2);
const { publicKey, privateKey } = await generateKeyPair(alg);
const token = await new SignJWT(JSON.parse(claims))
  .setProtectedHeader({ alg, kid: "jose" }).sign(privateKey);
const jwk = { ...(await exportJWK(publicKey)), kid: "jose", alg, use: "sig" };
console.log(JSON.stringify({ token, jwks: { keys: [jwk] } }));
"""


async def _jose_verify(url: str, token: str, algorithm: str) -> Claims:
    claims: Claims = await run_node(_JOSE_VERIFY, url, token, algorithm)
    return claims


async def _jose_make(claims: Claims, algorithm: str) -> Made:
    return Made(**await run_node(_JOSE_MAKE, json.dumps(claims), algorithm))


LIBRARIES = {
    "joserfc": Library(_joserfc_verify, _joserfc_make, BadSignatureError),
    "PyJWKClient": Library(_pyjwt_verify, _pyjwt_make, pyjwt.InvalidSignatureError),
    "Authlib": Library(_authlib_verify, _authlib_make, AuthlibBadSignatureError),
    "jose": Library(_jose_verify, _jose_make, AssertionError),
}

"""Refresh tokens have a secret of their own beside each key pair, and only they do."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat

import key_material
from clock import Clock
from quart_jwt import create_refresh_token
from quart_jwt.building_blocks import KeyRing
from quart_jwt.building_blocks import read_public_jwk
from quart_jwt.building_blocks import ring_key
from quart_jwt.service.app import create_app
from quart_jwt.service.database.database import Database
from quart_jwt.service.keys.refresh_secret import has_all_refresh_keys
from quart_jwt.service.keys.refresh_secret import refresh_key_of
from quart_jwt.service.keys.signing_keys import SigningKeys
from quart_jwt.service.keys.table import KeyTable
from quart_jwt.service.settings.settings import Settings
from quart_jwt.tokens.codec import sign
from quart_jwt.tokens.jwk import public_jwk
from quart_jwt.tokens.keys import Hmac
from quart_jwt.tokens.keys import SigningKey
from service.keys.test_keys import _jwks
from service.keys.test_keys import _keys  # noqa: F401 - the fixture
from service.keys.test_keys import _kid
from service.keys.test_keys import _paired  # noqa: F401 - the fixture
from service.keys.test_keys import _start  # noqa: F401 - the fixture
from service.keys.test_keys import SEALING
from service.keys.test_keys import Start
from service.keys.test_keys import WAIT_S
from service.kit import bearer
from service.kit import Service

TYPES = ("access", "refresh")
INFO = PublicFormat.SubjectPublicKeyInfo


def _said(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = pyjwt.decode(token, options={"verify_signature": False})
    return claims


def _ring(service: Service) -> KeyRing:
    ring: KeyRing = service.app.config["JWT_KEY_RING"]
    return ring


def _forged(ring: KeyRing, kid: str, named: str, claims: dict[str, Any]) -> str:
    """A token that the key ``kid`` has signed, and that names another one."""
    (key,) = (key.signing for key in ring.keys if key.kid == kid)
    assert key is not None
    return sign({"kid": named}, claims, key, None)


async def test_a_refresh_token_has_a_code_and_an_access_token_a_signature(
    start: Start,
) -> None:
    """The kids say which secret belongs to which key pair."""
    async with start() as service:
        await service.add()
        pair = await service.log_in()
        headers = [pyjwt.get_unverified_header(pair[f"{one}_token"]) for one in TYPES]
        pair_kid = headers[0]["kid"]
        assert [header["alg"] for header in headers] == ["ES256", "HS256"]
        assert headers[1]["kid"] == f"{pair_kid}.refresh"
        again = await service.client.post(
            "/refresh", headers=bearer(pair["refresh_token"])
        )
        renewed = await again.get_json()
        assert (again.status_code, _kid(renewed["access_token"])) == (200, pair_kid)


async def test_what_is_published_has_no_secret(start: Start) -> None:
    """The JWK Set names neither the secret nor its algorithm nor its kid."""
    async with start() as service:
        text = json.dumps(await _jwks(service))
        (secret,) = (key for key in _ring(service).keys if key.token_type)
        hidden: Any = secret.signing
        octets = base64.urlsafe_b64encode(hidden._material).rstrip(b"=").decode()
        assert len(hidden._material) == 32
        for part in (octets, "refresh", "HS256", "oct"):
            assert part not in text
        assert octets not in repr(_ring(service))


@pytest.mark.parametrize("named", ["secret", "pair"])
@pytest.mark.parametrize("token_type", ["access", "refresh", "download"])
async def test_keys_cannot_be_swapped(
    start: Start, named: str, token_type: str
) -> None:
    """The secret makes refresh tokens under its own kid, and nothing else."""
    async with start() as service:
        await service.add()
        refresh = (await service.log_in())["refresh_token"]
        secret_kid = _kid(refresh)
        pair_kid = secret_kid.removesuffix(".refresh")
        kids = {"secret": secret_kid, "pair": pair_kid}
        claims = {**_said(refresh), "type": token_type}
        token = _forged(_ring(service), secret_kid, kids[named], claims)
        is_good = (named, token_type) == ("secret", "refresh")
        # A good refresh token is no access token either.
        for path in ("/protected", "/auth/verify", "/me"):
            answer = await service.client.get(path, headers=bearer(token))
            assert answer.status_code == 401
        expected = 200 if is_good else 401
        assert await service.status("POST", "/refresh", token) == expected


@pytest.mark.parametrize("token_type", TYPES)
async def test_a_signature_under_the_secrets_name_is_refused(
    start: Start, token_type: str
) -> None:
    """ES256 with the kid of the secret finds no key."""
    async with start() as service:
        await service.add()
        token = (await service.log_in())[f"{token_type}_token"]
        pair_kid = _kid(token).removesuffix(".refresh")
        forged = _forged(_ring(service), pair_kid, f"{pair_kid}.refresh", _said(token))
        assert await service.status("GET", "/protected", forged) == 401
        assert await service.status("POST", "/refresh", forged) == 401


SPELLINGS: dict[str, Callable[[Any], bytes]] = {
    "pem": lambda key: key.public_bytes(Encoding.PEM, INFO),
    "der": lambda key: key.public_bytes(Encoding.DER, INFO),
    "jwk": lambda key: json.dumps(public_jwk("ES256", key)).encode(),
    "derived": lambda key: _derived(key.public_bytes(Encoding.PEM, INFO)),
}
"""What everybody can work out of the JWK Set."""


def _derived(pem: bytes) -> bytes:
    hidden: Any = refresh_key_of(ring_key("ES256", pem), pem).signing
    return bytes(hidden._material)


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
async def test_what_is_public_is_no_secret(
    start: Start, spelled: Callable[[Any], bytes]
) -> None:
    """CVE-2015-9235: the public key, however it is spelled, makes no HMAC of ours."""
    async with start() as service:
        await service.add()
        refresh = (await service.log_in())["refresh_token"]
        claims, kid = _said(refresh), _kid(refresh)
        (published,) = (await _jwks(service))["keys"]
        public = read_public_jwk(published).material
        guesses = (spelled(public), published["kid"].encode())
        for guess in guesses:
            # PyJWT's own refuses to sign with the text of a public key.
            attacker = SigningKey("HS256", Hmac("HS256", guess), None, "any")
            for name in (kid, kid.removesuffix(".refresh")):
                token = sign({"kid": name}, claims, attacker, None)
                assert await service.status("POST", "/refresh", token) == 401
        unsigned = pyjwt.encode(claims, "", "none", {"kid": kid})
        assert await service.status("POST", "/refresh", unsigned) == 401
        assert await service.status("POST", "/refresh", refresh) == 200


async def test_a_refresh_token_of_before_goes_on(start: Start) -> None:
    """One that the key pair has signed is exchanged for one with a code."""
    async with start() as service:
        await service.add()
        refresh = (await service.log_in())["refresh_token"]
        pair_kid = _kid(refresh).removesuffix(".refresh")
        old = _forged(_ring(service), pair_kid, pair_kid, _said(refresh))
        answer = await service.client.post("/refresh", headers=bearer(old))
        assert answer.status_code == 200
        assert _kid((await answer.get_json())["refresh_token"]) == _kid(refresh)


@pytest.mark.parametrize("encryption_key", [None, SEALING])
async def test_two_hosts_have_one_secret(
    start: Start, encryption_key: str | None
) -> None:
    """It is worked out from the key that they share, and not told."""
    async with start(encryption_key=encryption_key) as one:
        await one.add()
        refresh = (await one.log_in())["refresh_token"]
        async with start(encryption_key=encryption_key) as other:
            assert await other.status("POST", "/refresh", refresh) == 200


async def test_a_secret_retires_and_ends_with_its_key(
    start: Start, keys: SigningKeys, clock: Clock
) -> None:
    """It verifies while the key does; ending the key by hand ends both."""
    async with start() as service:
        await service.add()
        old = await service.log_in()
        other = await service.log_in()
        await keys.rotate()
        clock.advance(WAIT_S)
        answer = await service.client.post(
            "/refresh", headers=bearer(old["refresh_token"])
        )
        renewed = (await answer.get_json())["refresh_token"]
        assert (answer.status_code, _kid(renewed) != _kid(old["refresh_token"])) == (
            200,
            True,
        )
        async with start() as late:  # begins when the key has retired
            assert late.app.config["JWT_KEY_RING"].keys[0].signing is None
            token = other["refresh_token"]
            assert await late.status("POST", "/refresh", token) == 200
        await keys.retire(_kid(old["access_token"]))
        clock.advance(60)
        for token in (old["refresh_token"], other["refresh_token"]):
            assert await service.code("POST", "/refresh", token) == "invalid_token"
        assert await service.status("POST", "/refresh", renewed) == 200


async def test_a_private_half_that_comes_back_is_found(
    start: Start, paired: Settings, keys: SigningKeys, clock: Clock
) -> None:
    """A retired key whose file cannot be read is looked for again."""
    async with start() as service:
        await service.add()
        refresh = (await service.log_in())["refresh_token"]
    await keys.rotate()
    clock.advance(WAIT_S)
    kid = _kid(refresh).removesuffix(".refresh")
    file = paired.storage.state_dir / "keys" / f"{kid}.pem"
    away = file.rename(file.with_suffix(".away"))
    async with start() as service:
        assert await service.status("POST", "/refresh", refresh) == 401
        away.rename(file)
        clock.advance(60)
        assert await service.status("POST", "/refresh", refresh) == 200
        ring = _ring(service)
        clock.advance(60)
        await service.status("GET", "/healthz/live", refresh)
        await service.status("GET", "/protected", refresh)
        assert has_all_refresh_keys(ring)
        assert _ring(service) is ring


async def test_the_table_knows_nothing_of_the_secret(
    start: Start, database: Database
) -> None:
    """An existing database needs no upgrade, and a copy of it tells nothing more."""
    async with start() as service:
        (secret,) = (key.signing for key in _ring(service).keys if key.token_type)
        (stored,) = await KeyTable(database).listed()
        hidden: Any = secret
        assert hidden._material.hex() not in repr(stored)
        assert stored.sealed is None


def test_the_secret_depends_on_the_key_alone() -> None:
    """Line ends are no part of it; another key has another one, and RFC 5869 rules."""
    pem = key_material.private_pem("ES256").encode()
    signing = ring_key("ES256", pem)
    secrets: list[Any] = [
        refresh_key_of(signing, one).signing
        for one in (pem, pem.replace(b"\n", b"\r\n"), pem + b"\n", b"x" + pem)
    ]
    first, *others = (one._material for one in secrets)

    assert [first == one for one in others] == [True, True, False]
    assert len(first) == 32
    assert first not in pem


async def test_one_secret_for_all_signs_refresh_tokens_too(settings: Settings) -> None:
    """With QUART_JWT_SECRET_KEY nothing is derived."""
    app = create_app(settings)
    async with app.app_context():
        assert "kid" not in pyjwt.get_unverified_header(create_refresh_token("joe"))

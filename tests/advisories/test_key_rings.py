"""The attacks on keys once more, against a ring of several and an issuer beside us."""

from collections.abc import AsyncIterator
from typing import Any

import jwt as pyjwt
import pytest

import key_material
from advisories.door import CLAIMS
from advisories.door import Door
from advisories.test_kid_injection import INJECTIONS
from clock import START
from confusion import FORMS
from forging import forge
from forging import segment
from quart_jwt.extension.request.current import settings_of
from stores.jwks_server import JwksServer
from stores.jwks_server import sends
from stores.jwks_server import serving
from tokens.test_jwk import jwk

KINDS = ["RS256", "ES256", "EdDSA"]
ISSUER = "https://id.example"


@pytest.fixture(name="server")
async def _server() -> AsyncIterator[JwksServer]:
    keys = [jwk(kind, kid=kind) for kind in KINDS]
    async with serving(sends({"keys": keys})) as server:
        yield server


@pytest.fixture(name="ring_door")
async def _ring_door(server: JwksServer) -> AsyncIterator[Door]:
    """A door with three keys of its own and three of an issuer's, and a secret."""
    ring: list[dict[str, Any]] = [
        {"key": key_material.private_pem(kind), "kid": kind, "algorithm": kind}
        for kind in KINDS
    ]
    secret = {"key": key_material.SECRET, "kid": "HS256", "algorithm": "HS256"}
    door = Door(
        JWT_KEY_RING=[*ring, secret],
        JWT_ISSUERS={
            ISSUER: {
                "jwks_uri": server.url,
                "audience": "orders",
                "algorithms": KINDS,
                "allow_http": True,
            }
        },
    )
    async with door.app.test_app():
        # The keys are in hand: the sync door has to work, too.
        keys = settings_of(door.app).issuers[ISSUER].keys
        assert keys is not None
        await keys.refresh()
        yield door


OWN = CLAIMS
THEIRS = {**CLAIMS, "iss": ISSUER, "aud": "orders"}


def _signed(claims: dict[str, Any], kind: str, kid: str | None) -> str:
    headers = {} if kid is None else {"kid": kid}
    return pyjwt.encode(claims, key_material.private(kind), kind, headers)


@pytest.mark.parametrize("claims", [OWN, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize("kind", KINDS)
async def test_the_door_opens_to_good_tokens(
    ring_door: Door, kind: str, claims: dict[str, Any]
) -> None:
    """What is refused below is refused for what is wrong with it."""
    for kid in (kind, None):
        await ring_door.accepts(_signed(claims, kind, kid))


@pytest.mark.parametrize("claims", [OWN, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
async def test_a_public_key_signs_nothing(
    ring_door: Door, form: str, kind: str, claims: dict[str, Any]
) -> None:
    """Ten spellings of a public key, under its own id, the secret's and none."""
    material = FORMS[form](kind)
    for kid in ({"kid": kind}, {"kid": "HS256"}, {}):
        await ring_door.refuses(forge({"alg": "HS256", **kid}, claims, material))


@pytest.mark.parametrize("claims", [OWN, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize("name", INJECTIONS)
async def test_a_kid_opens_nothing(
    ring_door: Door, server: JwksServer, name: str, claims: dict[str, Any]
) -> None:
    """A kid is looked up in a dict, and nobody is asked for it over and over."""
    kid, key = INJECTIONS[name]
    fetches = len(server.requests)
    await ring_door.refuses(forge({"alg": "HS256", "kid": kid}, claims, key))

    assert len(server.requests) == fetches


@pytest.mark.parametrize("claims", [OWN, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize(
    "alg",
    ["none", "None", "nOnE", "NONE", "", None, [], 0, {}, ["RS256"], "rs256", "RS256 ",
     "RS384", "PS256", "ES384", "Ed25519"],
    ids=str,
)  # fmt: skip
async def test_an_algorithm_is_not_the_tokens_choice(
    ring_door: Door, alg: Any, claims: dict[str, Any]
) -> None:
    """A good signature under another name, or none at all, is refused."""
    _header, payload, signature = _signed(claims, "RS256", "RS256").split(".")
    header = segment({"alg": alg, "kid": "RS256"})
    for kept in (signature, ""):
        await ring_door.refuses(f"{header}.{payload}.{kept}")


@pytest.mark.parametrize("claims", [OWN, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kid", [*KINDS, "HS256"])
async def test_a_key_is_used_under_its_own_id(
    ring_door: Door, kid: str, kind: str, claims: dict[str, Any]
) -> None:
    """Signed by one key and named after another is signed by nobody."""
    if kid == kind:
        await ring_door.accepts(_signed(claims, kind, kid))
    else:
        await ring_door.refuses(_signed(claims, kind, kid))


@pytest.mark.parametrize("claims", [OWN, THEIRS], ids=["ours", "theirs"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("byte", [b"\0", b"\xff"], ids=["zeros", "ones"])
async def test_a_signature_of_nothing_is_none(
    ring_door: Door, byte: bytes, kind: str, claims: dict[str, Any]
) -> None:
    """All zeros, all ones and none at all verify with no key (CVE-2022-21449)."""
    size = {"RS256": 256}.get(kind, 64)
    signing_input = f"{segment({'alg': kind, 'kid': kind})}.{segment(claims)}"
    for signature in (byte * size, b""):
        await ring_door.refuses(f"{signing_input}.{segment(signature)}")


@pytest.mark.parametrize("parameter", ["jku", "x5u", "jwk", "x5c"])
async def test_a_token_sends_us_nowhere(
    ring_door: Door, server: JwksServer, parameter: str
) -> None:
    """A key that it brings or points at is not used, and nobody is called."""
    fetches = len(server.requests)
    value = jwk("RS256") if parameter == "jwk" else f"{server.url}/evil"
    for claims in (OWN, THEIRS):
        header = {"kid": "RS256", parameter: value}
        key = key_material.private("RS256")
        await ring_door.refuses(pyjwt.encode(claims, key, "RS256", header))

    assert len(server.requests) == fetches


async def test_an_issuer_speaks_for_itself_only(ring_door: Door) -> None:
    """Its key under no issuer, or ours under its name, is nobody's."""
    other = key_material.rsa_key(2056)
    for claims in (OWN, THEIRS, {**THEIRS, "iss": "https://id.exampl"}):
        await ring_door.refuses(pyjwt.encode(claims, other, "RS256", {"kid": "RS256"}))
    expired = {**THEIRS, "exp": START}
    assert await ring_door.refuses(_signed(expired, "RS256", "RS256")) == (
        "Signature has expired"
    )

"""A public key passed off as an HMAC secret (CVE-2015-9235, CVE-2022-29217 …)."""

import pytest

import key_material
from advisories.door import CLAIMS
from advisories.door import Door
from confusion import FORMS
from forging import forge
from forging import HEADER
from forging import SECRET
from quart_jwt.exceptions import ConfigurationError

KINDS = ["RS256", "ES256", "EdDSA"]
ALLOWED = {
    "default": None,
    "with-hmac": ["HS256"],
    "all": ["HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"],
}


def _door(algorithm: str, allowed: list[str] | None, **more: str) -> Door:
    return Door(
        JWT_ALGORITHM=algorithm,
        JWT_PRIVATE_KEY=key_material.private_pem(algorithm),
        JWT_PUBLIC_KEY=key_material.public_pem(algorithm),
        JWT_DECODE_ALGORITHMS=allowed,
        **more,
    )


@pytest.mark.parametrize("algorithm", KINDS)
@pytest.mark.parametrize("allowed", ALLOWED)
@pytest.mark.parametrize("form", FORMS)
async def test_a_public_key_signs_nothing(
    form: str, allowed: str, algorithm: str
) -> None:
    """Ten spellings of the public key, as the MAC's secret, make no token."""
    token = forge(HEADER, CLAIMS, FORMS[form](algorithm))
    for door in (
        _door(algorithm, ALLOWED[allowed]),
        _door(algorithm, ALLOWED[allowed], JWT_SECRET_KEY=SECRET),
    ):
        assert await door.refuses(token) in {
            "The specified alg value is not allowed",
            "Signature verification failed",
        }


@pytest.mark.parametrize("algorithm", KINDS)
@pytest.mark.parametrize("form", FORMS)
async def test_a_key_hook_that_gives_the_public_key_is_not_fooled(
    form: str, algorithm: str
) -> None:
    """A hook that returns a public key for an HMAC token verifies nothing."""
    material = FORMS[form](algorithm)
    door = _door(algorithm, ["HS256"], JWT_ENFORCE_STRONG_KEYS=True)  # type: ignore[arg-type]
    door.manager.decode_key_loader(lambda _header, _claims: material)

    assert (
        await door.refuses(forge(HEADER, CLAIMS, material))
        == "Signature verification failed"
    )


@pytest.mark.parametrize("algorithm", KINDS)
@pytest.mark.parametrize("form", FORMS)
async def test_a_public_key_cannot_be_the_secret(form: str, algorithm: str) -> None:
    """An app whose secret is a spelling of a public key does not start."""
    door = Door(JWT_SECRET_KEY=FORMS[form](algorithm), JWT_ENFORCE_STRONG_KEYS=True)
    with pytest.raises(ConfigurationError):
        await door.app.startup()


@pytest.mark.parametrize("header", ["RS384", "PS256", "ES256", "HS256"])
async def test_a_key_is_for_its_own_algorithm(header: str) -> None:
    """A good RS256 signature under another name is refused (CVE-2026-48523)."""
    door = _door("RS256", None)
    token = forge({"alg": header}, CLAIMS)

    assert await door.refuses(token) == "The specified alg value is not allowed"

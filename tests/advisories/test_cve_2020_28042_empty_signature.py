"""Empty signatures and empty secrets (CVE-2020-28042, CVE-2019-20933)."""

from typing import Any

import pytest

from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge
from forging import HEADER
from forging import segment
from forging import unsegment
from quart_jwt.exceptions import ConfigurationError


@pytest.mark.parametrize(
    "algorithm", ["HS256", "HS384", "HS512", "RS256", "ES256", "EdDSA"]
)
async def test_an_empty_signature_verifies_nothing(
    algorithm: str, door: Door, paired_door: Door
) -> None:
    """A token that ends in its second dot is refused for every key."""
    token = f"{segment({'alg': algorithm})}.{segment(CLAIMS)}."
    for one in (door, paired_door):
        assert await one.refuses(token) in {
            "Signature verification failed",
            "The specified alg value is not allowed",
        }


@pytest.mark.parametrize("secret", [b"", b"\0", b"None", b"null", b"undefined"])
async def test_a_mac_under_nothing_verifies_nothing(
    secret: bytes, door: Door, paired_door: Door
) -> None:
    """HMAC with the empty secret, or with what an unset variable prints."""
    token = forge(HEADER, CLAIMS, secret)

    assert await door.refuses(token) == "Signature verification failed"
    assert await paired_door.refuses(token) == "The specified alg value is not allowed"


@pytest.mark.parametrize("secret", ["", b"", None])
async def test_an_empty_secret_is_no_configuration(secret: str | bytes | None) -> None:
    """Without a secret nothing is accepted, and the setting is named."""
    door = Door(JWT_SECRET_KEY=secret)
    async with door.app.app_context():
        settings = door.manager.settings
        with pytest.raises(ConfigurationError, match="JWT_SECRET_KEY"):
            settings.verifying_keys("HS256")


async def test_a_key_hook_that_gives_nothing_verifies_nothing(door: Door) -> None:
    """A hook that finds no key, and returns an empty one, accepts no token."""
    nothings: tuple[Any, ...] = ("", b"", None, 0, [], {})
    for nothing in nothings:
        door.manager.decode_key_loader(lambda _header, _claims, key=nothing: key)
        token = forge(HEADER, CLAIMS, b"")

        assert await door.refuses(token) == "Signature verification failed"


@pytest.mark.parametrize("cut", [1, 2, 4, 16, 31])
async def test_a_truncated_mac_verifies_nothing(cut: int, door: Door) -> None:
    """The first bytes of the right MAC are not enough."""
    head, _dot, mac = forge(HEADER, CLAIMS).rpartition(".")
    token = f"{head}.{segment(unsegment(mac)[:cut])}"

    assert await door.refuses(token) == "Signature verification failed"

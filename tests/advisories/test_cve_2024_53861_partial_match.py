"""Issuers and audiences that match in part (CVE-2024-53861)."""

from typing import Any

import pytest

from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge
from forging import HEADER
from forging import SECRET

ISSUER = "https://a.example"


@pytest.mark.parametrize("accepted", [ISSUER, [ISSUER], (ISSUER,), {ISSUER}], ids=repr)
@pytest.mark.parametrize(
    "issuer",
    ["https://a.ex", "a.example", "", "h", ISSUER + "/", ISSUER + "\n", ISSUER.upper()],
    ids=repr,
)
async def test_a_part_of_an_issuer_is_another(issuer: str, accepted: Any) -> None:
    """Issuers are compared as whole strings, however the setting is written."""
    door = Door(JWT_SECRET_KEY=SECRET, JWT_DECODE_ISSUER=accepted)

    assert (
        await door.refuses(forge(HEADER, {**CLAIMS, "iss": issuer})) == "Invalid issuer"
    )
    await door.accepts(forge(HEADER, {**CLAIMS, "iss": ISSUER}))


@pytest.mark.parametrize("accepted", ["api.example", ["api.example"]], ids=repr)
@pytest.mark.parametrize(
    ("audience", "reason"),
    [
        ("api", "Audience doesn't match"),
        ("api.example.org", "Audience doesn't match"),
        (["api", "example"], "Audience doesn't match"),
        (["a", "p", "i"], "Audience doesn't match"),
        ([1, "api.example"], "Invalid claim format in token"),
        ({"api.example": 1}, "Invalid claim format in token"),
        ([], 'Token is missing the "aud" claim'),
    ],
    ids=repr,
)
async def test_a_part_of_an_audience_is_another(
    audience: Any, reason: str, accepted: Any
) -> None:
    """Audiences are compared as whole strings, however token and setting say them."""
    door = Door(JWT_SECRET_KEY=SECRET, JWT_DECODE_AUDIENCE=accepted)

    assert reason == await door.refuses(forge(HEADER, {**CLAIMS, "aud": audience}))
    await door.accepts(forge(HEADER, {**CLAIMS, "aud": ["x", "api.example"]}))

"""Serialisations that are not the compact one (CVE-2022-39227), and JWE."""

import json

import pytest
from jwt.exceptions import DecodeError

from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge
from forging import HEADER
from forging import segment
from quart_jwt.tokens import codec

GOOD = forge(HEADER, CLAIMS)
PARTS = GOOD.split(".")
FLAT = {"protected": PARTS[0], "payload": PARTS[1], "signature": PARTS[2]}
FORGED = segment({**CLAIMS, "sub": "admin"})

SERIALISATIONS = {
    "flattened": json.dumps(FLAT),
    "general": json.dumps(
        {
            "payload": PARTS[1],
            "signatures": [{"protected": PARTS[0], "signature": PARTS[2]}],
        }
    ),
    # python-jwt took the claims of the one and the signature of the other.
    "polyglot": f'{{"  {PARTS[0]}.{FORGED}.":"","protected":"{PARTS[0]}", '
    f'"payload":"{PARTS[1]}","signature":"{PARTS[2]}"}}',
    "quoted": json.dumps(GOOD),
    "five-segments": f"{GOOD}.e30.e30",
    "jwe": f"{segment({'alg': 'dir', 'enc': 'A128GCM'})}..AAAA.AAAA.AAAA",
    "jwe-bomb": f"{segment({'alg': 'PBES2-HS256+A128KW', 'p2c': 2**31})}.AA.AA.AA.AA",
    "four-segments": f"{GOOD}.",
    "leading-dot": f".{GOOD}",
    "double-dot": GOOD.replace(".", "..", 1),
    "two-segments": ".".join(PARTS[:2]),
    "spaces": GOOD.replace(".", " . "),
    "newlines": GOOD.replace(".", "\n.\n"),
    "leading-space": f" {GOOD}",
    "bom": f"\ufeff{GOOD}",
    "percent": GOOD.replace(".", "%2E"),
    "full-width-dot": GOOD.replace(".", "\uff0e"),
    "comma": GOOD.replace(".", ","),
    "standard-base64": f"{PARTS[0]}.{segment(CLAIMS)[:-4]}+/==.{PARTS[2]}",
    "scheme-inside": f"Bearer {GOOD}",
}


@pytest.mark.parametrize("name", SERIALISATIONS)
async def test_only_the_compact_serialisation_is_read(name: str, door: Door) -> None:
    """Anything but three base64url segments and two dots is refused."""
    text = SERIALISATIONS[name]
    with pytest.raises(DecodeError):
        codec.parse(text)
    reason = await door.refuses(text)

    assert reason == "Not enough segments" or reason.startswith("Invalid ")


async def test_the_compact_one_passes(door: Door) -> None:
    """The refusals above are about the form and nothing else."""
    assert await door.accepts(GOOD) == CLAIMS


async def test_a_nested_token_is_refused(door: Door) -> None:
    """A token whose payload is another token has no claims."""
    nested = forge({**HEADER, "cty": "JWT"}, GOOD)

    assert (await door.refuses(nested)).startswith("Invalid payload string: ")

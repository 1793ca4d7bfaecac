"""``alg: none`` and its spellings (CVE-2015-9235, CVE-2026-28802)."""

from typing import Any

import pytest

from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge
from forging import SECRET

VARIANTS: list[Any] = [
    "none",
    "None",
    "nOnE",
    "NONE",
    "none ",
    " none",
    "none\u200b",
    "",
    None,
    [],
    ["none"],
    ["HS256"],
    {},
    {"alg": "HS256"},
    0,
    1,
    True,
    False,
    1.5,
    "HS256 ",
    "hs256",
    "HS1",
    "HS256\u0131",
]


@pytest.mark.parametrize("allowed", [None, ["HS256"], {"HS256"}, ("HS256", "none")])
@pytest.mark.parametrize("alg", VARIANTS, ids=map(repr, VARIANTS))
async def test_no_spelling_of_none_is_an_algorithm(alg: Any, allowed: Any) -> None:
    """With and without a signature, and however the allowed ones are listed."""
    door = Door(JWT_SECRET_KEY=SECRET, JWT_DECODE_ALGORITHMS=allowed)
    signed = forge({"alg": alg, "typ": "JWT"}, CLAIMS)
    for token in (signed, signed.rpartition(".")[0] + "."):
        assert await door.refuses(token) in {
            "The specified alg value is not allowed",
            "Algorithm not supported",
        }


async def test_no_algorithm_at_all_is_refused(door: Door) -> None:
    """A header without ``alg`` has no default."""
    token = forge({"typ": "JWT"}, CLAIMS)

    assert await door.refuses(token) == "Algorithm not specified"


async def test_the_same_claims_pass_when_signed(door: Door) -> None:
    """The refusals above are about the algorithm and nothing else."""
    assert await door.accepts(forge({"alg": "HS256"}, CLAIMS)) == CLAIMS


async def test_the_algorithm_none_cannot_be_configured() -> None:
    """An app that asks for ``none`` refuses everything."""
    door = Door(JWT_SECRET_KEY=SECRET, JWT_DECODE_ALGORITHMS=["none"])
    unsigned = forge({"alg": "none"}, CLAIMS).rpartition(".")[0] + "."

    assert await door.refuses(unsigned) == "Algorithm not supported"

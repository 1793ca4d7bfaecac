"""Critical extensions and unencoded payloads (CVE-2026-32597, CVE-2026-48525)."""

from typing import Any

import pytest

from advisories.door import CLAIMS
from advisories.door import Door
from forging import forge
from forging import HEADER
from forging import segment

CRITICAL: list[tuple[Any, str]] = [
    (["exp"], "Unsupported critical extension: exp"),
    (["b64"], "Unsupported critical extension: b64"),
    (["alg"], "Unsupported critical extension: alg"),
    (["x", "b64"], "Unsupported critical extension: x"),
    ([], "Invalid 'crit' header: must be a non-empty list"),
    ("exp", "Invalid 'crit' header: must be a non-empty list"),
    (None, "Invalid 'crit' header: must be a non-empty list"),
    ({"exp": 1}, "Invalid 'crit' header: must be a non-empty list"),
    (0, "Invalid 'crit' header: must be a non-empty list"),
    ([None], "Invalid 'crit' header: values must be strings"),
    ([["exp"]], "Invalid 'crit' header: values must be strings"),
]


@pytest.mark.parametrize(
    ("crit", "reason"), CRITICAL, ids=[repr(c) for c, _r in CRITICAL]
)
async def test_what_is_critical_is_refused(crit: Any, reason: str, door: Door) -> None:
    """RFC 7515 §4.1.11: what is not understood must be rejected, well signed or not."""
    header = {**HEADER, "crit": crit, "exp": 1, "x": 1}

    assert reason == await door.refuses(forge(header, CLAIMS))


@pytest.mark.parametrize("crit", [{}, {"crit": ["b64"]}], ids=["bare", "critical"])
@pytest.mark.parametrize("b64", [False, True, 0, 1, None, "false", []], ids=repr)
async def test_an_unencoded_payload_is_refused(
    b64: Any, crit: dict[str, Any], door: Door
) -> None:
    """RFC 7797 is not for JWTs: ``b64`` is refused whatever it says."""
    header = {**HEADER, "b64": b64, **crit}
    reason = await door.refuses(forge(header, CLAIMS))

    assert (
        reason == "Unsupported critical extension: b64"
        if crit
        else reason == "The 'b64' header parameter is not supported"
    )


async def test_a_detached_payload_is_refused(door: Door) -> None:
    """A payload that is not in the token cannot be had from elsewhere."""
    head, _dot, mac = forge({**HEADER, "b64": False}, CLAIMS).rpartition(".")
    detached = f"{head.partition('.')[0]}..{mac}"
    plain = f"{segment(HEADER)}..{mac}"

    assert await door.refuses(detached) == "The 'b64' header parameter is not supported"
    assert (await door.refuses(plain)).startswith("Invalid payload string: ")


@pytest.mark.parametrize("value", ["DEF", "GZIP", "", None, []], ids=repr)
async def test_a_compressed_payload_is_refused(value: Any, door: Door) -> None:
    """``zip`` is refused whatever it says: nothing is ever inflated."""
    reason = await door.refuses(forge({**HEADER, "zip": value}, CLAIMS))

    assert reason == "The 'zip' header parameter is not supported"

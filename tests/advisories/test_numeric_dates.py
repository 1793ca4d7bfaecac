"""Dates that are no numbers, well signed: neither eternal tokens nor 500s."""

import pytest

from advisories.door import CLAIMS
from advisories.door import Door
from clock import START
from forging import forge
from forging import HEADER
from tokens.test_judgement import DATES

REFUSED = {
    **{name: text for name, (text, kind) in DATES.items() if kind == "bad"},
    "nan": "NaN",
    "infinity": "Infinity",
    "minus-infinity": "-Infinity",
    "1e999": "1e999",
    "minus-1e999": "-1e999",
    "5000-digits": "9" * 5_000,
}


def _dated(name: str, literal: str) -> str:
    claims = ",".join(
        f'"{claim}":{literal if claim == name else START + 60 * (claim == "exp")}'
        for claim in ("exp", "nbf", "iat")
    )
    return forge(HEADER, f'{{"sub":"ann",{claims}}}')


@pytest.mark.parametrize("literal", REFUSED)
@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
async def test_a_date_that_is_none_is_refused(
    name: str, literal: str, door: Door
) -> None:
    """Every literal that is no NumericDate is a refusal in each of the three."""
    reason = await door.refuses(_dated(name, REFUSED[literal]))

    assert f"({name}) must be an integer." in reason or reason.startswith(
        "Invalid payload string: "
    )


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
async def test_a_fraction_is_a_date(name: str, door: Door) -> None:
    """RFC 7519 §2 allows a fraction of a second."""
    await door.accepts(_dated(name, f"{START + 30 * (name == 'exp')}.25"))


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
async def test_a_date_that_is_named_twice_is_refused(name: str, door: Door) -> None:
    """No reader may see another ``exp`` than we do."""
    members = ",".join(
        f'"{key}":{value}'
        for key, value in CLAIMS.items()
        if key != "sub" and not isinstance(value, str | bool)
    )
    token = forge(HEADER, f'{{"sub":"ann",{members},"{name}":{START + 60}}}')

    assert (
        await door.refuses(token)
        == "Invalid payload string: duplicate name in an object"
    )

"""Tokens made to cost work (CVE-2025-61920, GHSA-8wjv, CVE-2024-33664)."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from jwt.exceptions import DecodeError
from jwt.exceptions import InvalidTokenError

from advisories.door import CLAIMS
from advisories.door import Door
from counting import counted
from forging import forge
from forging import HEADER
from forging import segment
from quart_jwt.tokens import codec
from quart_jwt.tokens import strict_json

MOST_WORK = 400
"""Function calls, C's included: an ordinary token takes fewer than a hundred."""


def work(function: Callable[[], Any]) -> int:
    """How many functions are called, in Python and in C; what is raised is lost."""
    with counted() as done, suppress(InvalidTokenError):
        function()
    return done.calls


def _deep(levels: int) -> str:
    return '{"a":' + "[" * levels + "]" * levels + "}"


WIDE = segment('{"x":[' + "1," * 2_900 + "1]}")
EXPENSIVE = {
    "too-long": "a" * 8_193,
    "megabyte": "a" * 1_000_000,
    "megabyte-of-dots": "." * 1_000_000,
    "dots": "." * 8_192,
    "long-header": f"{segment('{' + ' ' * 6_000)}.e30.e30",
    "huge-header": f"{segment(HEADER | {'x': 'y' * 64_000})}.e30.e30",
    "wide-header": f"{WIDE}.e30.e30",
    "pads": "e30.e30." + "=" * 8_000,
    "no-base64": "e30.e30." + "+" * 8_000,
    "nearly-base64": "A" * 8_000 + "B.e30.e30",
    "five-segments": ".".join(["e30"] * 5),
    "many-segments": ".".join(["e30"] * 2_000),
    "deep-header": f"{segment(_deep(1_100))}.e30.e30",
    "deeper-header": f"{segment(_deep(2_900))}.e30.e30",
    "deep-payload": forge(HEADER, _deep(1_100)),
    "deeper-payload": forge(HEADER, _deep(2_900)),
    "digits": forge(HEADER, '{"exp":' + "9" * 5_000 + "}"),
    "float": forge(HEADER, '{"exp":1e' + "9" * 5_000 + "}"),
    "long-crit": forge(HEADER | {"crit": ["x" * 20] * 200}, CLAIMS),
    "json": '{"payload":"e30","signatures":[]}' + " " * 8_000,
}


@pytest.mark.parametrize("name", EXPENSIVE)
def test_a_token_made_to_cost_costs_little(name: str) -> None:
    """The work for a bad token is bounded, counted in function calls."""
    token = EXPENSIVE[name]

    assert work(lambda: codec.parse(token)) < MOST_WORK


@pytest.mark.parametrize("name", EXPENSIVE)
async def test_a_token_made_to_cost_is_refused(name: str, door: Door) -> None:
    """It is refused with a reason like any other, and never a server error."""
    assert await door.refuses(EXPENSIVE[name])


def test_an_ordinary_token_is_the_measure() -> None:
    """The bound above is not one that nothing could break."""
    ordinary = work(lambda: codec.parse(forge(HEADER, CLAIMS)))
    thousand = work(lambda: [abs(number) for number in range(1_000)])

    assert 10 < ordinary < MOST_WORK < thousand


@pytest.mark.parametrize("length", [8_193, 1_000_000])
def test_length_is_judged_before_anything(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of a token that is too long is decoded or parsed."""
    done: list[str] = []
    monkeypatch.setattr(codec, "a2b_base64", lambda _text: done.append("base64"))
    monkeypatch.setattr(strict_json, "loads", lambda _data: done.append("json"))
    with pytest.raises(DecodeError, match="Token is too long"):
        codec.parse("e30." * (length // 4 + 1))

    assert done == []


async def test_the_greatest_depth_passes(door: Door) -> None:
    """Thirty-two levels are accepted, the claims set among them."""
    deep: Any = 1
    for _ in range(31):
        deep = [deep]

    assert deep == (await door.accepts(forge(HEADER, {**CLAIMS, "a": deep})))["a"]
    assert (
        await door.refuses(forge(HEADER, {**CLAIMS, "a": [deep]}))
        == "Invalid payload string: too deeply nested"
    )

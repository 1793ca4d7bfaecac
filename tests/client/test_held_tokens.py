"""When a token is to be renewed, and what time it is."""

from email.utils import formatdate
from math import inf
from typing import Any

import httpx
import pytest

from clock import Clock
from clock import START
from forging import forge
from forging import HEADER
from quart_jwt.client.held_tokens import validity_of
from quart_jwt.client.server_clock import ServerClock


@pytest.mark.parametrize(
    ("claims", "renew_at", "ends_at"),
    [
        pytest.param({"iat": 0, "exp": 900}, 840, 900, id="a-minute-ahead"),
        pytest.param({"iat": 0, "exp": 240}, 180, 240, id="just-so"),
        pytest.param({"iat": 0, "exp": 4}, 3, 4, id="a-quarter-ahead"),
        pytest.param({"exp": 900}, 840, 900, id="no-iat"),
        pytest.param({"iat": 0}, inf, inf, id="no-exp"),
        pytest.param({"exp": "900"}, inf, inf, id="no-number"),
        pytest.param({"exp": True}, inf, inf, id="a-boolean"),
    ],
)
def test_a_token_says_when_it_ends(
    claims: dict[str, Any], renew_at: float, ends_at: float
) -> None:
    """It is renewed a minute ahead, but not before most of its life is over."""
    validity = validity_of(forge(HEADER, claims), 60)

    assert (renew_at, ends_at) == (validity.renew_at, validity.ends_at)


def test_what_is_no_jwt_is_used_until_it_is_refused() -> None:
    """An opaque token says nothing about its end."""
    assert validity_of("opaque", 60).renew_at == inf


def test_the_date_header_puts_the_clock_right(clock: Clock) -> None:
    """The server's time goes on from there by our clock."""
    server_clock = ServerClock(clock)
    assert server_clock() == START
    date = formatdate(START + 600, usegmt=True)
    server_clock.learn(httpx.Response(200, headers={"Date": date}))
    clock.advance(10)
    assert server_clock() == START + 610.5


@pytest.mark.parametrize("headers", [{}, {"Date": "soon"}, {"Date": ""}])
def test_an_answer_without_a_date_teaches_nothing(
    clock: Clock, headers: dict[str, str]
) -> None:
    """A missing or malformed header leaves the clock as it is."""
    server_clock = ServerClock(clock)
    server_clock.learn(httpx.Response(200, headers=headers))
    assert server_clock() == START

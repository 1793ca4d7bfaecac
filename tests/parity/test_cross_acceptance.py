"""A token that either side made is a token to the other."""

from collections.abc import Callable
from typing import Any

import pytest

from parity import carriers
from parity import flask_side
from parity import quart_side
from parity.case import Answer
from parity.case import Case
from parity.case import Kit
from parity.case import Request
from parity.case import Setup
from parity.guards import case
from parity.guards import GUARDS
from parity.sides import identity_of
from parity.views import report

CONFIGS = {
    "HS256": "plain",
    "HS384": "HS384",
    "HS512": "HS512",
    "RS256": "RS256",
    "PS256": "PS256",
    "ES256": "ES256",
    "EdDSA": "EdDSA",
}
MAKERS: dict[str, Callable[[Kit], str]] = {
    "required": lambda kit: str(kit.jwt.create_access_token("ann")),
    "fresh": lambda kit: str(kit.jwt.create_access_token("ann", fresh=True)),
    "refresh": lambda kit: str(kit.jwt.create_refresh_token("ann")),
}


async def _minted(side: str, config: str, maker: Callable[[Kit], str]) -> str:
    setup = Setup(config=config, guard=None, view=report)
    if side == "flask":
        outcome = flask_side.call(setup, maker)
    else:
        outcome = await quart_side.call(setup, maker)
    assert outcome.error is None
    return str(outcome.value)


async def _asked(side: str, one: Case) -> Answer:
    return await quart_side.ask(one) if side == "flask" else flask_side.ask(one)


@pytest.mark.parametrize("side", ["flask", "quart"])
@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("algorithm", CONFIGS)
async def test_the_other_side_accepts_the_token(
    algorithm: str, kind: str, side: str
) -> None:
    """A token of each kind and algorithm opens the other side's view."""
    config = CONFIGS[algorithm]
    token = await _minted(side, config, MAKERS[kind])
    one = case(carriers.header(config, token), config=config, guard=GUARDS[kind])

    assert identity_of(await _asked(side, one)) == "ann"


@pytest.mark.parametrize("side", ["flask", "quart"])
@pytest.mark.parametrize("algorithm", CONFIGS)
async def test_the_other_side_refuses_a_changed_token(
    algorithm: str, side: str
) -> None:
    """A token whose payload was exchanged opens nothing on the other side."""
    config = CONFIGS[algorithm]
    token = await _minted(side, config, MAKERS["required"])
    other = await _minted(side, config, MAKERS["refresh"])
    header, _, signature = token.split(".")
    mixed = f"{header}.{other.split('.')[1]}.{signature}"
    answer = await _asked(side, case(carriers.header(config, mixed), config=config))

    assert answer == Answer(status=422, json={"msg": "Signature verification failed"})


@pytest.mark.parametrize("side", ["flask", "quart"])
async def test_the_other_side_accepts_the_csrf_value(side: str) -> None:
    """A cookie and its CSRF value from one side pass the other's check."""
    setup = Setup(config="csrf", guard=None, view=report)
    both: Callable[[Kit], Any] = _token_and_csrf
    if side == "flask":
        token, csrf = flask_side.call(setup, both).value
    else:
        token, csrf = (await quart_side.call(setup, both)).value
    request = carriers.together(
        carriers.cookie("csrf", token),
        Request(method="POST", headers=(("X-CSRF-TOKEN", csrf),)),
    )

    assert identity_of(await _asked(side, case(request, config="csrf"))) == "ann"


def _token_and_csrf(kit: Kit) -> tuple[str, str]:
    token = kit.jwt.create_access_token("ann")
    return token, kit.jwt.get_csrf_token(token)

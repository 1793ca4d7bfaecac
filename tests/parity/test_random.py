"""
All dimensions of the matrix at once, drawn by lot (check B09).

The seeds are fixed, so that a failure can be run again by its name.
"""

import random
from dataclasses import replace

import pytest

from parity import carriers
from parity.case import Case
from parity.case import Guard
from parity.case import Request
from parity.case import Setup
from parity.case import TOKEN_METHODS
from parity.configs import BROKEN_CONFIGS
from parity.configs import CLAIM_CONFIGS
from parity.configs import CONFIGS
from parity.configs import CSRF_CONFIGS
from parity.configs import LOCATIONS
from parity.configs import ODD_CONFIGS
from parity.configs import PLACE_CONFIGS
from parity.hooks import GIVING
from parity.hooks import RAISING
from parity.hooks import SYMMETRIC_ONLY
from parity.hooks import WHOLE
from parity.keys import PAIRS as ASYMMETRIC
from parity.mint import mint
from parity.sides import both
from parity.tokens import FAULTS
from parity.tokens import SOUND
from parity.tokens import TOKENS
from parity.views import report

SEEDS = 20
CASES_PER_SEED = 50

_CONFIGS = (
    *(*CLAIM_CONFIGS, *PLACE_CONFIGS, *CSRF_CONFIGS),
    *(name for name in CONFIGS if name not in {**ODD_CONFIGS, **BROKEN_CONFIGS}),
)
"""Those about requests twice, since most others only change cookies."""


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_drawn_requests_are_answered_alike(seed: int) -> None:
    """Any configuration, hooks, guard, tokens and request: the same answer."""
    lot = random.Random(seed)  # noqa: S311 - a draw that can be repeated
    for _ in range(CASES_PER_SEED):
        case = _drawn(lot)
        expected, actual = await both(case)

        assert expected == actual, case


def _drawn(lot: random.Random) -> Case:
    config = lot.choice(_CONFIGS)
    guard = Guard(
        optional=lot.random() < 0.3,
        fresh=lot.random() < 0.2,
        refresh=lot.random() < 0.3,
        locations=_locations(lot),
        verify_type=lot.random() < 0.8,
        skip_revocation_check=lot.random() < 0.2,
    )
    setup = Setup(config=config, hooks=_hooks(lot, config), guard=guard, view=report)
    return Case(setup=setup, request=_request(lot, config, guard))


def _hooks(lot: random.Random, config: str) -> str:
    names = (*WHOLE, *WHOLE, lot.choice((*GIVING,)), lot.choice((*RAISING,)))
    if config in ASYMMETRIC:
        names = tuple(name for name in names if name not in SYMMETRIC_ONLY)
    return lot.choice(names)


def _locations(lot: random.Random) -> str | tuple[str, ...] | None:
    kind = lot.random()
    if kind < 0.5:
        return None
    if kind < 0.7:
        return lot.choice(LOCATIONS)
    return tuple(lot.sample(LOCATIONS, lot.randint(1, len(LOCATIONS))))


def _request(lot: random.Random, config: str, guard: Guard) -> Request:
    places = _likely_places(lot, config, guard)
    refresh = guard.refresh if lot.random() < 0.9 else not guard.refresh
    parts = [
        carriers.carry(place, config, _token(lot, config), refresh=refresh)
        for place in places
    ]
    extras = [extra for _, extra in carriers.csrf_requests(config, refresh=refresh)]
    if "json" not in places:  # its body is the token's
        parts.append(lot.choice(extras))
    whole = carriers.together(*parts)
    return (
        whole
        if lot.random() < 0.4
        else replace(whole, method=lot.choice(TOKEN_METHODS))
    )


def _likely_places(lot: random.Random, config: str, guard: Guard) -> list[str]:
    """Mostly where the app will look, so that most draws get that far."""
    looked_at = guard.locations or CONFIGS[config].get("JWT_TOKEN_LOCATION")
    known = [place for place in LOCATIONS if place in (looked_at or "headers")]
    if not known or lot.random() < 0.2:
        return lot.sample(LOCATIONS, lot.randint(0, 2))
    return lot.sample(known, lot.randint(1, len(known)))


def _token(lot: random.Random, config: str) -> str:
    algorithm = carriers.option(config, "JWT_ALGORITHM") or "HS256"
    kind = lot.random()
    if kind < 0.1:
        return TOKENS[lot.choice((*TOKENS,))]
    changes = dict(SOUND[lot.choice((*SOUND,))])
    if kind < 0.3:
        changes |= FAULTS[lot.choice((*FAULTS,))]
    if kind > 0.6:
        changes |= {"aud": "shop", "iss": "https://issuer.example", "user": "bob"}
    return mint(changes, algorithm=algorithm)

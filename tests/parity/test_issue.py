"""New tokens: the same claims and headers on both sides, or the same error."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from parity.case import Kit
from parity.case import Outcome
from parity.configs import CLAIM_CONFIGS
from parity.configs import ISSUE_CONFIGS
from parity.layout import layout_of
from parity.pairwise import covering
from parity.pairwise import Factors
from parity.sides import called

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHEN = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Point:
    """What the JSON provider of both frameworks can write."""

    x: int
    y: int


ARGUMENTS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "fresh": {"fresh": True},
    "fresh-for": {"fresh": timedelta(minutes=5)},
    "fresh-no-longer": {"fresh": timedelta(minutes=-5)},
    "fresh-until": {"fresh": 4_000_000_000.5},
    "expires": {"expires_delta": timedelta(hours=3, minutes=1)},
    "expires-never": {"expires_delta": False},
    "expires-past": {"expires_delta": timedelta(seconds=-1)},
    "expires-int": {"expires_delta": 60},
    "claims": {"additional_claims": {"role": "admin", "n": [1, {"a": None}]}},
    "claims-empty": {"additional_claims": {}},
    "claims-unicode": {"additional_claims": {"näme": "Zoë 🐍"}},
    "claims-override": {
        "additional_claims": {
            "exp": 4_000_000_000,
            "iat": 1,
            "nbf": 2,
            "jti": "mine",
            "type": "odd",
            "fresh": True,
            "csrf": "c",
            "sub": "eve",
            "aud": ["a"],
            "iss": "me",
        }
    },
    "claims-null": {"additional_claims": {"role": None, "exp": None, "csrf": None}},
    "claims-datetimes": {
        "additional_claims": {"exp": WHEN, "nbf": WHEN, "iat": WHEN, "when": WHEN}
    },
    "claims-provided": {
        "additional_claims": {
            "day": WHEN.date(),
            "id": UUID(int=7),
            "price": Decimal("1.50"),
            "point": Point(1, 2),
        }
    },
    "claims-pairs": {"additional_claims": [("role", "admin"), ("n", 1)]},
    "headers-pairs": {"additional_headers": [("kid", "k-1")]},
    "claims-unserialisable": {"additional_claims": {"x": object()}},
    "claims-set": {"additional_claims": {"x": {1}}},
    "headers": {"additional_headers": {"kid": "k-1", "x": [1]}},
    "headers-typ": {"additional_headers": {"typ": "at+jwt"}},
    "headers-no-typ": {"additional_headers": {"typ": ""}},
    "headers-null-typ": {"additional_headers": {"typ": None}},
    "headers-empty": {"additional_headers": {}},
    "headers-kid-int": {"additional_headers": {"kid": 1}},
}
IDENTITIES: dict[str, Any] = {
    "ann": "ann",
    "bob": "bob",
    "empty": "",
    "unicode": "Zoë 🐍 \u2028",
    "long": "x" * 1500,
}
HOOKED = ("keyed", "adding", "overriding")
CASES = [
    *product(ARGUMENTS, (*CLAIM_CONFIGS, *ISSUE_CONFIGS), ("none",)),
    *product(ARGUMENTS, ("plain", "aud", "no-csrf"), HOOKED),
    ("nothing", "plain", "pairing"),
]
COVERING = covering(CASES)
REST = [case for case in CASES if case not in COVERING]


@pytest.mark.parametrize(
    "chosen",
    [
        pytest.param(COVERING, id="pairs"),
        pytest.param(REST, id="rest", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("arguments", ARGUMENTS)
async def test_new_tokens_are_laid_out_alike(
    arguments: str, chosen: list[Factors]
) -> None:
    """Access and refresh tokens hold the same, whatever was asked for."""
    given = ARGUMENTS[arguments]
    makers = {
        "access": lambda kit: kit.jwt.create_access_token("ann", **given),
        "refresh": lambda kit: kit.jwt.create_refresh_token("ann", **_unfresh(given)),
    }
    different = [
        (kind, config, hooks, expected, actual)
        for asked, config, hooks in chosen
        if asked == arguments
        for kind, maker in makers.items()
        for expected, actual in [await _issued(maker, config=config, hooks=hooks)]
        if not actual.fits(expected)
    ]

    assert different == []


@pytest.mark.parametrize("identity", IDENTITIES)
@pytest.mark.parametrize("config", ["plain", "identity-claim", "no-verify-sub"])
@pytest.mark.parametrize("hooks", ["none", "keyed", "adding"])
async def test_identities_are_written_alike(
    identity: str, config: str, hooks: str
) -> None:
    """Every identity stands in the same claim, in the same form."""
    expected, actual = await _issued(
        lambda kit: kit.jwt.create_access_token(IDENTITIES[identity]),
        config=config,
        hooks=hooks,
    )

    assert expected.error is None
    assert actual.fits(expected), (expected, actual)


@pytest.mark.parametrize("identity", [7, None, ["ann"], {"name": "ann"}, 1.5, True])
@pytest.mark.parametrize("config", ["identity-claim", "no-verify-sub"])
async def test_other_identities_are_written_alike(identity: Any, config: str) -> None:
    """Where ``sub`` need not be a string, any JSON is an identity."""
    expected, actual = await _issued(
        lambda kit: kit.jwt.create_access_token(identity), config=config
    )

    assert expected.error is None
    assert actual.fits(expected), (expected, actual)


@pytest.mark.parametrize("config", ["plain", "HS384"])
async def test_an_algorithm_in_the_headers_is_signed_with(config: str) -> None:
    """An ``alg`` among the additional headers wins over ``JWT_ALGORITHM``."""
    given = {"additional_headers": {"alg": "HS512"}}
    expected, actual = await _issued(
        lambda kit: kit.jwt.create_access_token("ann", **given), config=config
    )

    assert ("alg", "HS512") in expected.value.header
    assert actual.fits(expected), (expected, actual)


async def test_an_issuer_that_is_no_string_is_refused_alike() -> None:
    """PyJWT's check of ``iss`` and ours raise the same class."""
    expected, actual = await _issued(
        lambda kit: kit.jwt.create_access_token("ann", additional_claims={"iss": 7})
    )

    assert "TypeError" in expected.kinds
    assert "TypeError" in actual.kinds


async def test_arguments_keep_their_positions() -> None:
    """The arguments may be given by position, in the original's order."""
    given = (timedelta(hours=1), {"role": "admin"}, {"kid": "k"})
    for maker in (
        lambda kit: kit.jwt.create_access_token("ann", *(True, *given)),
        lambda kit: kit.jwt.create_refresh_token("ann", *given),
    ):
        expected, actual = await _issued(maker)

        assert expected.error is None
        assert actual.fits(expected), (expected, actual)


async def _issued(
    maker: Callable[[Kit], Any], *, config: str = "plain", hooks: str = "none"
) -> tuple[Outcome, Outcome]:
    """What both sides issue, as layouts."""
    expected, actual = await called(maker, config=config, hooks=hooks)
    now = time.time()
    return _laid_out(expected, now), _laid_out(actual, now)


def _laid_out(outcome: Outcome, now: float) -> Outcome:
    if outcome.error is not None:
        return outcome
    return Outcome(value=layout_of(outcome.value, now))


def _unfresh(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != "fresh"}

"""The guards and the tokens that the cases of the matrix are made of."""

from parity.case import Case
from parity.case import Guard
from parity.case import Request
from parity.case import Setup
from parity.configs import LOCATIONS
from parity.views import report

GUARDS: dict[str, Guard] = {
    "required": Guard(),
    "optional": Guard(optional=True),
    "fresh": Guard(fresh=True),
    "refresh": Guard(refresh=True),
    "any-type": Guard(verify_type=False),
    "unrevoked": Guard(skip_revocation_check=True),
    "optional-fresh": Guard(optional=True, fresh=True),
    "optional-refresh": Guard(optional=True, refresh=True),
    "fresh-refresh": Guard(fresh=True, refresh=True),
    "refresh-any-type": Guard(refresh=True, verify_type=False),
    "fresh-refresh-any-type": Guard(fresh=True, refresh=True, verify_type=False),
    "all": Guard(
        optional=True,
        fresh=True,
        refresh=True,
        verify_type=False,
        skip_revocation_check=True,
    ),
}
LOCATION_GUARDS: dict[str, str | tuple[str, ...]] = {
    **{location: location for location in LOCATIONS},
    "empty": (),
    "unknown": "body",
    "known-unknown": ("headers", "body"),
    "capital": "Headers",
}
TELLING_TOKENS = (
    *("good", "fresh", "refresh", "fresh-refresh", "expired", "revoked", "no-jti"),
    *("fresh-until-past", "fresh-until-future", "no-type", "no-fresh"),
    *("admin", "ghost", "other-secret", "garbage", "no-sub", "int-sub"),
)
"""The tokens whose fate depends most on the guard and on the hooks."""


def case(
    request: Request,
    *,
    config: str = "plain",
    hooks: str = "none",
    guard: Guard = GUARDS["required"],
) -> Case:
    """A case with the reporting view."""
    setup = Setup(config=config, hooks=hooks, guard=guard, view=report)
    return Case(setup=setup, request=request)

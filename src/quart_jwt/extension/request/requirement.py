"""
What a route asks of its token: the arguments of ``jwt_required``, as one value.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Self

from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens.claims import check_purpose
from quart_jwt.tokens.locations import LOCATIONS
from quart_jwt.tokens.scopes import required_scopes
from quart_jwt.typing import LocationType


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """
    What a route asks of its token; the arguments of ``jwt_required``.

    Attributes:
        optional: Whether a request without a token passes, too.
        fresh: Whether the token has to be fresh.
        refresh: Whether it has to be a refresh token.
        locations: Where to look, in order; None for the configured locations.
        verify_type: Whether it matters which of access and refresh token it is.
        skip_revocation_check: Whether the blocklist is not asked.
        issuer: The issuer, or the issuers, that it has to be of; None for any.
        audience: The audience, or several, that it has to name; None for any.
        scopes: What it has to allow, all of it.
        purpose: The only purpose that it may be for; None for access tokens.
        single_use: Whether passing here is the only use of the token.
        key: Names the requirement: equal ones have the same.
        types: The types of tokens that will do.
    """

    optional: bool = False
    fresh: bool = False
    refresh: bool = False
    locations: LocationType = None
    verify_type: bool = True
    skip_revocation_check: bool = False
    issuer: str | tuple[str, ...] | None = None
    audience: str | tuple[str, ...] | None = None
    scopes: tuple[str, ...] = ()
    purpose: str | None = None
    single_use: bool = False
    key: str = field(init=False, repr=False, compare=False)
    types: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Fix the locations, and what is looked up in every request."""
        if self.purpose is not None:
            check_purpose(self.purpose)
            if self.refresh or not self.verify_type:
                raise ValueError(
                    "purpose cannot be combined with refresh=True or verify_type=False"
                )
        if self.single_use and (self.purpose is None or self.skip_revocation_check):
            raise ValueError(
                "single_use needs a purpose, and cannot skip the revocation check"
            )
        places = self.locations
        if places is not None and not isinstance(places, str):
            object.__setattr__(self, "locations", tuple(places))
        object.__setattr__(self, "key", repr(self))
        object.__setattr__(self, "types", self._types())

    @classmethod
    def stated(
        cls,
        *,
        issuer: str | Iterable[str] | None = None,
        audience: str | Iterable[str] | None = None,
        scopes: str | Iterable[str] | None = None,
        **others: Any,
    ) -> Self:
        """
        Make a requirement of the arguments of ``jwt_required``, fixed for good.

        Raises:
            ValueError: Nothing could ever pass.
        """
        return cls(
            issuer=required_names(issuer),
            audience=required_names(audience),
            scopes=required_scopes(scopes),
            **others,
        )

    def _types(self) -> tuple[str, ...]:
        if self.purpose is not None:
            return (self.purpose,)
        if not self.verify_type:
            return ("access", "refresh")
        return ("refresh",) if self.refresh else ("access",)


def required_names(given: str | Iterable[str] | None) -> str | tuple[str, ...] | None:
    """
    The issuers or audiences that a route asks for, fixed for good.

    Raises:
        ValueError: There are none: nothing could ever pass.
    """
    if given is None or isinstance(given, str):
        names: str | tuple[str, ...] | None = given
    else:
        names = tuple(given)
    if names is not None and not names:
        raise ValueError("issuer and audience need at least one name, or None for any")
    return names


def places_of(requirement: Requirement, settings: Settings) -> tuple[str, ...]:
    """
    Where a route looks for its token, in order.

    Raises:
        RuntimeError: It names a location that does not exist.
    """
    given = requirement.locations
    places = (given,) if isinstance(given, str) else tuple(given or ())
    for place in places:
        if place not in LOCATIONS:
            raise RuntimeError(f"'{place}' is not a valid location")
    return places or settings.locations

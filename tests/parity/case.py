"""
One request to one app, told without naming a framework.

Both sides build an app from the same ``Setup``, send it the same ``Request``
and give back an ``Answer``; what differs between two answers is a difference
between the two extensions.
"""

import json
from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Those that the one view of an app answers; OPTIONS by itself too."""

TOKEN_METHODS = METHODS[:-1]
"""Those that need a token; what a view reads in OPTIONS is a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a view or a hook may use of its side: the same names on both."""

    jwt: Any
    exceptions: Any
    jsonify: Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """The arguments of ``jwt_required``."""

    optional: bool = False
    fresh: bool = False
    refresh: bool = False
    locations: str | tuple[str, ...] | None = None
    verify_type: bool = True
    skip_revocation_check: bool = False

    def arguments(self) -> dict[str, Any]:
        """These arguments by name, the locations as the list users write."""
        locations = self.locations
        return {
            "optional": self.optional,
            "fresh": self.fresh,
            "refresh": self.refresh,
            "locations": list(locations) if isinstance(locations, tuple) else locations,
            "verify_type": self.verify_type,
            "skip_revocation_check": self.skip_revocation_check,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """
    What an app is built from.

    Attributes:
        config: A name in ``configs.CONFIGS``.
        hooks: A name in ``hooks.HOOKS``.
        guard: What stands before the view; None for a view without a guard.
        view: The view; a plain function of the kit.
    """

    config: str = "plain"
    hooks: str = "none"
    guard: Guard | None = Guard()
    view: Callable[[Kit], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as bytes see it; cookies and content type are headers."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request to an app."""

    setup: Setup
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is compared: status, JSON and the cookies with their attributes."""

    status: int
    json: Any
    set_cookies: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a helper gave back, or the error that it raised."""

    value: Any = None
    error: str | None = None
    kinds: tuple[str, ...] = ()

    def fits(self, other: "Outcome") -> bool:
        """Whether code written for ``other`` works with this one."""
        caught = not other.kinds or other.kinds[0] in self.kinds
        return self.value == other.value and self.error == other.error and caught


def answered(
    status: int, mimetype: str | None, body: bytes, set_cookies: Iterable[str]
) -> Answer:
    """The answer in the form in which two sides are compared."""
    found: Any = None
    if mimetype == "application/json":
        found = json.loads(body) if body else None
    elif status < 500:  # the page of a 500 is the framework's own
        found = body.decode()
    cookies = tuple(_attributes(header) for header in set_cookies)
    return Answer(status=status, json=found, set_cookies=cookies)


def _attributes(header: str) -> tuple[str, ...]:
    """A cookie; when it ends is Max-Age's matter, unless it has ended long ago."""
    pair, *attributes = header.split("; ")
    lasting = (
        "Expires" if name.startswith("Expires=") and "1970" not in name else name
        for name in attributes
    )
    return (pair, *sorted(lasting, key=str.casefold))


def raised(error: Exception) -> Outcome:
    """The error as something to compare: its text and all its class names."""
    kinds = tuple(kind.__name__ for kind in type(error).__mro__)
    return Outcome(error=str(error), kinds=kinds)

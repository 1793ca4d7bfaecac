"""
How a setting is declared: once, as a field of its group.

What the field says is all that there is of a setting. Reading, ``quart-jwt config
show``, masking and the table in docs/operate/service.md are derived from it.
"""

from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from typing import Any

KEY = "setting"
"""Where the metadata of a field has its ``Setting``."""


class FaultError(Exception):
    """
    Raised for a value that a setting cannot have; what has to be true instead, and
    never the value, which may be a secret.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """
    One setting.

    Attributes:
        name: Its name, without the prefix.
        parse: Makes the value of a text, or raises a ``FaultError``.
        meaning: What it is, for the documentation, in Markdown.
        default: Its value when it is not set, in production.
        in_development: The same in development.
        unset: How the default is called if it has no text of its own.
        is_secret: Whether nothing of it may be shown.
    """

    name: str
    parse: Callable[[str], Any]
    meaning: str
    default: Any
    in_development: Any
    unset: str | None
    is_secret: bool

    def default_in(self, mode: str) -> Any:
        """Return the value when it is not set."""
        return self.in_development if mode == "development" else self.default

    def shown_default(self, mode: str = "production") -> str:
        """Return the default as an operator would write it; empty without one."""
        return written(self.default_in(mode)) if self.unset is None else self.unset


def setting(
    name: str,
    parse: Callable[[str], Any],
    meaning: str,
    *,
    default: Any,
    unset: str | None = None,
    in_development: Any = ...,
    is_secret: bool = False,
    may_be_shown: bool = True,
) -> Any:
    """
    Declare a setting as the field of a dataclass.

    Args:
        name: See ``Setting``, as for the others.
        parse: See ``Setting``.
        meaning: See ``Setting``.
        default: See ``Setting``.
        unset: See ``Setting``.
        in_development: The default in development; without it the same.
        is_secret: See ``Setting``.
        may_be_shown: Whether the value may stand in a ``repr``: a URL may not.
    """
    declared = Setting(
        name=name,
        parse=parse,
        meaning=meaning,
        default=default,
        in_development=default if in_development is ... else in_development,
        unset=unset,
        is_secret=is_secret,
    )
    shown = may_be_shown and not is_secret
    return field(default=default, repr=shown, metadata={KEY: declared})


def declared_by(group: type) -> Iterator[tuple[str, Setting]]:
    """Give the settings of a group by the fields that hold them."""
    for one in fields(group):
        if KEY in one.metadata:
            yield one.name, one.metadata[KEY]


def written(value: Any) -> str:
    """Return a value as an operator would write it in the environment."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return "" if value is None else str(value)

"""
Reading settings: every value checked, every fault remembered.

A fault names the setting and never its value, which may be a secret. What was read is
remembered, too, so that ``quart-jwt config show`` can say what counts and why.
"""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import TypeVar

from quart_jwt.service.ground.errors import SettingsError
from quart_jwt.service.settings.declared import declared_by
from quart_jwt.service.settings.declared import FaultError
from quart_jwt.service.settings.declared import Setting
from quart_jwt.service.settings.sources import PREFIX
from quart_jwt.service.settings.sources import Sources

DIRECTORY = "USER_DIRECTORY"
"""What names a user directory from elsewhere; that has settings of its own below it."""

DEFAULT = "default"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """
    A setting as it counts.

    Attributes:
        text: Its value; empty if there is none.
        origin: ``environment``, the name of the settings file, or ``default``.
    """

    text: str
    origin: str


class Reading:
    """
    One pass over the settings, which remembers every fault.

    Args:
        environ: The environment.
        known: The names of all settings, without the prefix.
        own_directory: The user directory that has no settings of its own.
    """

    def __init__(
        self, environ: Mapping[str, str], known: Iterable[str], own_directory: str
    ) -> None:
        self._sources = Sources(environ)
        self.effective: dict[str, Effective] = {}
        self._mode = self._text("MODE") or ""
        # A directory from elsewhere knows itself which settings it has.
        has_own = (self._text(DIRECTORY) or own_directory) == own_directory
        names = [*known, *([] if has_own else self._below(DIRECTORY))]
        self._faults = [*self._sources.faults, *self._sources.unknown(names)]

    def fault(self, name: str, what: str) -> None:
        """Remember that a setting is wrong."""
        given = self._sources[name]
        label = f"{PREFIX}{name}" if given is None else given.label
        self._faults.append(f"{label} {what}")

    def finish(self) -> None:
        """Raise SettingsError if anything was wrong."""
        if self._faults:
            raise SettingsError(self._faults)

    def is_given(self, name: str) -> bool:
        """Whether it is set."""
        return self._sources[name] is not None

    def group(self, group: type[T], **others: Any) -> T:
        """Return a group with the values that count; ``others`` are no settings."""
        return group(**self.values(group), **others)

    def values(self, group: type) -> dict[str, Any]:
        """Return the values of a group by the fields that hold them."""
        return {field: self._value(one) for field, one in declared_by(group)}

    def value(self, group: type, field: str) -> Any:
        """Return one value of a group."""
        return self._value(dict(declared_by(group))[field])

    def below(self, name: str) -> dict[str, str]:
        """Return the settings that begin with a name: ``url`` for ``<name>_URL``."""
        found = {}
        for full in self._below(name):
            text = self._text(full)
            if text:
                found[full.removeprefix(f"{name}_").lower()] = text
                self._show(full, text)
        return found

    def show_default(self, name: str, text: str) -> None:
        """Show a default that depends on other settings."""
        if self.effective[name].origin == DEFAULT:
            self.effective[name] = Effective(text=text, origin=DEFAULT)

    def _value(self, one: Setting) -> Any:
        text = self._text(one.name)
        if not text:
            shown = one.shown_default(self._mode)
            self.effective[one.name] = Effective(text=shown, origin=DEFAULT)
            return one.default_in(self._mode)
        self._show(one.name, text)
        try:
            return one.parse(text)
        except FaultError as fault:
            self.fault(one.name, str(fault))
            return one.default_in(self._mode)

    def _show(self, name: str, text: str) -> None:
        given = self._sources[name]
        origin = DEFAULT if given is None else given.origin
        self.effective[name] = Effective(text=text, origin=origin)

    def _text(self, name: str) -> str | None:
        """A setting's text; an empty one counts as not set."""
        given = self._sources[name]
        return None if given is None else given.text

    def _below(self, name: str) -> list[str]:
        return [full for full in self._sources if full.startswith(f"{name}_")]

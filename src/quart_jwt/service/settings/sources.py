"""
Where settings come from: the environment, and below it one TOML file.

The file is what ``QUART_JWT_SETTINGS`` names, or ``quart-jwt.toml`` of the current
directory if there is one. A key is a setting's name in lower case without the prefix;
a table's name is put before the names in it, so that these two say the same::

    cors_origins = ["https://app.example"]

    [cors]
    origins = ["https://app.example"]
"""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "QUART_JWT_"
FILE_SETTING = f"{PREFIX}SETTINGS"
DEFAULT_FILE = Path("quart-jwt.toml")
ENVIRONMENT = "environment"

_KEY = re.compile("[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """
    One setting that is given.

    Attributes:
        text: Its value, as the environment would have it.
        written: Its name where it stands: ``QUART_JWT_MODE``, ``cors.origins``.
        origin: Where it stands: ``environment``, or the name of the file.
    """

    text: str
    written: str
    origin: str

    @property
    def label(self) -> str:
        """What to call it in a message: where it stands, and its name there."""
        if self.origin == ENVIRONMENT:
            return self.written
        return f"{self.origin}: {self.written}"


class Sources:
    """
    What is given, by name without the prefix; the environment counts first.

    Args:
        environ: The environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.path: Path | None = settings_file(environ)
        self.faults: list[str] = _strangers(self.path)
        self._given = {**dict(self._from_file()), **_from_environment(environ)}

    def __getitem__(self, name: str) -> Given | None:
        """Return what is given under a name."""
        return self._given.get(name)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names that are given."""
        return iter(self._given)

    def unknown(self, names: Sequence[str]) -> Sequence[str]:
        """Return one sentence for each given setting that there is not."""
        return [
            f"{one.label} is not a setting{_hint(one, name, names)}"
            for name, one in sorted(self._given.items())
            if name not in names
        ]

    def in_file(self) -> Iterator[tuple[str, str]]:
        """Iterate over the names and texts that the file gives."""
        for name, one in self._given.items():
            if one.origin != ENVIRONMENT:
                yield name, one.text

    def _from_file(self) -> Iterator[tuple[str, Given]]:
        if self.path is None:
            return
        origin, seen = self.path.name, set[str]()
        for key, value in _flattened(self._read(self.path)):
            label = f"{origin}: {key}"
            name = key.replace(".", "_").upper()
            text = _text(value)
            if not all(_KEY.fullmatch(part) for part in key.split(".")):
                self.faults.append(f"{label} must be written in a-z, 0-9 and _")
            elif name in seen:
                self.faults.append(f"{label} is set twice")
            elif text is None:
                self.faults.append(
                    f"{label} must be a string, a whole number, true, false, or a "
                    "list of strings without commas"
                )
            else:
                yield name, Given(text=text, written=key, origin=origin)
            seen.add(name)

    def _read(self, path: Path) -> Mapping[str, Any]:
        try:
            return tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            self.faults.append(f"{path} cannot be read: {error.strerror}")
        except ValueError as error:  # not TOML, or not UTF-8
            self.faults.append(f"{path} is not TOML: {_without_values(error)}")
        return {}


def settings_file(environ: Mapping[str, str]) -> Path | None:
    """Return the settings file that an environment names, or the usual one."""
    named = environ.get(FILE_SETTING)
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _strangers(path: Path | None) -> list[str]:
    """Report a settings file that was not named and that others can change."""
    if path is not DEFAULT_FILE:
        return []
    status = path.stat()
    if status.st_uid in {0, os.geteuid()} and not status.st_mode & stat.S_IWOTH:
        return []
    why = "belongs to another user, or every user can change it"
    return [f"{path} {why}: name it with {FILE_SETTING} to use it anyway"]


def _from_environment(environ: Mapping[str, str]) -> dict[str, Given]:
    return {
        name.removeprefix(PREFIX): Given(text=text, written=name, origin=ENVIRONMENT)
        for name, text in environ.items()
        if name.startswith(PREFIX) and name != FILE_SETTING and text
    }


def _flattened(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(value: Any) -> str | None:
    """Return a value as the environment would have it; None for what it cannot."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return None
    is_fine = all(isinstance(one, str) and "," not in one for one in value)
    return ",".join(value) if is_fine else None


def _without_values(error: ValueError) -> str:
    """Return where a file is wrong; what stands there may be a secret."""
    place = re.search(r"\(at [^()]*\)$", str(error))
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return "a fault " + place.group().strip("()") if place else "it cannot be parsed"


def _hint(given: Given, name: str, names: Sequence[str]) -> str:
    """Return a question that names the nearest setting as it would stand there."""
    if given.origin == ENVIRONMENT:
        near = [f"{PREFIX}{one}" for one in _nearest(name, names)]
    else:
        near = [*_nearest_in_file(given.written, name, names)]
    return f"; did you mean {near[0]}?" if near else ""


def _nearest_in_file(written: str, name: str, names: Sequence[str]) -> Sequence[str]:
    table, dot, key = written.rpartition(".")
    above = f"{table}{dot}".replace(".", "_").upper()
    within = [one.removeprefix(above) for one in names if one.startswith(above)]
    if within:
        return [f"{table}{dot}{one.lower()}" for one in _nearest(key.upper(), within)]
    # There is no such table: its name may be the slip.
    words = [one.lower().split("_") for one in _nearest(name, names)]
    depth = above.count("_")
    return ["_".join(one[:depth]) + "." + "_".join(one[depth:]) for one in words]


def _nearest(name: str, names: Sequence[str]) -> Sequence[str]:
    return difflib.get_close_matches(name, names, n=1)

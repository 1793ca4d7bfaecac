"""
The report of a conversion: each view with what became of it, and what blocks the loop.
"""

import difflib
import json
from collections.abc import Iterable
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field

from quart_jwt.migrate.convert.blocking import Blocking
from quart_jwt.migrate.convert.edits import Converted


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """
    A function, where it stands, and a reason.
    """

    path: str
    line: int
    name: str
    reason: str = ""

    def __str__(self) -> str:
        text = f"  {self.path}:{self.line} {self.name}"
        return f"{text}: {self.reason}" if self.reason else text


@dataclass(slots=True, kw_only=True)
class Report:
    """
    What a conversion did, or would do.

    Attributes:
        written: The files were changed.
        views: How many views and hooks the project has.
        files: How many files were read.
        already: How many of the chosen ones were async before.
        converted: What became async: views, hooks, and the helpers they call.
        kept: The chosen views and hooks that stay sync, each with its reason.
        blocking: What blocks the event loop in async views.
        unread: Files that could not be read.
    """

    written: bool
    views: int
    files: int
    already: int = 0
    converted: list[Line] = field(default_factory=list)
    kept: list[Line] = field(default_factory=list)
    blocking: list[Blocking] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """Give the report for a machine."""
        return json.dumps(asdict(self), indent=2)

    def as_text(self) -> str:
        """Give the report for a reader."""
        counts = f"Files read: {self.files}. Views and hooks: {self.views}."
        lines = [f"{counts} Of the chosen, async already: {self.already}."]
        title = "Converted" if self.written else "Would convert"
        lines += _section(title, map(str, sorted(self.converted)))
        lines += _section("Not converted", map(str, sorted(self.kept)))
        lines += _section("Blocks the event loop", map(_blocking, self.blocking))
        if self.blocking:
            lines += ["  Use an async library, await asyncio.to_thread(...), or keep"]
            lines += ["  the view sync: then it waits in a thread of its own."]
        lines += _section("Could not be read", (f"  {one}" for one in self.unread))
        return "\n".join(lines) + "\n"


def unified_diff(changes: Iterable[Converted]) -> str:
    """Give changes as one unified diff."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for change in changes
        for line in difflib.unified_diff(
            change.before.splitlines(keepends=True),
            change.after.splitlines(keepends=True),
            f"a/{change.path}",
            f"b/{change.path}",
        )
    )


def _section(title: str, lines: Iterable[str]) -> list[str]:
    listed = list(lines)
    return ["", f"{title} ({len(listed)}):", *listed] if listed else []


def _blocking(one: Blocking) -> str:
    return f"  {one.path}:{one.line} `{one.call}`, called in {one.view}"

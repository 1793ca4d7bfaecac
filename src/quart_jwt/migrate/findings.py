"""
Findings: what the command saw and leaves to the owner, with the reason and the advice.
"""

from dataclasses import asdict
from dataclasses import dataclass
from typing import Literal

Level = Literal["todo", "note"]
"""``todo``: the project breaks unless you change it. ``note``: for information."""

PLACES_SHOWN = 3
"""Further places of the same finding are counted."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """
    Something in a project that the command leaves to its owner.
    """

    path: str
    line: int
    """From 1; 0 means the file as a whole."""
    rule: str
    reason: str
    advice: str
    level: Level = "todo"
    also: tuple[str, ...] = ()
    """Further places of the same finding, as ``path:line``."""

    @property
    def place(self) -> str:
        """Where it is: the path, and the line if there is one."""
        return f"{self.path}:{self.line}" if self.line else self.path

    def as_json(self) -> dict[str, object]:
        """Give the finding as JSON has it."""
        return asdict(self)

    def as_text(self) -> str:
        """Give the finding in one paragraph."""
        more = len(self.also) - PLACES_SHOWN + 1
        places = ", ".join([self.place, *self.also[: PLACES_SHOWN - 1]])
        and_more = f" and {more} more" if more > 0 else ""
        return f"{places}{and_more}: {self.reason} [{self.rule}]\n    {self.advice}"


def merged(findings: list[Finding]) -> list[Finding]:
    """Give each finding once, at its first place, with its other places."""
    first: dict[tuple[str, str, str, Level], Finding] = {}
    others: dict[tuple[str, str, str, Level], list[str]] = {}
    for one in sorted(set(findings)):
        key = (one.rule, one.reason, one.advice, one.level)
        if key in first:
            others[key] += [one.place, *one.also]
        else:
            first[key], others[key] = one, [*one.also]
    return sorted(
        Finding(
            path=one.path,
            line=one.line,
            rule=one.rule,
            reason=one.reason,
            advice=one.advice,
            level=one.level,
            also=tuple(others[key]),
        )
        for key, one in first.items()
    )

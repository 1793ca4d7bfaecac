"""
Findings: what the rewriter saw and did not do, with the reason and what to do.
"""

from dataclasses import asdict
from dataclasses import dataclass
from typing import Literal

Level = Literal["todo", "note"]
"""``todo``: somebody has to act. ``note``: it runs, and somebody should know."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """
    One place in a project that the rewriter leaves to its owner.
    """

    path: str
    line: int
    """From 1; 0 means the file as a whole."""
    rule: str
    reason: str
    advice: str
    level: Level = "todo"

    def as_json(self) -> dict[str, object]:
        """Give the finding as JSON has it."""
        return asdict(self)

    def as_text(self) -> str:
        """Give the finding in one paragraph."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.reason} [{self.rule}]\n    {self.advice}"

"""
The report of a migration: what changes, and what is left to do; as text and JSON.
"""

import difflib
import json
from collections.abc import Iterable
from collections.abc import Sequence

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.rewriting import Rewritten


def unified_diff(changes: Iterable[Rewritten]) -> str:
    """Give the changes as one unified diff."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for change in changes
        for line in difflib.unified_diff(
            change.before.splitlines(keepends=True),
            change.after.splitlines(keepends=True),
            f"a/{change.path}" if change.before else "/dev/null",
            f"b/{change.path}",
        )
    )


def as_json(changes: Sequence[Rewritten], findings: Sequence[Finding]) -> str:
    """Give the report for a machine."""
    report = {
        "changed": [change.path for change in changes],
        "findings": [finding.as_json() for finding in findings],
    }
    return json.dumps(report, indent=2)


def as_text(
    changes: Sequence[Rewritten], findings: Sequence[Finding], *, written: bool
) -> str:
    """Give the report for a reader."""
    verb = "changed" if written else "would change"
    left = [finding for finding in findings if finding.level == "todo"]
    notes = [finding for finding in findings if finding.level == "note"]
    lines = [f"{_files(len(changes))} {verb}."]
    lines += _section("Left to do", left)
    lines += _section("Good to know", notes)
    if not left:
        lines += ["", "Nothing is left to do by hand. Run the tests."]
    return "\n".join(lines) + "\n"


def _section(title: str, findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    return ["", f"{title} ({len(findings)}):", *(one.as_text() for one in findings)]


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"

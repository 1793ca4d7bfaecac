"""
The report of a migration: what was examined, what changes, and what is left to do.

It states what was looked at, and never that nothing is left.
"""

import difflib
import json
from collections.abc import Iterable
from collections.abc import Sequence

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.migration import Change
from quart_jwt.migrate.migration import Migration


def unified_diff(changes: Iterable[Change]) -> str:
    """Give the changes as one unified diff."""
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for change in changes
        for line in difflib.unified_diff(
            _lines(change.before),
            _lines(change.after),
            f"a/{change.path}",
            f"b/{change.path}",
        )
    )


def _lines(content: bytes) -> list[str]:
    return content.decode(errors="replace").splitlines(keepends=True)


def changed_lines(changes: Iterable[Change]) -> int:
    """Count the lines that changes add."""
    return sum(
        line.startswith("+") and not line.startswith("+++")
        for line in unified_diff(changes).splitlines()
    )


def as_json(migration: Migration) -> str:
    """Give the report for a machine."""
    report = {
        "examined": migration.examined.as_json(),
        "changed": [change.path for change in migration.changes],
        "dropped": {
            change.path: list(change.dropped)
            for change in migration.changes
            if change.dropped
        },
        "findings": [finding.as_json() for finding in migration.findings],
    }
    return json.dumps(report, indent=2)


def as_text(migration: Migration, *, written: bool) -> str:
    """Give the report for a reader."""
    left = [one for one in migration.findings if one.level == "todo"]
    notes = [one for one in migration.findings if one.level == "note"]
    return "\n".join(
        [
            *_examined(migration),
            *_changed(migration.changes, written=written),
            *_section("Left to do", left),
            *_section("Notes", notes),
            "",
            "The code was read, not run. Run the tests: "
            + ("`pytest`." if written else "`quart-jwt try -- pytest`."),
            "",
        ]
    )


def _examined(migration: Migration) -> list[str]:
    seen = migration.examined
    examined = (
        f"Examined: {_number(seen.python, 'Python file')} ({seen.flask} with Flask or "
        f"Flask-JWT-Extended, {_number(seen.tests, 'test')}), "
        f"{_number(seen.dependencies, 'dependency file')}. "
        f"Found: {_number(seen.apps, 'app')}, {_number(seen.managers, 'JWTManager')}."
    )
    lines = [examined]
    unseen = []
    if seen.unread:
        unseen.append(_number(seen.unread, "unreadable file"))
    if seen.dynamic_imports:
        unseen.append(_number(seen.dynamic_imports, "computed import"))
    if seen.not_installed:
        unseen.append(f"packages not installed here ({', '.join(seen.not_installed)})")
    if seen.skipped:
        unseen.append(f"folders ({', '.join(sorted(seen.skipped))})")
    if unseen:
        lines.append(f"Not seen: {'; '.join(unseen)}.")
    if seen.flask and not seen.apps:
        lines.append(
            "No `Flask(...)` was found: code that was not seen makes the app, and "
            "still makes Flask's own."
        )
    return lines


def _changed(changes: Sequence[Change], *, written: bool) -> list[str]:
    verb = "changed" if written else "would change"
    count = _number(changed_lines(changes), "line")
    lines = [f"{_number(len(changes), 'file')} {verb} ({count})."]
    lines += [
        f"{change.path}: without a counterpart, left out: {', '.join(change.dropped)}"
        for change in changes
        if change.dropped
    ]
    return lines


def _section(title: str, findings: Sequence[Finding]) -> list[str]:
    if not findings:
        return []
    return ["", f"{title} ({len(findings)}):", *(one.as_text() for one in findings)]


def _number(number: int, thing: str) -> str:
    plural = thing if number == 1 else f"{thing}s"
    return f"{number} {plural}"

"""Small projects in a folder, and what the command makes of them."""

from dataclasses import dataclass
from pathlib import Path

from quart_jwt.migrate.migration import migrate_project
from quart_jwt.migrate.writing import apply


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """A project after the command, and what the report says."""

    folder: Path
    changed: dict[str, str]
    report: list[str]
    """Place, rule and level of each finding."""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write a project's files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def migrated(folder: Path, files: dict[str, str], *, serving: bool = False) -> Migrated:
    """Write a project, migrate it, and see to it that a second run changes nothing."""
    write(folder, files)
    migration = migrate_project(folder, is_written=True, serving=serving)
    apply(migration)
    again = migrate_project(folder, is_written=True, serving=serving)
    assert [change.path for change in again.changes] == []
    assert again.findings == migration.findings
    for change in migration.changes:
        if change.path.endswith(".py"):
            compile(change.after, change.path, "exec", dont_inherit=True)
    return Migrated(
        folder=folder,
        changed={
            one.path: one.after.decode(errors="replace") for one in migration.changes
        },
        report=[f"{one.place} {one.rule} {one.level}" for one in migration.findings],
    )


def after(folder: Path, text: str, name: str = "app.py") -> str:
    """Give what becomes of a file; itself if it stays."""
    return migrated(folder, {name: text}).changed.get(name, text)

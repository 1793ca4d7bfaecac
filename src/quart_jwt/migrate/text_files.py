"""
Files that are no Python: found by their names, and rewritten one rule after the other.
"""

from collections.abc import Callable
from collections.abc import Iterator

from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.project import SKIPPED_FOLDERS


def text_files(migration: Migration, *patterns: str) -> Iterator[tuple[str, str]]:
    """Give path and present text of a project's files, at any depth."""
    root = migration.project.root
    for path in sorted({path for pattern in patterns for path in root.rglob(pattern)}):
        name = path.relative_to(root)
        if not path.is_file() or SKIPPED_FOLDERS & {*name.parts[:-1]}:
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            continue
        yield name.as_posix(), migration.texts.get(name.as_posix(), text)


def rewrite_texts(
    migration: Migration, change: Callable[[str], str], *patterns: str
) -> None:
    """Rewrite the text of files."""
    for path, text in text_files(migration, *patterns):
        after = change(text)
        if after != text:
            migration.texts[path] = after

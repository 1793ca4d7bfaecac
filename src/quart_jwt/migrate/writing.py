"""
Writing a migration's files, and taking the change back.

Between reading and writing, tests may run for minutes, and files may be edited
meanwhile. A file that has changed since it was read is never overwritten. A file is
replaced as a whole, so that a full disk leaves the old one.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart_jwt.migrate.migration import Migration


class WritingError(Exception):
    """
    A file could not be written, or is not as it was read; the others are as before.
    """


def apply(migration: "Migration") -> None:
    """
    Write the changed files: all of them, or none.

    Raises:
        WritingError: One of them has changed meanwhile, or cannot be written.
    """
    for change in migration.changes:
        if _content(migration.root / change.path) != change.before:
            raise WritingError(
                f"{change.path} has changed since it was read: nothing was written; "
                "run the command again"
            )
    for change in migration.changes:
        try:
            _replace(migration.root / change.path, change.after)
        except OSError as error:
            revert(migration)
            raise WritingError(
                f"{change.path} cannot be written ({error.strerror}): nothing was "
                "changed"
            ) from error


def revert(migration: "Migration") -> list[str]:
    """
    Write back what the changed files were before.

    Returns:
        The files that were edited after the change, and are left as they are.
    """
    edited: list[str] = []
    for change in migration.changes:
        path = migration.root / change.path
        content = _content(path)
        if content == change.after:
            _replace(path, change.before)
        elif content != change.before:
            edited.append(change.path)
    return edited


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _replace(path: Path, content: bytes) -> None:
    path = path.resolve()  # a link that was named on the command line stays one
    if not os.access(path, os.W_OK):
        raise PermissionError(0, "it is read-only", str(path))
    draft, name = tempfile.mkstemp(prefix=".quart-jwt-", dir=path.parent)
    try:
        with os.fdopen(draft, "wb") as file:
            file.write(content)
        shutil.copymode(path, name)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise

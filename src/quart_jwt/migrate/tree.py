"""
The files of a project: regular files under its folder, and what was passed over.

No link is followed, and nothing but a regular file is opened: a named pipe would be
waited for, a link may leave the project.
"""

import os
import stat
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from quart_jwt.migrate.findings import Finding

GENERATED_FOLDERS = frozenset(
    {"__pycache__", "build", "dist", "node_modules", "site-packages"}
)
"""Folders with code that is generated or installed."""

ENVIRONMENT_MARKS = (
    "pyvenv.cfg",
    "conda-meta",
    "bin/activate",
    "Scripts/activate",
)
"""What shows that a folder is a virtual environment, whatever its name."""

READ_ALTHOUGH_HIDDEN = frozenset({".circleci", ".devcontainer", ".github"})
"""Hidden folders that say how a project is built and served."""

PYTHON = (".py", ".pyi", ".pyw")
MAX_BYTES = 4_000_000
"""Larger files are data, not code or settings."""


@dataclass(eq=False, slots=True)
class Tree:
    """
    The files of a project, by their path from its folder, in a fixed order.
    """

    root: Path
    paths: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    """Folders that were not looked into."""
    findings: list[Finding] = field(default_factory=list)

    def python(self) -> list[str]:
        """Give the paths of Python's files outside of hidden folders."""
        return [
            path
            for path in self.paths
            if path.endswith(PYTHON) and not path.startswith(".") and "/." not in path
        ]

    def read(self, path: str) -> bytes:
        """Give the content of a file."""
        return (self.root / path).read_bytes()


def read_tree(root: Path) -> Tree:
    """
    List the files of a project.

    Args:
        root: Its folder, or a single file.
    """
    if not root.is_dir():
        return Tree(root.parent, [root.name])
    tree = Tree(root)
    _list(tree, root)
    tree.paths.sort()
    return tree


def _list(tree: Tree, folder: Path) -> None:
    waiting = [folder]
    while waiting:
        there = waiting.pop()
        try:
            entries = sorted(os.scandir(there), key=lambda entry: entry.name)
        except OSError as error:
            _pass_over(tree, there, f"it cannot be listed ({error.strerror})")
            continue
        waiting += [Path(entry.path) for entry in entries if _take(tree, entry)]


def _take(tree: Tree, entry: os.DirEntry[str]) -> bool:
    """Take a file in; say whether the entry is a folder to look into."""
    path = Path(entry.path)
    if entry.is_symlink():
        _check_link(tree, path)
    elif entry.is_dir(follow_symlinks=False):
        return _is_looked_into(tree, path)
    elif not entry.is_file(follow_symlinks=False):
        kind = stat.filemode(entry.stat(follow_symlinks=False).st_mode)[0]
        what = {"p": "a named pipe", "s": "a socket"}.get(kind, "a device")
        _pass_over(tree, path, f"it is {what}")
    elif entry.stat(follow_symlinks=False).st_size <= MAX_BYTES:
        tree.paths.append(path.relative_to(tree.root).as_posix())
    elif path.name.endswith(PYTHON):
        _pass_over(tree, path, f"it is larger than {MAX_BYTES:,} bytes")
    return False


def _is_looked_into(tree: Tree, path: Path) -> bool:
    hidden = path.name.startswith(".") and path.name not in READ_ALTHOUGH_HIDDEN
    if path.name.endswith(PYTHON):
        _pass_over(tree, path, "it is a folder with the name of a Python file")
    elif (
        hidden
        or path.name in GENERATED_FOLDERS
        or any((path / mark).exists() for mark in ENVIRONMENT_MARKS)
    ):
        tree.skipped.append(path.relative_to(tree.root).as_posix())
    else:
        return True
    return False


def _check_link(tree: Tree, path: Path) -> None:
    """Report a link unless it leads to a file that is read anyway."""
    if path.name.startswith(".#"):
        _pass_over(tree, path, "it is an editor's lock file")
        return
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        _pass_over(tree, path, "it is a broken link")
        return
    if not target.is_relative_to(tree.root.resolve()):
        _pass_over(tree, path, "it is a link that leaves the project")


def _pass_over(tree: Tree, path: Path, reason: str) -> None:
    tree.findings.append(
        Finding(
            path=path.relative_to(tree.root).as_posix(),
            line=0,
            rule="files",
            reason=f"{reason}, and was not read",
            advice="If it belongs to the project, run the command on it by itself.",
            level="note",
        )
    )

"""
Which files of a project name dependencies, and what becomes of each.
"""

import re
from collections.abc import Callable
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

from quart_jwt.migrate.dependencies import lines
from quart_jwt.migrate.dependencies import toml
from quart_jwt.migrate.dependencies.requirement import python_admitted
from quart_jwt.migrate.dependencies.requirement import PYTHON_FLOOR
from quart_jwt.migrate.findings import Finding

RULE = "dependencies"

REQUIREMENTS = (
    *("*requirement*.txt", "*requirement*.in", "*constraint*.txt"),
    *("requirements/*.txt", "requirements/*.in"),
    *("*/requirements/*.txt", "*/requirements/*.in"),
)
LOCKS = frozenset({"Pipfile.lock", "pdm.lock", "poetry.lock", "uv.lock", "pylock.toml"})
ENVIRONMENTS = ("environment*.y*ml", "conda*.y*ml")

_OLD = re.compile(r"flask[-_.]jwt[-_.]extended", re.IGNORECASE)
_IMAGE = re.compile(
    r"^\s*FROM\s+(?:\S*/)?python:(\d+\.\d+)", re.MULTILINE | re.IGNORECASE
)
_CONDA_PYTHON = re.compile(r"^\s*-\s+python\s*=+\s*(\d+\.\d+)", re.MULTILINE)

Rewrite = Callable[..., str]


def dependency_files(
    paths: list[str], read: Callable[[str], str | None]
) -> dict[str, Rewrite]:
    """
    Give the project's dependency files, and what rewrites each.

    Args:
        paths: The files of the project.
        read: Gives the text of one, or None.
    """
    found: dict[str, Rewrite] = {}
    for path in paths:
        name = PurePosixPath(path).name
        if any(fnmatch(path, one) or fnmatch(name, one) for one in REQUIREMENTS):
            _add_with_included(path, set(paths), read, found)
        elif name == "pyproject.toml":
            found[path] = toml.pyproject_text
        elif name == "Pipfile":
            found[path] = toml.pipfile_text
        elif name == "setup.cfg":
            found[path] = lines.setup_cfg_text
        elif any(fnmatch(name, one) for one in ENVIRONMENTS):
            found[path] = lines.environment_text
    return found


def _add_with_included(
    path: str,
    paths: set[str],
    read: Callable[[str], str | None],
    found: dict[str, Rewrite],
) -> None:
    """Add a requirements file, and those that it names."""
    waiting = [path]
    while waiting:
        one = waiting.pop()
        if one in found or one not in paths:
            continue
        found[one] = lines.requirements_text
        folder = PurePosixPath(one).parent
        named = lines.included(read(one) or "")
        waiting += [_joined(folder, name) for name in named]


def _joined(folder: PurePosixPath, name: str) -> str:
    parts: list[str] = []
    for part in (folder / name).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def is_related(path: str) -> bool:
    """Whether a file that is not rewritten is looked at: locks, images, setup.py."""
    name = PurePosixPath(path).name
    is_named = name in LOCKS or name in {"setup.py", "runtime.txt"}
    return is_named or "dockerfile" in name.lower()


def findings(path: str, text: str) -> Iterator[Finding]:
    """Report what is left to do in a dependency file, as it is now."""
    name = PurePosixPath(path).name
    if name in LOCKS and _OLD.search(text):
        yield _finding(
            path,
            0,
            "the lock file has the old dependencies",
            "Lock again, with the tool that wrote it.",
        )
    elif name == "setup.py" and (found := _OLD.search(text)):
        yield _finding(
            path,
            _line(text, found),
            "setup.py names flask-jwt-extended, and is code that is not rewritten",
            "Write quart-jwt there, and loosen the pins of Flask and of its packages.",
        )
    elif lines.has_hashes(text) and (found := _OLD.search(text)):
        yield _finding(
            path,
            _line(text, found),
            "the requirements have hashes, and were left as they are",
            "Compile the file again from its source, with quart-jwt in place of "
            "flask-jwt-extended.",
        )
    yield from _python(path, text)


def _python(path: str, text: str) -> Iterator[Finding]:
    """Report a Python that is too old."""
    name = PurePosixPath(path).name
    if name in {"pyproject.toml", "Pipfile"}:
        bound = toml.python_bound(text)
        if bound is not None:
            yield _old_python(path, 0, bound)
        return
    if name.lower().startswith("dockerfile") or name.lower().endswith(".dockerfile"):
        places = _IMAGE.finditer(text)
    elif any(fnmatch(name, one) for one in ENVIRONMENTS):
        places = _CONDA_PYTHON.finditer(text)
    elif name == "runtime.txt":
        places = re.finditer(r"python-(\d+\.\d+)", text)
    else:
        return
    for found in places:
        if python_admitted(f"=={found[1]}.*") is False:
            yield _old_python(path, _line(text, found), found[1])


def _old_python(path: str, line: int, version: str) -> Finding:
    return _finding(
        path,
        line,
        f"Python {version} is named, and quart-jwt needs {PYTHON_FLOOR} or newer",
        f"Write Python {PYTHON_FLOOR} or newer, and install the dependencies again.",
        rule="python",
    )


def _line(text: str, found: re.Match[str]) -> int:
    return text.count("\n", 0, found.start(found.lastindex or 0)) + 1


def unreadable(path: str, error: Exception) -> Finding:
    """Report a file that could not be read."""
    return _finding(path, 0, f"the file cannot be read: {error}", "Correct it.")


def _finding(
    path: str, line: int, reason: str, advice: str, *, rule: str = RULE
) -> Finding:
    return Finding(path=path, line=line, rule=rule, reason=reason, advice=advice)

"""
Dependencies: requirements files and ``pyproject.toml``.

Only the requirements that a migration is about are rewritten, in their places; every
other character stays.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.rules.unittest_cases import is_unittests
from quart_jwt.migrate.text_files import rewrite_texts

RULE = "requirements"

REPLACED = {
    "flask": "quart>=0.22",
    "flask-jwt-extended": "quart-jwt>=0.1",
    "gunicorn": "hypercorn>=0.18",
    "uwsgi": "hypercorn>=0.18",
    "waitress": "hypercorn>=0.18",
}
"""What takes whose place; the extras of the old one are dropped."""

DROPPED = frozenset({"pytest-flask"})
"""What does not work with Quart; its uses are reported."""

FLOORS = {
    "blinker": "1.6",
    "click": "8.0",
    "itsdangerous": "2.0",
    "jinja2": "3.1",
    "pyjwt": "2.15.1",
    "pytest": "8.4",
    "werkzeug": "3.0",
}
"""Oldest versions that the new requirements go with: older pins are lifted."""

UNREAD = ("Pipfile", "setup.py", "setup.cfg", "environment.yml", "conda.yml")
LOCKS = ("Pipfile.lock", "pdm.lock", "poetry.lock", "uv.lock")

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?P<extras>\[[^\]]*\])?"
    r"(?P<version>\s*\(?(?:[=<>!~]=?=?\s*[\w.*+!-]+\s*,?\s*)*\)?)"
)
_POETRY = re.compile(r'^(?P<name>[\w.-]+)(?P<rest>\s*=\s*["{].*)$')


def rewrite_requirements(migration: Migration) -> None:
    """Rewrite the dependency files; what is not read is reported."""
    needed = has_async_tests(migration)
    rewrite_texts(
        migration,
        lambda text: requirements_text(text, async_tests=needed),
        "*requirement*.txt",
        "requirements/*.txt",
    )
    rewrite_texts(
        migration,
        lambda text: pyproject_text(text, async_tests=needed),
        "pyproject.toml",
    )
    _report_unread(migration, migration.project.root)


def has_async_tests(migration: Migration) -> bool:
    """Whether pytest has to run functions or fixtures that have become async."""
    return any(
        migration.colours.becomes_async(one)
        and (one in migration.fixtures or one.own_name.startswith("test"))
        and not is_unittests(migration, one)
        for one in migration.index.functions
    )


def requirements_text(text: str, *, async_tests: bool) -> str:
    """Rewrite the lines of a requirements file."""
    lines = text.splitlines(keepends=True)
    done = [_line(line) for line in lines]
    names = {_name(line) for line in done}
    if async_tests and "pytest" in names and "pytest-asyncio" not in names:
        at = next(i for i, line in enumerate(done) if _name(line) == "pytest")
        if not done[at].endswith("\n"):
            done[at] += "\n"
        done.insert(at + 1, "pytest-asyncio>=1.2\n")
    return "".join(_without_repeats(done))


def requirement_word(word: str) -> str:
    """Rewrite a requirement of a command line; a shell would take ``>`` for itself."""
    found = _REQUIREMENT.fullmatch(word)
    new = REPLACED.get(_normal(found["name"])) if found else None
    return new.partition(">")[0] if new else word


def _line(line: str) -> str:
    found = _REQUIREMENT.match(line)
    if found is None:
        return line
    return _requirement(found) + line[found.end() :]


def _requirement(found: re.Match[str]) -> str:
    """Give what takes a requirement's place; its own text where nothing does."""
    name = _normal(found["name"])
    space = found[0][len(found[0].rstrip()) :]
    if name in REPLACED:
        return REPLACED[name] + space
    floor = FLOORS.get(name)
    pinned = re.search(r"==\s*([\d.]+)", found["version"])
    if floor is not None and pinned and _number(pinned[1]) < _number(floor):
        return f"{found['name']}{found['extras'] or ''}>={floor}{space}"
    return found[0]


def _without_repeats(lines: list[str]) -> Iterator[str]:
    """Leave out what is dropped, and second lines for what took several places."""
    seen: set[str] = set()
    for line in lines:
        name = _name(line)
        is_repeated = name in {"hypercorn", "quart", "quart-jwt"} and name in seen
        if is_repeated or name in DROPPED:
            continue
        seen.add(name)
        yield line


def _name(line: str) -> str:
    found = _REQUIREMENT.match(line)
    return _normal(found["name"]) if found else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)


def pyproject_text(text: str, *, async_tests: bool) -> str:
    """Rewrite the dependencies of a ``pyproject.toml``, if it stays TOML."""
    lines = text.splitlines(keepends=True)
    table = ""
    inside = False
    done = []
    for line in lines:
        if heading := re.match(r"\s*\[+([^\]]+)\]+\s*(?:#.*)?$", line):
            table, inside = heading[1], False
        is_list = bool(re.match(r"[\w\"-]+\s*=\s*\[", line)) and _lists(table, line)
        inside = (inside or is_list) and not (inside and line.strip().startswith("]"))
        done.append(_pyproject_line(line, table, inside=inside))
        if is_list and "]" in re.sub(r'"[^"]*"|\'[^\']*\'', "", line).partition("[")[2]:
            inside = False
    after = "".join(done)
    if async_tests:
        after = _with_pytest_asyncio(after)
    try:
        tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return text
    return after


def _lists(table: str, line: str) -> bool:
    """Whether a list of requirements begins at a line of a table."""
    if table in {"project.optional-dependencies", "dependency-groups"}:
        return True
    return table == "project" and line.startswith("dependencies")


def _pyproject_line(line: str, table: str, *, inside: bool) -> str:
    if inside:
        return re.sub(r'(["\'])([^"\']+)\1', _quoted, line)
    if table.startswith("tool.poetry") and table.endswith("dependencies"):
        return _poetry_line(line)
    return line


def _quoted(found: re.Match[str]) -> str:
    requirement = _REQUIREMENT.match(found[2])
    if requirement is None:
        return found[0]
    rest = found[2][requirement.end() :]
    return f"{found[1]}{_requirement(requirement)}{rest}{found[1]}"


def _poetry_line(line: str) -> str:
    found = _POETRY.match(line.rstrip("\n"))
    new = REPLACED.get(_normal(found["name"])) if found else None
    if found is None or new is None:
        return line
    name, _, version = new.partition(">=")
    constraint = re.sub(
        r'"[\^~]?[\d.*<>=, ]+"', f'">={version}"', found["rest"], count=1
    )
    return f"{name}{constraint}\n"


def _with_pytest_asyncio(text: str) -> str:
    if "pytest-asyncio" in text:
        return text
    listed = re.sub(
        r'^(\s*)(["\'])(pytest\b(?!-)[^"\']*)\2(,?)',
        r"\1\2\3\2,\n\1\2pytest-asyncio>=1.2\2\4",
        text,
        count=1,
        flags=re.MULTILINE,
    )
    if listed != text:
        return listed
    return re.sub(
        r"^(pytest\s*=\s*.*)$",
        '\\1\npytest-asyncio = ">=1.2"',
        text,
        count=1,
        flags=re.MULTILINE,
    )


def _report_unread(migration: Migration, root: Path) -> None:
    for name in UNREAD:
        path = root / name
        if path.is_file() and "flask" in path.read_text("utf-8").lower():
            migration.findings.append(
                Finding(
                    path=name,
                    line=0,
                    rule=RULE,
                    reason="it names Flask, and is of a form that is not rewritten",
                    advice="Replace flask by quart, flask-jwt-extended by quart-jwt "
                    "and gunicorn by hypercorn there.",
                )
            )
    for name in LOCKS:
        if (root / name).is_file():
            migration.findings.append(
                Finding(
                    path=name,
                    line=0,
                    rule=RULE,
                    reason="the lock file still has the old dependencies",
                    advice="Lock again, with the tool that wrote it.",
                )
            )

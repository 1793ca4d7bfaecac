"""
TOML files: ``pyproject.toml`` and ``Pipfile``.

In a ``pyproject.toml``, PEP 621, PEP 735, Poetry, PDM, uv and Hatch name dependencies.
"""

from collections.abc import Iterator
from collections.abc import MutableMapping
from typing import Any

import tomlkit
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError

from quart_jwt.migrate.dependencies.requirement import changed_requirement
from quart_jwt.migrate.dependencies.requirement import from_poetry
from quart_jwt.migrate.dependencies.requirement import loosened
from quart_jwt.migrate.dependencies.requirement import NEW
from quart_jwt.migrate.dependencies.requirement import new_extras
from quart_jwt.migrate.dependencies.requirement import NEW_VERSION
from quart_jwt.migrate.dependencies.requirement import OLD
from quart_jwt.migrate.dependencies.requirement import python_admitted
from quart_jwt.migrate.dependencies.requirement import PYTHON_FLOOR
from quart_jwt.migrate.dependencies.requirement import SERVER
from quart_jwt.migrate.dependencies.requirement import SERVER_VERSION
from quart_jwt.migrate.dependencies.requirement import SERVERS

Table = MutableMapping[str, Any]


def pyproject_text(text: str, *, serving: bool = False) -> str:
    """
    Rewrite the dependencies of a ``pyproject.toml``.

    Raises:
        ValueError: It is not TOML.
    """
    document = _parsed(text)
    for listed in _lists(document):
        for number, item in enumerate(listed):
            new = changed_requirement(item, serving=serving) if _is_text(item) else item
            if new != item:
                listed[number] = new
    for table in _poetry(document):
        _change_table(table, serving=serving, poetry=True)
    _raise_python(document)
    return tomlkit.dumps(document)


def pipfile_text(text: str, *, serving: bool = False) -> str:
    """
    Rewrite a ``Pipfile``.

    Raises:
        ValueError: It is not TOML.
    """
    document = _parsed(text)
    for name, table in document.items():
        # Every table with versions is a category of packages.
        if name not in {"source", "requires", "scripts", "pipenv"}:
            _change_table(table, serving=serving, poetry=False)
    return tomlkit.dumps(document)


def _parsed(text: str) -> Table:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from error


def _is_text(item: object) -> bool:
    return isinstance(item, str)


def _at(table: object, *path: str) -> Any:
    for name in path:
        if not isinstance(table, MutableMapping):
            return None
        table = table.get(name)
    return table


def _values(table: object) -> Iterator[Any]:
    if isinstance(table, MutableMapping):
        yield from table.values()


def _lists(document: Table) -> Iterator[list[Any]]:
    """Give every list of requirements."""
    found = [
        _at(document, "project", "dependencies"),
        *_values(_at(document, "project", "optional-dependencies")),
        *_values(_at(document, "dependency-groups")),
        *_values(_at(document, "tool", "pdm", "dev-dependencies")),
        _at(document, "tool", "uv", "dev-dependencies"),
        _at(document, "tool", "uv", "constraint-dependencies"),
        _at(document, "tool", "uv", "override-dependencies"),
    ]
    for environment in _values(_at(document, "tool", "hatch", "envs")):
        found += [
            _at(environment, "dependencies"),
            _at(environment, "extra-dependencies"),
        ]
    yield from (one for one in found if isinstance(one, list))


def _poetry(document: Table) -> Iterator[Table]:
    poetry = _at(document, "tool", "poetry")
    tables = [_at(poetry, "dependencies"), _at(poetry, "dev-dependencies")]
    tables += [_at(one, "dependencies") for one in _values(_at(poetry, "group"))]
    yield from (one for one in tables if isinstance(one, MutableMapping))


def _change_table(table: Table, *, serving: bool, poetry: bool) -> None:
    """Rewrite a table of names and versions."""
    for key in list(table):
        name = canonicalize_name(key)
        if name == OLD:
            _replace(table, key, NEW, NEW_VERSION)
        elif name in SERVERS and serving:
            _replace(table, key, SERVER, SERVER_VERSION)
        elif key != "python":
            _loosen(table, key, name, poetry=poetry)


def _replace(table: Table, key: str, name: str, version: str) -> None:
    """Put a package in another's place; there is only one of a name in a table."""
    value = table[key]
    if isinstance(value, MutableMapping):
        for source in ("git", "branch", "rev", "tag", "path", "url", "develop", "ref"):
            value.pop(source, None)
        value["version"] = version
        extras = sorted(new_extras(set(value.pop("extras", ()))))
        if extras:
            value["extras"] = extras
    else:
        value = version
    _rename(table, key, name, value)


def _rename(table: Any, key: str, name: str, value: Any) -> None:
    """Rename a key in its place: the table's order, layout and comments stay."""
    if name in table:
        del table[key]
        return
    body = getattr(table, "value", table).body  # an inline table is one, too
    at = next(i for i, (one, _item) in enumerate(body) if one and one.key == key)
    old_key, old = body[at]
    item = old if isinstance(value, MutableMapping) else tomlkit.item(value)
    for trivia in ("indent", "comment_ws", "comment", "trail"):
        setattr(item.trivia, trivia, getattr(old.trivia, trivia))
    if getattr(item, "display_name", None):  # the heading of a table of its own
        item.display_name = item.display_name.replace(key, name)
    new_key = tomlkit.key(name)
    written = old_key.as_string()
    new_key.sep = written[len(written.rstrip()) :] + old_key.sep
    body[at] = (new_key, item)


def _loosen(table: Table, key: str, name: str, *, poetry: bool) -> None:
    value = table[key]
    holder: Any = value if isinstance(value, MutableMapping) else table
    where = "version" if isinstance(value, MutableMapping) else key
    constraint = holder.get(where)
    if not _is_text(constraint) or (not poetry and constraint == "*"):
        return
    floor = loosened(name, from_poetry(constraint) if poetry else constraint)
    if floor is not None:
        holder[where] = f">={floor}"


def _raise_python(document: Table) -> None:
    """Lift the oldest Python: resolvers look for a solution for each that is named."""
    project = _at(document, "project")
    if _at(project, "requires-python") is not None:
        range_ = str(project["requires-python"])
        if python_admitted(range_) and _includes_older(range_):
            project["requires-python"] = f">={PYTHON_FLOOR}"
    for table in _poetry(document):
        constraint = table.get("python")
        if _is_text(constraint):
            range_ = from_poetry(str(constraint))
            if python_admitted(range_) and _includes_older(range_):
                table["python"] = f">={PYTHON_FLOOR},<4"


def _includes_older(specifier: str) -> bool:
    accepted = SpecifierSet(specifier)
    return any(accepted.contains(f"3.{minor}") for minor in range(5, 11))


def python_bound(text: str) -> str | None:
    """Give the range of Pythons of a file that excludes the ones needed."""
    try:
        document = _parsed(text)
    except ValueError:
        return None
    ranges = [
        str(_at(document, "project", "requires-python") or ""),
        *(from_poetry(str(one.get("python") or "")) for one in _poetry(document)),
    ]
    version = _at(document, "requires", "python_version")
    ranges += [f"=={version}.*"] if version else []
    return next((one for one in ranges if python_admitted(one) is False), None)

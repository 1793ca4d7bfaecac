"""
pytest's settings: pytest-asyncio runs tests and fixtures that have become async.

Its loops are as wide as the widest fixture that awaits: a fixture of a module must run
on the loop of that module's tests.
"""

import re
from collections.abc import Iterator

from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.requirements import has_async_tests
from quart_jwt.migrate.rewriting import Rewritten
from quart_jwt.migrate.rewriting import text_files

SCOPES = ("function", "class", "module", "package", "session")
TABLE = "[tool.pytest.ini_options]"


def rewrite_pytest_settings(migration: Migration) -> Iterator[Rewritten]:
    """Give the files with pytest's settings that change, or a new ``pytest.ini``."""
    if not has_async_tests(migration):
        return
    scope = widest_scope(migration)
    root = migration.project.root
    places = [
        *text_files(root, "pytest.ini", ".pytest.ini"),
        *(
            (path, text)
            for path, text in text_files(root, "tox.ini")
            if "[pytest]" in text
        ),
        *(
            (path, text)
            for path, text in text_files(root, "setup.cfg")
            if "[tool:pytest]" in text
        ),
    ]
    for path, text in places:
        yield Rewritten(path, text, ini_text(text, scope))
    tables = [one for one in text_files(root, "pyproject.toml") if TABLE in one[1]]
    for path, text in tables:
        yield Rewritten(path, text, toml_text(text, scope))
    if not any("/" not in path for path, _text in [*places, *tables]):
        yield Rewritten("pytest.ini", "", ini_text("[pytest]\n", scope))


def widest_scope(migration: Migration) -> str:
    """Give the scope of the widest fixture that becomes async."""
    scopes = {
        migration.fixtures.scope(one)
        for one in migration.index.functions
        if one in migration.fixtures and migration.colours.becomes_async(one)
    }
    known = [one for one in SCOPES if one in scopes]
    return known[-1] if known else "function"


def _settings(scope: str) -> dict[str, str]:
    return {
        "asyncio_mode": "auto",
        "asyncio_default_fixture_loop_scope": scope,
        "asyncio_default_test_loop_scope": scope,
    }


def ini_text(text: str, scope: str) -> str:
    """Add the settings to an ini file, below the heading of pytest's section."""
    missing = [
        f"{name} = {value}\n"
        for name, value in _settings(scope).items()
        if not re.search(rf"^{name}\b", text, re.MULTILINE)
    ]
    return re.sub(
        r"^\[(?:tool:)?pytest\][^\n]*\n?",
        lambda found: found[0].rstrip("\n") + "\n" + "".join(missing),
        text,
        count=1,
        flags=re.MULTILINE,
    )


def toml_text(text: str, scope: str) -> str:
    """Add the settings to the table of a ``pyproject.toml``."""
    missing = [
        f'{name} = "{value}"\n'
        for name, value in _settings(scope).items()
        if not re.search(rf"^{name}\b", text, re.MULTILINE)
    ]
    return text.replace(f"{TABLE}\n", f"{TABLE}\n{''.join(missing)}", 1)

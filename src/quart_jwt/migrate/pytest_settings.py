"""
pytest's settings: pytest-asyncio runs tests and fixtures that have become async.

Its loops are as wide as the widest fixture that awaits: a fixture of a module must run
on the loop of that module's tests.
"""

import re

from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.requirements import has_async_tests
from quart_jwt.migrate.text_files import rewrite_texts
from quart_jwt.migrate.text_files import text_files

SCOPES = ("function", "class", "module", "package", "session")
TABLE = "[tool.pytest.ini_options]"
INI_FILES = ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg")
HEADINGS = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
    "pyproject.toml": TABLE,
}
"""Where pytest's settings may stand, and what shows that they do."""


def rewrite_pytest_settings(migration: Migration) -> None:
    """Add to the files with pytest's settings, or make a ``pytest.ini``."""
    if not has_async_tests(migration):
        return
    scope = widest_scope(migration)
    places = [
        path
        for name, heading in HEADINGS.items()
        for path, text in text_files(migration, name)
        if heading in text
    ]
    rewrite_texts(migration, lambda text: ini_text(text, scope), *INI_FILES)
    rewrite_texts(migration, lambda text: toml_text(text, scope), "pyproject.toml")
    if not any("/" not in path for path in places):
        migration.texts["pytest.ini"] = ini_text("[pytest]\n", scope)


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

"""Rings, sizes and the public surface, as docs/internals/architecture.md has them."""

import ast
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
import flask_jwt_extended
import flask_jwt_extended.exceptions
import pytest
import quart

import quart_jwt
from quart_jwt import exceptions
from quart_jwt import typing
from quart_jwt.config import config
from quart_jwt.extension.settings.options import DEFAULTS
from quart_jwt.extension.settings.options import OWN_DEFAULTS
from source_tree import functions
from source_tree import imports
from source_tree import modules
from source_tree import name
from source_tree import PACKAGE
from source_tree import tree

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40

PUBLIC = "quart_jwt"
MAY_IMPORT: dict[str, set[str]] = {
    "clock": set(),
    "exceptions": set(),
    "seams": {"exceptions"},
    "tokens": {"exceptions", "tokens"},
    "stores": {"exceptions", "seams", "tokens", "stores"},
    # The re-export doors: typing stands on ring 1, config and signals on ring 3.
    "typing": {"tokens"},
    "extension": {
        "clock",
        "exceptions",
        "seams",
        "tokens",
        "stores",
        "typing",
        "extension",
    },
    "config": {"extension"},
    "signals": {"extension"},
    # For apps that have quart-schema.
    "openapi": {"extension"},
    "lazy": set(),
    PUBLIC: {"extension", "stores", "lazy"},
    "building_blocks": {"tokens", "stores", "extension", "lazy"},
    # The rings below reach the service through the public API and one module more.
    "service": {
        "clock",
        "exceptions",
        "typing",
        "signals",
        PUBLIC,
        "building_blocks",
        "seams",
        "service",
    },
    # `migrate --verify` runs the tests as `try` does.
    "migrate": {"migrate", "trial"},
    "trial": {"trial", "flask"},
    # An unconverted Flask code base, on ring 3.
    "flask": {"clock", "config", "exceptions", "extension", "flask", "lazy", PUBLIC}
    | {"seams", "stores", "tokens", "typing"},
    # The command's doors load what they open by name, when it is asked for.
    "cli": {"cli"},
    "__main__": {"cli"},
    "client": {"clock", "exceptions", "tokens", "client"},
    "testing": {"exceptions", "tokens", "typing", "extension", "testing"},
}
"""Each ring, and what it may import: itself and what lies below."""

PURE = PACKAGE / "tokens"
PURE_THIRD_PARTY = {"jwt", "cryptography"}
IMPURE_MODULES = {
    "asyncio",
    "concurrent",
    "http",
    "logging",
    "os",
    "pathlib",
    "quart",
    "random",
    "secrets",
    "socket",
    "ssl",
    "subprocess",
    "tempfile",
    "time",
    "urllib",
    "uuid",
    "warnings",
}
IMPURE_CALLS = {"now", "utcnow", "today", "environ", "getenv", "open", "input", "print"}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "tools", "lib"}

FLASK_JWT_EXTENDED_UTILS = PACKAGE / "flask" / "utils.py"
"""The one module whose name is another project's: code imports it there."""

FLASK_NAMES = {
    "JWTManager",
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "decode_token",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt",
    "get_jwt_header",
    "get_jwt_identity",
    "get_jwt_request_location",
    "get_unverified_jwt_headers",
    "jwt_required",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
    "verify_jwt_in_request",
}
OWN_NAMES = {
    "ForwardAuth",
    "MemoryStore",
    "Session",
    "Store",
    "TokenPair",
    "VerifiedToken",
    "create_access_token_async",
    "create_refresh_token_async",
    "create_token_pair",
    "decode_token_async",
    "end_session",
    "list_sessions",
    "nonblocking",
    "revoke_all_for",
    "revoke_family",
    "revoke_token",
    "rotate_refresh_token",
    "verify_token",
}


def ring(path: Path) -> str:
    """The ring of a module: its folder or its own name under the package."""
    first = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return PUBLIC if first == "__init__" else first


def target(module: str, imported: str) -> str | None:
    """The ring that an import reaches; None for one of somebody else's."""
    parts = module.split(".")
    if parts[0] != PUBLIC:
        return None
    if len(parts) > 1:
        return parts[1]
    is_module = (PACKAGE / f"{imported}.py").exists() or (PACKAGE / imported).is_dir()
    return imported if imported and is_module else PUBLIC


def test_imports_point_down() -> None:
    """A module imports its own ring and those below, absolutely and by name."""
    upward = [
        (name(path), *found)
        for path in modules()
        for found in imports(path)
        if (there := target(*found)) is not None and there not in MAY_IMPORT[ring(path)]
    ]
    relative = [
        (name(path), module)
        for path in modules()
        for module, _name in imports(path)
        if module.startswith(".")
    ]

    assert upward == []
    assert relative == []


def test_the_core_does_no_io() -> None:
    """Ring 1 awaits nothing and knows no clock, no environment and no framework."""
    impure = [(name(path), one) for path in modules(PURE) for one in _impurities(path)]

    assert impure == []


def _impurities(path: Path) -> set[str]:
    """What a module imports, calls or awaits that only an outer ring may."""
    stdlib_or_allowed = sys.stdlib_module_names | PURE_THIRD_PARTY | {PUBLIC}
    imported = {module for module, _name in imports(path)}
    tops = {module.partition(".")[0] for module in imported}
    nodes = list(ast.walk(tree(path)))
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
    }
    asynchronous = {
        type(node).__name__
        for node in nodes
        if isinstance(
            node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
        )
    }
    foreign = (tops - stdlib_or_allowed) | ((tops | imported) & IMPURE_MODULES)
    return foreign | (called & IMPURE_CALLS) | asynchronous


def test_the_errors_stand_on_pyjwt() -> None:
    """``exceptions`` imports the standard library, and PyJWT's own errors."""
    found = {
        module.partition(".")[0] for module, _ in imports(PACKAGE / "exceptions.py")
    }

    assert {"jwt"} == found - sys.stdlib_module_names


def test_the_doors_define_no_behaviour() -> None:
    """The doors hold names, and neither functions nor classes."""
    defined = [
        (door, node.name)
        for door in ("config", "signals", "typing")
        for node in ast.walk(tree(PACKAGE / f"{door}.py"))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]

    assert defined == []


def test_a_module_is_one_concept() -> None:
    """It has a name of the field, says what it is, and fits on a few screens."""
    silent = [name(path) for path in modules() if not ast.get_docstring(tree(path))]
    nameless = [
        name(path)
        for path in modules()
        if path.stem in NAMELESS and path != FLASK_JWT_EXTENDED_UTILS
    ]
    long = [
        (name(path), lines)
        for path in modules()
        if (lines := len(path.read_text("utf-8").splitlines())) > MAX_MODULE_LINES
    ]

    assert silent == []
    assert nameless == []
    assert long == []


def test_a_function_fits_on_a_screen() -> None:
    """No function has more than 40 lines, its docstring left aside."""
    long = [
        (name(path), function.name, length)
        for path in modules()
        for function in functions(path)
        if (length := _length(function)) > MAX_FUNCTION_LINES
    ]

    assert long == []


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    lines = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    return lines - ((first.end_lineno or 0) - first.lineno + 1)


def test_the_public_names_are_pinned() -> None:
    """Flask-JWT-Extended's twenty names and ours, and all of them are there."""
    exported = [*quart_jwt.__all__]

    assert sorted(FLASK_NAMES | OWN_NAMES) == sorted(exported)
    assert len(set(exported)) == len(exported)
    assert len(FLASK_NAMES) == 20
    assert [one for one in exported if not hasattr(quart_jwt, one)] == []
    assert [one for one in FLASK_NAMES if not hasattr(flask_jwt_extended, one)] == []


def _signature(function: Callable[..., Any]) -> list[tuple[str, Any, Any]]:
    """Name, default and kind of each parameter that may stand by position."""
    return [
        (parameter.name, parameter.default, parameter.kind)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    ]


CALLABLES = sorted(FLASK_NAMES - {"JWTManager", "current_user"})


@pytest.mark.parametrize("function", CALLABLES)
def test_a_signature_is_flask_jwt_extendeds(function: str) -> None:
    """Order, names and defaults of the positional parameters are the same."""
    assert _signature(getattr(flask_jwt_extended, function)) == _signature(
        getattr(quart_jwt, function)
    )


@pytest.mark.parametrize(
    "function", sorted(one for one in OWN_NAMES if one.endswith("_async"))
)
def test_a_twin_has_its_siblings_signature(function: str) -> None:
    """An awaitable twin takes what the sync function takes, and is a coroutine."""
    twin = getattr(quart_jwt, function)

    assert _signature(
        getattr(quart_jwt, function.removesuffix("_async"))
    ) == _signature(twin)
    assert inspect.iscoroutinefunction(twin)


@pytest.mark.parametrize("method", ["__init__", "init_app"])
def test_the_manager_is_made_the_same_way(method: str) -> None:
    """The manager and ``init_app`` take Flask-JWT-Extended's arguments."""
    assert _signature(getattr(flask_jwt_extended.JWTManager, method)) == _signature(
        getattr(quart_jwt.JWTManager, method)
    )


def _loaders(manager: type) -> dict[str, list[tuple[str, Any, Any]]]:
    return {
        name: _signature(member)
        for name, member in inspect.getmembers(manager, inspect.isfunction)
        if name.endswith("_loader") and not name.startswith("_")
    }


def test_the_fifteen_loaders_exist() -> None:
    """Every loader has its name and its one argument."""
    assert len(_loaders(quart_jwt.JWTManager)) == 15
    assert _loaders(flask_jwt_extended.JWTManager) == _loaders(quart_jwt.JWTManager)


def test_the_options_have_their_defaults() -> None:
    """The 43 options that Flask-JWT-Extended sets, with the same values."""
    theirs, ours = flask.Flask("theirs"), quart.Quart("ours")
    flask_jwt_extended.JWTManager(theirs)
    quart_jwt.JWTManager(ours)
    expected = {key: value for key, value in theirs.config.items() if key[:4] == "JWT_"}
    actual = {key: value for key, value in ours.config.items() if key[:4] == "JWT_"}

    assert 43 == len(expected) == len(DEFAULTS)
    assert expected.keys() == DEFAULTS.keys()
    assert set() == DEFAULTS.keys() & OWN_DEFAULTS.keys()
    assert expected | dict(OWN_DEFAULTS) == actual


def test_the_settings_have_their_property_names() -> None:
    """``config`` answers to what Flask-JWT-Extended's ``config`` answers to."""
    from flask_jwt_extended.config import _Config

    from quart_jwt.extension.settings.settings import Settings

    expected = {one for one in dir(_Config) if not one.startswith("_")}

    assert set() == expected - set(dir(Settings))
    assert "Settings" not in type(config).__name__  # it follows the current app


def test_the_eleven_errors_exist() -> None:
    """Flask-JWT-Extended's errors, with their names and their bases."""
    theirs = {
        name: [base.__name__ for base in error.__mro__]
        for name, error in inspect.getmembers(
            flask_jwt_extended.exceptions, inspect.isclass
        )
    }
    ours = {
        name: [base.__name__ for base in error.__mro__ if base.__name__[0] != "_"]
        for name, error in inspect.getmembers(exceptions, inspect.isclass)
        if name in theirs
    }

    assert len(theirs) == 11
    assert theirs == ours


def test_the_types_stand_at_their_path() -> None:
    """``quart_jwt.typing`` has the names that public code imports."""
    assert {"ExpiresDelta", "Fresh", "LocationType"} <= set(typing.__all__)
    assert [one for one in typing.__all__ if not hasattr(typing, one)] == []

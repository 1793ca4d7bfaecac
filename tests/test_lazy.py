"""Names that are loaded when they are first read."""

import ast
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import quart_jwt
from quart_jwt import building_blocks
from source_tree import tree

LAZY_MODULES = [quart_jwt, building_blocks]


def _for_type_checkers(module: ModuleType) -> dict[str, tuple[str, str]]:
    """What a type checker believes: each name with its definition."""
    (block,) = [
        node
        for node in tree(Path(str(module.__file__))).body
        if isinstance(node, ast.If)
    ]
    return {
        alias.asname or alias.name: (str(node.module), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@pytest.mark.parametrize("module", LAZY_MODULES, ids=lambda one: one.__name__)
def test_type_checkers_see_what_is_loaded(module: ModuleType) -> None:
    """The imports under ``TYPE_CHECKING`` are the objects that a program gets."""
    believed = _for_type_checkers(module)

    assert sorted(module.__all__) == sorted(believed)
    for name, (home, defined_as) in believed.items():
        __import__(home)
        assert getattr(sys.modules[home], defined_as) is getattr(module, name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Reading a name that is not exported names the module and the name."""
    with pytest.raises(AttributeError, match=r"'quart_jwt' has no attribute 'nothing'"):
        _ = quart_jwt.nothing


@pytest.mark.parametrize(
    ("imported", "unwanted"),
    [("quart_jwt.client", "quart"), ("quart_jwt.building_blocks", "sqlalchemy")],
)
def test_an_import_loads_only_what_it_needs(imported: str, unwanted: str) -> None:
    """Importing the client loads no Quart, and the building blocks no driver."""
    program = f"import sys, {imported}; sys.exit({unwanted!r} in sys.modules)"

    finished = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - our own program

    assert finished.returncode == 0

"""Names that are loaded when they are first read."""

import subprocess
import sys
from types import ModuleType

import pytest

import quart_jwt
from quart_jwt import building_blocks

LAZY_MODULES = [quart_jwt, building_blocks]


@pytest.mark.parametrize("module", LAZY_MODULES, ids=lambda one: one.__name__)
def test_every_exported_name_can_be_loaded(module: ModuleType) -> None:
    """What type checkers read under ``TYPE_CHECKING`` is what a program gets."""
    assert sorted(module.__all__) == sorted(set(module.__all__))
    for name in module.__all__:
        assert not isinstance(getattr(module, name), ModuleType)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Reading a name that is not exported names the module and the name."""
    with pytest.raises(AttributeError, match=r"'quart_jwt' has no attribute 'nothing'"):
        _ = quart_jwt.nothing  # type: ignore[attr-defined] # that is the test


@pytest.mark.parametrize(
    ("imported", "unwanted"),
    [("quart_jwt.client", "quart"), ("quart_jwt.building_blocks", "sqlalchemy")],
)
def test_an_import_loads_only_what_it_needs(imported: str, unwanted: str) -> None:
    """Importing the client loads no Quart, and the building blocks no driver."""
    program = f"import sys, {imported}; sys.exit({unwanted!r} in sys.modules)"

    finished = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603 - our own program

    assert finished.returncode == 0

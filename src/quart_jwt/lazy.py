"""
Names that a module exports without importing what defines them (PEP 562).

``import quart_jwt.client`` must not load Quart, and ``quart-jwt --help`` must not load
SQLAlchemy. Type checkers read the imports under ``TYPE_CHECKING`` next to the table; a
test holds both together.
"""

import sys
from collections.abc import Callable
from collections.abc import Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    module: str, homes: Mapping[str, tuple[str, ...]]
) -> Callable[[str], Any]:
    """
    Return a module's ``__getattr__``, which imports a name when it is first read.

    Args:
        module: The module that exports the names.
        homes: For each defining module its names; ``"name as other"`` renames one.
    """
    definitions = {
        exported.rpartition(" as ")[2]: (home, exported.partition(" as ")[0])
        for home, names in homes.items()
        for exported in names
    }

    def load(name: str) -> Any:
        if name not in definitions:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, defined_as = definitions[name]
        value = getattr(import_module(home), defined_as)
        setattr(sys.modules[module], name, value)
        return value

    return load

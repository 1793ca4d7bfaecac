"""
The two sides of an example: ours from examples/, its Flask twin from a text file.

Both are imported anew for each test, because a program keeps its users and its app at
module level. Nothing here knows what an example does.
"""

import importlib
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1] / "examples"
TWINS = HERE / "flask"
TWIN_PACKAGE = "flask_twins"


def ours(name: str) -> ModuleType:
    """Give the example by its dotted name, imported as if for the first time."""
    return _fresh(f"examples.{name}", "examples")


def flask_twin(name: str, where: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Give the Flask twin, written out under `where` as a package and imported."""
    for text in TWINS.rglob("*.py.txt"):
        program = where / TWIN_PACKAGE / text.relative_to(TWINS).with_suffix("")
        program.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(text, program)
    monkeypatch.syspath_prepend(str(where))
    return _fresh(f"{TWIN_PACKAGE}.{name}", TWIN_PACKAGE)


def _fresh(module: str, package: str) -> ModuleType:
    # The helpers of these tests are in a namespace package of the same name.
    programs = [
        name
        for name, known in sys.modules.items()
        if name.startswith(f"{package}.")
        and HERE not in Path(getattr(known, "__file__", None) or HERE).parents
    ]
    for name in programs:
        del sys.modules[name]
    importlib.invalidate_caches()
    return importlib.import_module(module)

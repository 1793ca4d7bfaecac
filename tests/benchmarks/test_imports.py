"""What the benchmark imports of the package exists: its apps are never type-checked."""

from importlib import import_module
from pathlib import Path

from source_tree import imports

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted(
    path
    for folder in ("benchmarks", "deploy", "examples")
    for path in (ROOT / folder).rglob("*.py")
)


def test_every_name_of_the_package_exists() -> None:
    """In all programs beside src; a renamed function would leave a section out."""
    missing = [
        f"{path.relative_to(ROOT)}: {module}.{name}"
        for path in PROGRAMS
        for module, name in imports(path)
        if module.partition(".")[0] == "quart_jwt" and name
        if not hasattr(import_module(module), name)
        and not _is_module(f"{module}.{name}")
    ]

    assert PROGRAMS
    assert missing == []


def _is_module(name: str) -> bool:
    try:
        import_module(name)
    except ModuleNotFoundError:
        return False
    return True

"""The rings inside the service, as docs/internals/architecture.md draws them."""

from pathlib import Path

from source_tree import imports
from source_tree import modules
from source_tree import name
from source_tree import PACKAGE

SERVICE = PACKAGE / "service"

RINGS = (
    {"ground"},
    {"settings"},
    {"database"},
    {"accounts", "clients", "keys", "throttling", "observability"},
    {"resources"},
    {"openapi"},
    {"web"},
    {"sign_in"},
    {"app"},
    {"asgi"},
    {"serving"},
    {"load"},
    {"commands"},
)
"""From the innermost outwards; parts of one ring do not import each other."""

HEIGHT = {part: height for height, ring in enumerate(RINGS) for part in ring}


def _part(path: Path) -> str:
    return path.relative_to(SERVICE).parts[0].removesuffix(".py")


def _imported_parts(path: Path) -> set[str]:
    found = set()
    for module, imported in imports(path):
        parts = module.split(".")
        if parts[:2] == ["quart_jwt", "service"]:
            found.add(parts[2] if len(parts) > 2 else imported)
    return found


def test_every_part_has_a_ring() -> None:
    """A new folder or module of the service has to be given its place."""
    assert set() == {_part(path) for path in modules(SERVICE)} - HEIGHT.keys() - {
        "__init__"
    }


def test_the_rings_of_the_service_point_inwards() -> None:
    """No part of the service imports one of its own ring, or of a ring further out."""
    outward = [
        f"{name(path)} imports {other}"
        for path in modules(SERVICE)
        for other in _imported_parts(path) - {_part(path)}
        if HEIGHT[other] >= HEIGHT[_part(path)]
    ]

    assert outward == []

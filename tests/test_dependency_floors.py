"""The lowest versions that may be installed are above every hole that is known."""

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from source_tree import ROOT

FLOORS = {
    "pyjwt": "2.15.1",  # CVE-2026-32597, -48522 to -48526; GHSA-r6x4, -ffc3, -p4g4
    "h11": "0.16",  # CVE-2025-43859
    "h2": "4.3",  # CVE-2025-57804
    "quart": "0.20",  # GHSA-q34m-jh98-gwm2
    "cryptography": "45",
}


def _declared() -> dict[str, Requirement]:
    """What users install, by name: the dependencies and every extra of theirs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"]]
    lines += [line for name in extras if name != "dev" for line in extras[name]]
    requirements = [Requirement(line) for line in lines]
    return {one.name.lower(): one for one in requirements}


@pytest.mark.parametrize(("name", "floor"), FLOORS.items())
def test_a_floor_is_above_the_holes(name: str, floor: str) -> None:
    """Nothing below it is accepted, and what is installed and pinned is above it."""
    declared = _declared()[name].specifier
    bounds = [Version(one.version) for one in declared if one.operator == ">="]
    assert max(bounds) >= Version(floor)
    assert Version(version(name)) >= Version(floor)
    constraints = (ROOT / "constraints.txt").read_text("utf-8")
    flags = re.MULTILINE | re.IGNORECASE
    pinned = re.findall(rf"^{name}==([^\s;]+)", constraints, flags)
    assert pinned
    assert all(Version(one) >= Version(floor) for one in pinned)


def test_every_declared_library_has_a_floor() -> None:
    """An old version of anything is never what a resolver may fall back to."""
    open_ended = [
        name
        for name, one in _declared().items()
        if name != "quart-jwt" and not any(s.operator == ">=" for s in one.specifier)
    ]
    assert open_ended == []

"""
Print the lowest versions that pyproject.toml allows, as constraints for pip.

``make test-lowest`` installs with them. What is declared only for development, and what
the dependencies bring along, stays free.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
FLOOR = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*>=\s*([0-9][^,;\s]*)")


def floors() -> Iterator[str]:
    """Give ``name==version`` for each dependency and each extra that users install."""
    project = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"]]
    declared += [line for name in extras if name != "dev" for line in extras[name]]
    for line in dict.fromkeys(declared):
        found = FLOOR.match(line)
        if found is not None:
            yield f"{found[1]}=={found[2]}"


if __name__ == "__main__":
    print(*floors(), sep="\n")  # noqa: T201 - its output is what it is for

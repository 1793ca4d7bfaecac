"""
Third-party test vectors, which stand beside the checkout.

Where they are missing, the tests that need them skip and say so; with
``TESTS_REQUIRE_ALL=1`` they fail.
"""

import json
from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from required import missing
from required import REQUIRED
from required import required

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "vectors"


def fault() -> str | None:
    """Why the vectors cannot be used, or None if they are there."""
    if FOLDER.is_dir():
        return None
    return f"no test vectors: {FOLDER.name} is not beside the checkout"


def folder() -> Path:
    """The folder of the vectors; skips or fails where there is none."""
    reason = fault()
    if reason is not None:
        missing(reason)
    return FOLDER


def cases(collect: Callable[[], Iterable[Any]]) -> list[Any]:
    """
    Parameters that come from vector files.

    Args:
        collect: Reads the files and gives ``pytest.param``s of one value each;
            called only if the folder is there.

    Returns:
        The parameters, or one placeholder that skips.
    """
    reason = fault()
    if reason is None:
        return list(collect())
    if required():
        raise FileNotFoundError(f"{reason}, and {REQUIRED}=1")
    return [pytest.param(None, id="no-vectors", marks=pytest.mark.skip(reason=reason))]


def read(name: str) -> Any:
    """One JSON file of the folder."""
    return json.loads((FOLDER / name).read_text("utf-8"))

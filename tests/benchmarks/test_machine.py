"""A busy machine is said to be one."""

import os

import pytest
from benchmarks.machine import busy


@pytest.mark.parametrize(
    ("load", "is_busy"), [(0.3, False), (1.99, False), (2.0, True)]
)
def test_a_load_is_pointed_out(
    monkeypatch: pytest.MonkeyPatch, load: float, *, is_busy: bool
) -> None:
    """From a quarter of the cores on."""
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 9.0, 9.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    said = busy()
    assert (said is not None) is is_busy
    assert said is None or "a load of 2.0 on 8 cores" in said

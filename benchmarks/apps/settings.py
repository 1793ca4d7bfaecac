# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""What every contender is told: the secret of this run, and where it may write."""

import os
from pathlib import Path

SECRET = os.environ["BENCH_SECRET"]

FOLDER = Path(os.environ["BENCH_FOLDER"])

REVOKED = frozenset(f"00000000-0000-4000-8000-{number:012d}" for number in range(1_000))
"""Identifiers of revoked tokens; none of them is ever sent."""

STORE_S = 0.020
"""How long the store of revoked tokens takes to answer, in seconds."""

# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""Our protected route on Redis, asked about every token."""

from benchmarks.apps.checked import make_checked

app = make_checked("redis", feed=False)

# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""Our protected route on PostgreSQL, its feed followed."""

from benchmarks.apps.checked import make_checked

app = make_checked("postgresql", feed=True)

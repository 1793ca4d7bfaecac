# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""Our protected route."""

from benchmarks.apps.ours import make_app

app, _jwt = make_app()

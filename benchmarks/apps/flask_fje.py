# mypy: ignore-errors
# Why: what the peers stand on is not installed where types are checked.
"""Flask-JWT-Extended's protected route."""

from benchmarks.apps.flask_app import make_app

app, _jwt = make_app()

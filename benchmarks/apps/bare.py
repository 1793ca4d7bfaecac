# mypy: ignore-errors
# ruff: noqa: ANN201
# Why: what the peers stand on is not installed where types are checked.
"""Bare Quart: the protected route's answer, without this extension anywhere."""

from quart import jsonify
from quart import Quart

app = Quart(__name__)


@app.get("/hello")
async def hello():
    """Answer as the protected route does."""
    return jsonify(logged_in_as="ada")


@app.get("/def")
def hello_from_a_thread():
    """Answer the same from a worker thread."""
    return jsonify(logged_in_as="ada")

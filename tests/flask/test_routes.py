"""``quart-jwt routes`` of a Flask app: what protects each route, and how it runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flask_apps import make_app
from quart_jwt.extension.protection import routes_of
from quart_jwt.flask import Flask
from quart_jwt.flask import jwt_required
from quart_jwt.flask import verify_jwt_in_request
from quart_jwt.service.commands.routes import routes_command
from quart_jwt.testing import assert_no_open_routes

APP = """
from quart_jwt.flask import Flask, JWTManager, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "k" * 40
JWTManager(app)


@app.get("/sync")
@jwt_required()
def sync():
    return "hello"


@app.get("/async")
@jwt_required(fresh=True)
async def in_async():
    return "hello"


@app.quart.websocket("/echo")
@jwt_required()
async def echo():
    pass
"""


def test_the_table_says_how_each_route_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what keeps it in a thread."""
    (tmp_path / "routed_shop.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    table = CliRunner().invoke(routes_command, ["routed_shop:app"])
    listed = CliRunner().invoke(routes_command, ["routed_shop:app", "--json"])

    lines = [line.split() for line in table.output.splitlines()]
    assert lines[0][-1] == "RUNS"
    assert [(line[0], line[1], *line[-2:]) for line in lines[1:]] == [
        ("GET", "/async", "event", "loop"),
        ("WEBSOCKET", "/echo", "loop,", "app.quart"),
        ("GET", "/static/<path:filename>", "is", "sync"),
        ("GET", "/sync", "is", "sync"),
    ]
    by_path = {route["path"]: route for route in json.loads(listed.output)}
    assert by_path["/sync"]["runs"] == "in a thread: the view is sync"
    assert by_path["/sync"]["open"] is False
    assert by_path["/async"]["jwt_required"][0]["fresh"] is True


def guard() -> None:
    """Verifies by itself."""
    verify_jwt_in_request()


def test_protection_is_read_from_flask_apps() -> None:
    """Decorators, guards of the app, and what is open."""
    app: Flask = make_app()
    app.get("/a", endpoint="a")(jwt_required()(lambda: "a"))
    app.get("/b", endpoint="b")(lambda: "b")

    found = {route.path: route.is_open() for route in routes_of(app)}
    assert found == {"/a": False, "/b": True, "/static/<path:filename>": True}

    guarded: Any = make_app()
    guarded.before_request(guard)
    guarded.get("/b")(lambda: "b")
    names = {name for route in routes_of(guarded) for name in route.guards}
    assert {name.rpartition(".")[2] for name in names} == {"guard"}
    assert_no_open_routes(app, allow=["/b", "/static/*"])

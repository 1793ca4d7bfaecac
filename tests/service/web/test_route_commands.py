"""The command that lists routes, on apps in files."""

import json
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt.service.commands.main import cli

APP = """
from quart import Blueprint, Quart
from quart_jwt import JWTManager, jwt_required, verify_jwt_in_request

def create_app():
    app = Quart(__name__, static_folder=None)
    app.config["JWT_SECRET_KEY"] = "0123456789abcdef0123456789abcdef-unused"
    JWTManager(app)
    guarded = Blueprint("guarded", __name__)

    @guarded.before_request
    async def guard():
        await verify_jwt_in_request()

    @app.post("/login")
    async def login(): ...

    @app.get("/me")
    @jwt_required(fresh=True, locations={"headers"})
    async def me(): ...

    @guarded.get("/orders")
    async def orders(): ...

    app.register_blueprint(guarded)
    return app

app = create_app()
number = 7

def broken():
    raise KeyError("DATABASE_URL")
"""

TABLE = """\
METHOD  PATH     PROTECTED BY                                      ENDPOINT
POST    /login   nothing                                           login
GET     /me      jwt_required(fresh=True, locations=('headers',))  me
GET     /orders  shop.create_app.guard?                            guarded.orders
"""

Run = Callable[..., Result]


@pytest.fixture(name="run")
def _run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    (tmp_path / "shop.py").write_text(APP)
    monkeypatch.setattr(sys, "path", sys.path[:])
    yield lambda *arguments: CliRunner().invoke(cli, ["routes", *arguments])
    sys.modules.pop("shop", None)


@pytest.mark.parametrize("target", ["shop:app", "shop:create_app()"])
def test_routes_are_listed(run: Run, target: str) -> None:
    """An app and a factory; what is open is no error until somebody asks."""
    done = run(target)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == TABLE


def test_routes_are_listed_for_programs(run: Run) -> None:
    """As JSON, with every argument of ``jwt_required``."""
    done = run("shop:app", "--json", "--trust", "shop.create_app.guard")
    login, me, orders = json.loads(done.stdout)

    assert login == {
        "method": "POST",
        "path": "/login",
        "endpoint": "login",
        "open": True,
        "jwt_required": [],
        "guards": [],
    }
    assert not me["open"]
    assert {"fresh": True, "locations": ["headers"]}.items() <= me["jwt_required"][
        0
    ].items()
    assert (orders["open"], orders["guards"]) == (False, ["shop.create_app.guard"])


@pytest.mark.parametrize(
    ("options", "status", "errors"),
    [
        pytest.param(
            [],
            1,
            "open: POST /login (login)\n"
            "open: GET /orders (guarded.orders); --trust shop.create_app.guard?\n"
            "Error: 2 open routes that --allow does not list\n",
            id="nothing-allowed",
        ),
        pytest.param(
            ["--allow", "/login"],
            1,
            "open: GET /orders (guarded.orders); --trust shop.create_app.guard?\n"
            "Error: 1 open routes that --allow does not list\n",
            id="one-allowed",
        ),
        pytest.param(
            ["--allow", "POST /login", "--trust", "shop.create_app.guard"],
            0,
            "",
            id="all",
        ),
        pytest.param(
            ["--allow", "*", "--allow", "/gone", "--trust", "create_app"],
            0,
            "warning: --allow /gone has no effect here\n"
            "warning: --trust create_app has no effect here\n",
            id="out-of-date",
        ),
    ],
)
@pytest.mark.parametrize("spelling", ["--fail-on-open", "--fail-open"])
def test_an_open_route_fails(
    run: Run, spelling: str, options: list[str], status: int, errors: str
) -> None:
    """Each is named on standard error, with what would have to be said."""
    done = run("shop:app", spelling, *options)

    assert (status, errors) == (done.exit_code, done.stderr)
    assert done.stdout.startswith("METHOD")


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("shop", 2, "APP must be module:app or 'module:factory()'"),
        (":app", 2, "APP must be module:app"),
        ("shop:", 2, "APP must be module:app"),
        ("nowhere:app", 1, "cannot load nowhere:app: ModuleNotFoundError"),
        ("shop:nothing", 1, "cannot load shop:nothing: AttributeError"),
        ("shop:broken()", 1, "cannot load shop:broken(): KeyError: 'DATABASE_URL'"),
        ("shop:number", 1, "Error: shop:number is no Quart app\n"),
        ("shop:create_app", 1, "no Quart app; a factory is 'shop:create_app()'"),
    ],
)
def test_what_is_no_app_is_an_error(
    run: Run, target: str, status: int, message: str
) -> None:
    """One sentence says what is wrong with it."""
    done = run(target)

    assert status == done.exit_code
    assert message in done.stderr
    assert "Traceback" not in done.stderr

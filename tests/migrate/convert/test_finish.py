from pathlib import Path

import pytest

from migrate.convert.conversion import run

SHOP = """\
from flask import Blueprint, make_response, request
from quart_jwt.flask import Flask, JWTManager, create_access_token, jwt_required

app: Flask = Flask(__name__)
app.config["JWT_SECRET_KEY"] = "a secret of thirty-two characters"
JWTManager(app)
orders = Blueprint("orders", __name__)


@orders.post("/orders")
@jwt_required()
async def order():
    form = request.form.to_dict()
    return {"what": request.get_json(silent=True)["what"], "form": form}


@app.post("/login")
async def login():
    return make_response({"token": create_access_token(request.json["name"])}, 201)


app.register_blueprint(orders)
"""
QUART = """\
from quart import Blueprint, make_response, request
from quart import Quart
from quart_jwt import JWTManager, create_access_token, jwt_required

app: Quart = Quart(__name__)
app.config["JWT_SECRET_KEY"] = "a secret of thirty-two characters"
JWTManager(app)
orders = Blueprint("orders", __name__)


@orders.post("/orders")
@jwt_required()
async def order():
    form = (await request.form).to_dict()
    return {"what": (await request.get_json(silent=True))["what"], "form": form}


@app.post("/login")
async def login():
    return await make_response(
        {"token": create_access_token((await request.json)["name"])}, 201
    )


app.register_blueprint(orders)
"""
HEAD = (
    "from quart_jwt.flask import Flask\nfrom flask import request\n"
    "app = Flask(__name__)\n"
)


def _write(folder: Path, text: str) -> Path:
    (folder / "shop.py").write_text(text, "utf-8")
    return folder


def test_last_step_is_quarts_own_class(tmp_path: Path) -> None:
    """Imports change, what Quart awaits is awaited, and the app answers on Quart."""
    project = _write(tmp_path, SHOP)

    shown = run(project, "--finish")
    assert (project / "shop.py").read_text("utf-8") == SHOP
    done = run(project, "--finish", "--write")
    again = run(project, "--finish", "--write")

    after = (project / "shop.py").read_text("utf-8")
    assert (shown.exit_code, done.exit_code, again.exit_code) == (0, 0, 0)
    assert "+from quart import Quart\n" in shown.stdout
    assert "nothing is left to convert" in again.stdout
    assert (
        QUART.split()
        == after.replace("make_response({", "make_response( {")
        .replace('["name"])}, 201)', '["name"])}, 201 )')
        .split()
    )


async def test_finished_app_answers(tmp_path: Path) -> None:
    """What the last step has written runs on Quart."""
    project = _write(tmp_path, SHOP)
    run(project, "--finish", "--write")
    names: dict[str, object] = {"__name__": "shop"}
    exec((project / "shop.py").read_text("utf-8"), names)  # noqa: S102 (written above)
    client = names["app"].test_client()  # type: ignore[attr-defined]

    login = await client.post("/login", json={"name": "ada"})
    token = (await login.get_json())["token"]
    headers = {"Authorization": f"Bearer {token}"}
    ordered = await client.post("/orders", json={"what": "tea"}, headers=headers)
    refused = await client.post("/orders", json={"what": "tea"})

    assert login.status_code == 201
    assert await ordered.get_json() == {"what": "tea", "form": {}}
    assert refused.status_code == 401


REMAINING = {
    "a sync view": ("@app.get('/')\ndef index():\n    return 'x'", "index: it is sync"),
    "a sync hook": ("@app.before_request\ndef hook():\n    pass", "hook: it is sync"),
    "an unknown view": (
        "def views(of):\n    @of.get('/')\n    def index():\n        return 'x'",
        "views.index: it is sync",
    ),
    "a body in sync code": (
        "def body():\n    return request.json",
        "request.json: Quart awaits it, and this is sync code",
    ),
    "a body in a lambda": (
        "@app.get('/')\nasync def index():\n    return (lambda: request.json)()",
        "request.json: it is called in a lambda",
    ),
    "a method as a value": (
        "@app.get('/')\nasync def index():\n    read = request.get_json\n",
        "request.get_json: Quart awaits it, and it is not called here",
    ),
    "files": (
        "@app.get('/')\nasync def index():\n    request.files['a'].save('b')",
        "request.files: Quart's request has no such attribute, or a different one",
    ),
    "an extension": ("from flask_cors import CORS", "from flask_cors: it is an ext"),
    "an extension's module": ("import flask_cors", "import flask_cors: it is an ext"),
    "flask as a whole": ("import flask", "import flask: import its names instead"),
    "everything of flask": ("from flask import *", "it does not say which"),
    "another name": (
        "from flask import send_file",
        "flask.send_file: it has no counterpart of that name in Quart",
    ),
    "a sync session function": (
        "from quart_jwt.flask import create_token_pair",
        "quart_jwt.flask.create_token_pair: it has no counterpart",
    ),
    "a test": ("client = app.test_client()", "app.test_client: it is used with await"),
    "a context": (
        "with app.app_context():\n    pass",
        "app.app_context: it is used with await or async with in Quart",
    ),
    "WSGI": ("app.wsgi_app = print", "app.wsgi_app: it may be the app's"),
    "a quoted name": ("def f(a: 'Flask') -> None: ...", "it is the name of the app"),
    "a verification": (
        (
            "from quart_jwt.flask import verify_jwt_in_request\n"
            "def check():\n    verify_jwt_in_request()"
        ),
        "verify_jwt_in_request: it has to be awaited",
    ),
}


@pytest.mark.parametrize(("text", "reason"), REMAINING.values(), ids=REMAINING)
def test_what_remains_is_named_and_nothing_changes(
    tmp_path: Path, text: str, reason: str
) -> None:
    """One thing that is not known on Quart, and no file is touched."""
    project = _write(tmp_path, f"{HEAD}\n{text}\n")

    done = run(project, "--finish", "--write")

    assert done.exit_code == 1
    assert reason in done.stdout
    assert "Nothing was changed" in done.stderr
    assert f"{HEAD}\n{text}\n" == (project / "shop.py").read_text("utf-8")


def test_last_step_is_of_the_whole_project(tmp_path: Path) -> None:
    """It takes no view."""
    project = _write(tmp_path, SHOP)

    assert run(project, "--finish", "login").exit_code == 2

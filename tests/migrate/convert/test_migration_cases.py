"""
Code on which rewriting a whole project went wrong: here each view may become async,
and the answers are the same as before.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from docs import running
from migrate.convert.conversion import Conversion
from migrate.convert.conversion import converted
from migrate.convert.conversion import imported
from migrate.convert.conversion import write

PHOTO = b"a photograph"
DOOR = """
class Door:
    def may_open(self):
        time.sleep(0)
        return request.get_json().get("pin") == "1234"

    def may_look(self):
        return True

    def enter(self, action):
        checks = {"open": (self.may_open, "open"), "look": (self.may_look, "look")}
        check, verb = checks[action]
        if not check():
            abort(403)
        return f"you {verb}"

@app.post("/<action>")
def enter(action):
    return {"done": Door().enter(action)}
"""
FUNCTIONS_IN_A_DICT = """
def may_open():
    time.sleep(0)
    return request.get_json().get("pin") == "1234"

def may_look():
    time.sleep(0)
    return True

@app.post("/<action>")
def enter(action):
    check = {"open": (may_open, "open"), "look": (may_look, "look")}[action][0]
    if not check():
        abort(403)
    return {"done": action}
"""
BY_NAME = """
def may_open():
    time.sleep(0)
    return request.get_json().get("pin") == "1234"

@app.post("/<action>")
def enter(action):
    if not globals()["may_" + action]():
        abort(403)
    return {"done": action}
"""
FIRST_OR_404 = """
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.query import Query as BaseQuery

class Query(BaseQuery):
    def first_or_404(self, description=None):
        time.sleep(0)
        found = self.first()
        if found is None:
            abort(make_response(jsonify(message="nothing"), 404))
        return found

app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
db = SQLAlchemy(app, query_class=Query)

class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)

with app.app_context():
    db.create_all()

@app.get("/note")
def note():
    return {"id": str(Note.query.first_or_404())}
"""
OVERRIDES = """
class Base:
    def details(self):
        return "base"

class Special(Base):
    def details(self):
        time.sleep(0)
        return "special"

@app.get("/<int:number>")
def details(number):
    shown = (Base(), Special())[number]
    return {"details": shown.details()}
"""
UPLOAD = """
from pathlib import Path
from flask_smorest import Api
from flask_smorest import Blueprint as ApiBlueprint
from flask_smorest.fields import Upload
from marshmallow import Schema

HERE = Path(__file__).parent
app.config |= {"API_TITLE": "t", "API_VERSION": "1", "OPENAPI_VERSION": "3.0.3"}
api = Api(app)
blp = ApiBlueprint("photos", __name__)

class PhotoIn(Schema):
    photo = Upload(required=True)

def keep(photo):
    time.sleep(0)
    photo.save(HERE / "kept.png")
    return photo.filename

@blp.route("/photos")
class Photos(MethodView):
    @blp.arguments(PhotoIn, location="files")
    def post(self, files):
        return {"kept": keep(files["photo"])}

api.register_blueprint(blp)

@app.post("/plain")
def plain():
    request.files["photo"].save(HERE / "plain.png")
    return {"kept": request.files["photo"].filename}
"""
VERIFIED_IN_A_PROPERTY = """
@jwt.user_lookup_loader
def load(header, claims):
    return claims["sub"]

def whoami():
    try:
        verify_jwt_in_request()
    except Exception:
        return None
    return current_user

class Page:
    @property
    def owner_is_here(self):
        return whoami() == "ada"

    def readable(self):
        return whoami() == "ada"

@app.get("/owner")
def owner():
    return {"here": Page().owner_is_here}

@app.get("/readable")
def readable():
    return {"here": Page().readable()}

@app.get("/direct")
def direct():
    verify_jwt_in_request()
    return {"here": current_user == "ada"}
"""
PROBLEM = """
class Problem(Exception):
    def answer(self):
        time.sleep(0)
        return make_response({"title": "problem"}, 400)

class Refused(Problem):
    pass

@app.get("/")
def problem():
    try:
        raise Refused
    except Problem as error:
        return error.answer()

@app.get("/hung")
def hung():
    time.sleep(0)
    abort(make_response(jsonify(message="taken"), 409))
"""
REQUEST = """
import io
import logging
from flask import send_file

@app.get("/whoami")
@jwt_required()
def whoami():
    time.sleep(0)
    sent = request.headers.environ["HTTP_AUTHORIZATION"]
    return {"sent": sent[:6], "ip": request.remote_addr}

@app.get("/table")
def table():
    content = io.BytesIO(b"a,b")
    return send_file(content, download_name="table.csv", mimetype="text/csv")

@app.get("/stock")
def stock():
    app.logger.warning("the shelf is empty")
    return {"left": 0}
"""


@dataclass(frozen=True)
class Case:
    """A program, requests to it, what they answer, and what stays sync."""

    text: str
    requests: list[tuple[str, str, dict[str, Any]]]
    statuses: list[int]
    sync: tuple[str, ...] = ()
    converted: bool = True


CASES = {
    "a method in a dict": Case(
        DOOR,
        [
            ("POST", "/open", {"json": {"pin": "1234"}}),
            ("POST", "/open", {"json": {"pin": "wrong"}}),
            ("POST", "/look", {"json": {}}),
        ],
        [200, 403, 200],
        sync=("may_open", "may_look"),
    ),
    "functions in a dict": Case(
        FUNCTIONS_IN_A_DICT,
        [
            ("POST", "/open", {"json": {"pin": "1234"}}),
            ("POST", "/open", {"json": {"pin": "wrong"}}),
            ("POST", "/look", {"json": {}}),
        ],
        [200, 403, 200],
        sync=("may_open", "may_look"),
    ),
    "a function by its name": Case(
        BY_NAME,
        [
            ("POST", "/open", {"json": {"pin": "1234"}}),
            ("POST", "/open", {"json": {"pin": "wrong"}}),
        ],
        [200, 403],
        sync=("may_open", "enter"),
        converted=False,
    ),
    "first_or_404": Case(
        FIRST_OR_404, [("GET", "/note", {})], [404], sync=("first_or_404",)
    ),
    "overrides": Case(OVERRIDES, [("GET", "/0", {}), ("GET", "/1", {})], [200, 200]),
    "an upload": Case(
        UPLOAD,
        [
            ("POST", "/photos", {"data": {"photo": ("{file}", "a.png")}}),
            ("POST", "/plain", {"data": {"photo": ("{file}", "b.png")}}),
        ],
        [200, 200],
        sync=("keep", "post"),
    ),
    "a verification in a property": Case(
        VERIFIED_IN_A_PROPERTY,
        [
            (method, path, given)
            for method, path in (
                ("GET", "/owner"),
                ("GET", "/readable"),
                ("GET", "/direct"),
            )
            for given in ({"token": "ada"}, {"token": "bob"}, {})
        ],
        [200, 200, 200, 200, 200, 200, 200, 200, 401],
        sync=("whoami", "owner", "readable"),
    ),
    "an answer of an exception": Case(
        PROBLEM,
        [("GET", "/", {}), ("GET", "/hung", {})],
        [400, 409],
        sync=("answer",),
    ),
    "what only Flask's request has": Case(
        REQUEST,
        [
            ("GET", "/whoami", {"token": "ada"}),
            ("GET", "/whoami", {}),
            ("GET", "/table", {}),
            ("GET", "/stock", {}),
        ],
        [200, 401, 200, 200],
    ),
}


each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@each_case
def test_case_answers_as_before(tmp_path: Path, case: Case) -> None:
    """Same status and body, every coroutine awaited, and every file written."""
    write(tmp_path, {"shop.py": case.text})

    before = _answers(tmp_path, case)
    kept = _take(tmp_path)
    done = converted(tmp_path)
    after = _answers(tmp_path, case)

    assert case.statuses == [status for status, _ in before]
    assert before == after
    assert kept == _take(tmp_path)
    assert case.converted == bool(done.converted)
    _check_sync(done, case.sync)


@each_case
async def test_converted_case_answers_the_same_on_a_server(
    tmp_path: Path, case: Case
) -> None:
    """Hypercorn serves it with the same statuses, and every file is whole."""
    write(tmp_path, {"shop.py": case.text})
    converted(tmp_path)

    with imported(tmp_path) as shop:
        async with (
            running.serving(shop.app.asgi_app) as url,
            httpx.AsyncClient(base_url=url, timeout=60) as client,
        ):
            statuses = [
                (await _ask(client, shop, request)).status_code
                for request in case.requests
            ]
        del shop  # so that `imported` collects it, and no later test

    assert case.statuses == statuses
    assert set(_take(tmp_path).values()) <= {PHOTO}


async def _ask(
    client: httpx.AsyncClient,
    shop: Any,
    request: tuple[str, str, dict[str, Any]],
) -> httpx.Response:
    method, path, given = request
    headers = {}
    if identity := given.get("token"):
        with shop.app.app_context():
            token = shop.create_access_token(identity)
        headers["Authorization"] = f"Bearer {token}"
    files = {"photo": ("a.png", PHOTO)} if "data" in given else None
    json = given.get("json")
    return await client.request(method, path, headers=headers, files=files, json=json)


def _check_sync(done: Conversion, sync: tuple[str, ...]) -> None:
    for name in sync:
        assert f"    def {name}(" in done.shop or f"\ndef {name}(" in done.shop


def _take(folder: Path) -> dict[str, bytes]:
    """Take the files away that the program wrote."""
    taken = {}
    for path in sorted(folder.glob("*.png")):
        taken[path.name] = path.read_bytes()
        path.unlink()
    return taken


def _answers(
    folder: Path,
    case: Case,
) -> list[tuple[int, str]]:
    with imported(folder) as shop:
        client = shop.app.test_client()
        found = []
        for method, path, given in case.requests:
            options = dict(given)
            headers = {}
            if identity := options.pop("token", None):
                with shop.app.app_context():
                    token = shop.create_access_token(identity)
                headers["Authorization"] = f"Bearer {token}"
            if "data" in options:
                name = options["data"]["photo"][1]
                options["data"] = {"photo": (io.BytesIO(PHOTO), name)}
            with client.open(path, method=method, headers=headers, **options) as answer:
                found.append((answer.status_code, answer.get_data(as_text=True)))
        del shop, client
        return found

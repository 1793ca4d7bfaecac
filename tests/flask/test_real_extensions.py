"""Flask extensions run as they are, through WSGI and through ASGI."""

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import flask
import pytest
from flask import request
from flask.views import MethodView
from flask_cors import CORS
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_smorest import abort
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from flask_sqlalchemy import SQLAlchemy
from marshmallow import fields
from marshmallow import Schema
from werkzeug.test import Client

from flask_apps import bearer
from flask_apps import make_app
from quart_jwt.flask import Flask
from quart_jwt.flask import get_jwt_identity
from quart_jwt.flask import jwt_required

ClientFor = Callable[[Flask], Client]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def library(name: str) -> Any:
    """Import somebody else's library, without its warnings and its types."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def test_flask_sqlalchemy_has_one_session_a_request(
    client_for: ClientFor, tmp_path: Any
) -> None:
    """Sync views and an async one read and write; a test sees what they wrote."""
    app = make_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/notes.db")
    db = SQLAlchemy(app)

    class Note(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        text = db.Column(db.String(20))

    @app.post("/notes")
    async def create() -> Any:
        note = Note(text=request.get_json()["text"])
        db.session.add(note)
        db.session.commit()
        return {"id": note.id}, 201

    @app.get("/notes/<int:number>")
    @jwt_required()
    def read(number: int) -> Any:
        return {"text": db.get_or_404(Note, number).text, "by": get_jwt_identity()}

    with app.app_context():
        db.create_all()
    client, headers = client_for(app), bearer(app)

    assert client.post("/notes", json={"text": "hello"}).status_code == 201
    found = client.get("/notes/1", headers=headers)
    assert found.get_json() == {"text": "hello", "by": "ada"}
    assert client.get("/notes/2", headers=headers).status_code == 404
    with app.app_context():
        assert db.session.get_one(Note, 1).text == "hello"
        db.session.remove()
        db.engine.dispose()


def test_flask_limiter_limits_views_and_blueprints(client_for: ClientFor) -> None:
    """Around an async view, around a sync one, and for a whole blueprint."""
    app = make_app()
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    blueprint = flask.Blueprint("limited", __name__, url_prefix="/limited")
    blueprint.get("/")(lambda: "x")
    limiter.limit("1 per minute")(blueprint)
    app.register_blueprint(blueprint)

    @app.post("/async")
    @limiter.limit("1 per minute")
    async def on_the_loop() -> Any:
        return {"sent": request.get_json()}

    @app.get("/sync")
    @jwt_required()
    @limiter.limit("1 per minute")
    def in_a_thread() -> Any:
        return {"by": get_jwt_identity()}

    client, headers = client_for(app), bearer(app)
    answers = [
        [client.post("/async", json=1).status_code for _ in range(2)],
        [client.get("/sync", headers=headers).status_code for _ in range(2)],
        [client.get("/limited/").status_code for _ in range(2)],
    ]

    assert answers == [[200, 429]] * 3


def test_flask_cors_answers_preflights_and_errors(client_for: ClientFor) -> None:
    """Its headers are on answers, on preflights, and on a 500."""
    app = make_app()
    CORS(app, origins=["https://app.example"], supports_credentials=True)

    @app.post("/")
    async def view() -> Any:
        return {"sent": {"a": 1}[request.get_json()["a"]]}

    client, origin = client_for(app), {"Origin": "https://app.example"}
    asked = origin | {"Access-Control-Request-Method": "POST"}
    answers = [
        client.post("/", json={"a": "a"}, headers=origin),
        client.options("/", headers=asked),
        client.post("/", json={"a": "b"}, headers=origin),
    ]

    assert [one.status_code for one in answers] == [200, 200, 500]
    assert [one.headers.get("Access-Control-Allow-Origin") for one in answers] == [
        "https://app.example"
    ] * 3


def test_flask_smorest_validates_and_documents(client_for: ClientFor) -> None:
    """Arguments, responses, its errors, the specification, and an async method."""

    class NoteSchema(Schema):
        text = fields.String(required=True)

    blueprint = SmorestBlueprint("notes", __name__)

    @blueprint.route("/notes")
    class Notes(MethodView):
        @jwt_required()
        @blueprint.arguments(NoteSchema)
        @blueprint.response(201, NoteSchema)
        def post(self, note: Any) -> Any:
            if note["text"] == "bad":
                abort(409, message="Bad note")
            return note

        async def put(self) -> Any:
            return {"raw": request.get_json()}

    app = make_app(API_TITLE="Notes", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    app.config |= {"OPENAPI_URL_PREFIX": "/", "OPENAPI_JSON_PATH": "openapi.json"}
    Api(app).register_blueprint(blueprint)
    client, headers = client_for(app), bearer(app)
    sent: list[Any] = [{"text": "hello"}, {"text": "bad"}, {}]
    answers = [client.post("/notes", json=one, headers=headers) for one in sent]

    assert [one.status_code for one in answers] == [201, 409, 422]
    assert answers[0].get_json() == {"text": "hello"}
    assert answers[1].get_json()["message"] == "Bad note"
    assert client.post("/notes", json=sent[0]).status_code == 401
    assert client.put("/notes", json=1).get_json() == {"raw": 1}
    assert "/notes" in client.get("/openapi.json").get_json()["paths"]


@pytest.mark.parametrize("package", ["flask_restful", "flask_restx"])
def test_a_resource_answers_with_its_own_errors(
    client_for: ClientFor, package: str
) -> None:
    """Parsed arguments, ``abort``, unknown paths, a token and its refusal."""
    framework, reqparse = library(package), library(f"{package}.reqparse")

    class Notes(framework.Resource):
        @jwt_required()
        def post(self) -> Any:
            parser = reqparse.RequestParser()
            parser.add_argument("count", type=int, required=True, help="How many?")
            count = parser.parse_args()["count"]
            if count < 0:
                framework.abort(409, message="Too few")
            return {"count": count, "by": get_jwt_identity()}, 201

    app = make_app(PROPAGATE_EXCEPTIONS=True)
    framework.Api(app).add_resource(Notes, "/notes")
    client, headers = client_for(app), bearer(app)
    sent = [{"count": 1}, {"count": -1}, {"count": "many"}]
    answers = [client.post("/notes", json=one, headers=headers) for one in sent]

    assert [one.status_code for one in answers] == [201, 409, 400]
    assert answers[0].get_json() == {"count": 1, "by": "ada"}
    assert answers[1].get_json()["message"] == "Too few"
    assert client.post("/notes", json=sent[0]).status_code == 401
    assert client.get("/nowhere").status_code == 404
    assert client.get("/notes").status_code == 405


def test_flask_migrate_brings_its_commands(caplog: pytest.LogCaptureFixture) -> None:
    """``flask db``, inside the app's context."""
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite:///:memory:")
    Migrate(app, SQLAlchemy(app))

    result = app.test_cli_runner().invoke(args=["db", "current", "-d", "nowhere"])

    assert result.exit_code == 1
    assert "nowhere" in caplog.text

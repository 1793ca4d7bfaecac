"""Extensions of Flask that the suite can install, as they are."""

import importlib
import warnings
from typing import Any

import pytest
from quart import request

from quart_jwt import create_access_token
from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import JWTManager
from quart_jwt.compat import Blueprint
from quart_jwt.compat import Quart

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def library(name: str) -> Any:
    """Import somebody else's library, without its warnings and its types."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(name)


def an_app(**config: Any) -> Any:
    app = Quart(__name__)
    app.config |= {"JWT_SECRET_KEY": "j" * 32, "PROPAGATE_EXCEPTIONS": True} | config
    JWTManager(app)
    return app


async def bearer(app: Any) -> dict[str, str]:
    async with app.app_context():
        return {"Authorization": f"Bearer {create_access_token('ada')}"}


async def test_flask_sqlalchemy_has_one_session_a_request() -> None:
    """Sync views and an async one read and write; a test sees what they wrote."""
    from flask_sqlalchemy import SQLAlchemy

    app = an_app(SQLALCHEMY_DATABASE_URI="sqlite:///:memory:")
    db: Any = SQLAlchemy(app)

    class Note(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        text = db.Column(db.String(20))

    @app.post("/notes")
    async def create() -> tuple[dict[str, Any], int]:
        note = Note(text=(await request.get_json())["text"])
        db.session.add(note)
        db.session.commit()
        return {"id": note.id}, 201

    @app.get("/notes/<int:number>")
    @jwt_required()
    def read(number: int) -> dict[str, Any]:
        return {"text": db.get_or_404(Note, number).text, "by": get_jwt_identity()}

    with app.app_context():
        db.create_all()
    client, headers = app.test_client(), await bearer(app)
    created = await client.post("/notes", json={"text": "hello"})
    found = await client.get("/notes/1", headers=headers)
    missing = await client.get("/notes/2", headers=headers)
    with app.app_context():
        assert db.session.get(Note, 1).text == "hello"
        db.drop_all()
        db.session.remove()
        db.engine.dispose()

    assert (created.status_code, missing.status_code) == (201, 404)
    assert await found.get_json() == {"text": "hello", "by": "ada"}


async def test_flask_limiter_limits_views_and_blueprints() -> None:
    """Around an async view, around a sync one, and for a whole blueprint."""
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    app = an_app()
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    blueprint = Blueprint("limited", __name__, url_prefix="/limited")
    blueprint.get("/")(lambda: "x")
    limiter.limit("1 per minute")(blueprint)
    app.register_blueprint(blueprint)

    @app.post("/async")
    @limiter.limit("1 per minute")
    async def on_the_loop() -> dict[str, Any]:
        return {"sent": await request.get_json()}

    @app.get("/sync")
    @jwt_required()
    @limiter.limit("1 per minute")
    def in_a_thread() -> dict[str, Any]:
        return {"by": get_jwt_identity()}

    client, headers = app.test_client(), await bearer(app)
    answers = [
        [(await client.post("/async", json=1)).status_code for _ in range(2)],
        [(await client.get("/sync", headers=headers)).status_code for _ in range(2)],
        [(await client.get("/limited/")).status_code for _ in range(2)],
    ]

    assert answers == [[200, 429]] * 3


async def test_flask_cors_answers_preflights_and_errors() -> None:
    """Its headers are on answers, on preflights, and on a 500."""
    from flask_cors import CORS

    app = an_app(PROPAGATE_EXCEPTIONS=False)
    CORS(app, origins=["https://app.example"], supports_credentials=True)

    @app.post("/")
    async def view() -> dict[str, Any]:
        return {"sent": (await request.get_json())["a"]}

    client, origin = app.test_client(), {"Origin": "https://app.example"}
    asked = origin | {"Access-Control-Request-Method": "POST"}
    answers = [
        await client.post("/", json={"a": 1}, headers=origin),
        await client.options("/", headers=asked),
        await client.post("/", json={}, headers=origin),
    ]

    assert [one.status_code for one in answers] == [200, 200, 500]
    assert [one.headers.get("Access-Control-Allow-Origin") for one in answers] == [
        "https://app.example"
    ] * 3


async def test_flask_smorest_validates_and_documents() -> None:
    """Arguments, responses, its errors, the specification, and an async method."""
    from flask_smorest import abort
    from flask_smorest import Api
    from flask_smorest import Blueprint as SmorestBlueprint
    from marshmallow import fields
    from marshmallow import Schema
    from quart.views import MethodView

    class NoteSchema(Schema):
        text = fields.String(required=True)

    blp: Any = SmorestBlueprint("notes", __name__)

    @blp.route("/notes")
    class Notes(MethodView):
        @jwt_required()
        @blp.arguments(NoteSchema)
        @blp.response(201, NoteSchema)
        def post(self, note: dict[str, str]) -> dict[str, str]:
            if note["text"] == "bad":
                abort(409, message="Bad note")
            return note

        async def put(self) -> dict[str, Any]:
            return {"raw": await request.get_json()}

    app = an_app(API_TITLE="Notes", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    app.config |= {"OPENAPI_URL_PREFIX": "/", "OPENAPI_JSON_PATH": "openapi.json"}
    Api(app).register_blueprint(blp)
    client, headers = app.test_client(), await bearer(app)
    sent: list[Any] = [{"text": "hello"}, {"text": "bad"}, {}]
    answers = [await client.post("/notes", json=one, headers=headers) for one in sent]

    assert [one.status_code for one in answers] == [201, 409, 422]
    assert await answers[0].get_json() == {"text": "hello"}
    assert (await answers[1].get_json())["message"] == "Bad note"
    assert (await client.post("/notes", json=sent[0])).status_code == 401
    assert await (await client.put("/notes", json=1)).get_json() == {"raw": 1}
    specification = await (await client.get("/openapi.json")).get_json()
    assert "/notes" in specification["paths"]


@pytest.mark.parametrize("package", ["flask_restful", "flask_restx"])
async def test_a_resource_answers_with_its_own_errors(package: str) -> None:
    """Parsed arguments, ``abort``, unknown paths, a token and its refusal."""
    framework, reqparse = library(package), library(f"{package}.reqparse")

    class Notes(framework.Resource):
        @jwt_required()
        def post(self) -> tuple[dict[str, Any], int]:
            parser = reqparse.RequestParser()
            parser.add_argument("count", type=int, required=True, help="How many?")
            count = parser.parse_args()["count"]
            if count < 0:
                framework.abort(409, message="Too few")
            return {"count": count, "by": get_jwt_identity()}, 201

    app = an_app()
    framework.Api(app).add_resource(Notes, "/notes")
    client, headers = app.test_client(), await bearer(app)
    sent = [{"count": 1}, {"count": -1}, {"count": "many"}]
    answers = [await client.post("/notes", json=one, headers=headers) for one in sent]

    assert [one.status_code for one in answers] == [201, 409, 400]
    assert await answers[0].get_json() == {"count": 1, "by": "ada"}
    assert (await answers[1].get_json())["message"] == "Too few"
    assert (await client.post("/notes", json=sent[0])).status_code == 401
    assert (await client.get("/nowhere")).status_code == 404
    assert (await client.get("/notes")).status_code == 405


def test_flask_migrate_brings_its_commands(caplog: pytest.LogCaptureFixture) -> None:
    """``quart db`` is what ``flask db`` was, inside the app's context."""
    from flask_migrate import Migrate
    from flask_sqlalchemy import SQLAlchemy

    app = an_app(SQLALCHEMY_DATABASE_URI="sqlite:///:memory:")
    Migrate(app, SQLAlchemy(app))

    result = app.test_cli_runner().invoke(args=["db", "current", "-d", "nowhere"])

    assert "db" in app.cli.commands
    assert result.exit_code == 1
    assert "nowhere" in caplog.text

"""
Inputs on which the rewriting of views failed: they run as they are.

Each was a root cause in code that nobody here had seen. Under this design nothing in
them has to be awaited, so nothing can be missed.
"""

import io
import ipaddress
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import abort
from flask import Flask as FlasksFlask
from flask import jsonify
from flask import make_response
from flask import request
from flask import send_file
from flask.views import MethodView
from flask_smorest import Api  # type: ignore[import-untyped]
from flask_smorest import Blueprint
from flask_smorest.fields import Upload  # type: ignore[import-untyped]
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.query import Query
from marshmallow import Schema
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException
from werkzeug.test import Client

from flask_apps import bearer
from flask_apps import make_app
from flask_apps import manager_of
from flask_apps import wsgi_client
from quart_jwt.flask import current_user
from quart_jwt.flask import Flask
from quart_jwt.flask import jwt_required
from quart_jwt.flask import verify_jwt_in_request
from through_asgi import client_of

ClientFor = Callable[[Flask], Client]


class Door:
    """RC3: the checks stand in a dict and are called from there."""

    def may_open(self) -> bool:
        """Whether the request has the PIN."""
        return bool(request.get_json().get("pin") == "1234")

    def may_look(self) -> bool:
        """Always."""
        return True

    def enter(self, action: str) -> str:
        """Do it, if its check passes."""
        checks = {"open": (self.may_open, "open"), "look": (self.may_look, "look")}
        check, verb = checks[action]
        if not check():
            abort(403)
        return f"you {verb}"


def test_rc3_a_check_in_a_dict_refuses(client_for: ClientFor) -> None:
    """A wrong PIN is a 403; it was a 200."""
    app = make_app()
    app.post("/<action>")(lambda action: {"done": Door().enter(action)})
    client = client_for(app)

    assert client.post("/open", json={"pin": "0"}).status_code == 403
    assert client.post("/open", json={"pin": "1234"}).get_json() == {"done": "you open"}
    assert client.post("/look").get_json() == {"done": "you look"}


def test_c_headers_have_an_environ(client_for: ClientFor) -> None:
    """Werkzeug's headers of a WSGI request."""
    app = make_app()

    @app.get("/whoami")
    @jwt_required()
    def whoami() -> Any:
        return {"sent": request.headers.environ["HTTP_AUTHORIZATION"]}  # type: ignore[attr-defined]

    headers = bearer(app)

    answer = client_for(app).get("/whoami", headers=headers)

    assert answer.get_json() == {"sent": headers["Authorization"]}


class PhotoIn(Schema):
    """D: a form with a file."""

    photo = Upload(required=True)


def test_d_an_upload_behind_smorest_is_kept(
    client_for: ClientFor, tmp_path: Path
) -> None:
    """The file is there; it was a 200 without one."""
    app = make_app(API_TITLE="t", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    blueprint = Blueprint("photos", "photos")
    kept = tmp_path / "kept.png"

    def keep(photo: FileStorage) -> str | None:
        photo.save(kept)
        return photo.filename

    @blueprint.route("/photos")
    class Photos(MethodView):
        @blueprint.arguments(PhotoIn, location="files")  # type: ignore[untyped-decorator]
        def post(self, files: Any) -> Any:
            return {"kept": keep(files["photo"])}

    Api(app).register_blueprint(blueprint)
    content = bytes(158)

    answer = client_for(app).post(
        "/photos", data={"photo": (io.BytesIO(content), "a.png")}
    )

    assert answer.get_json() == {"kept": "a.png"}
    assert kept.read_bytes() == content


def test_e_the_logger_works_in_a_request(
    client_for: ClientFor, capsys: pytest.CaptureFixture[str]
) -> None:
    """With Flask's own handler, which writes to ``wsgi.errors``."""
    app = Flask("shelves")
    handlers, logging.getLogger().handlers = logging.getLogger().handlers, []
    try:

        @app.get("/stock")
        def stock() -> Any:
            app.logger.warning("the shelf is empty")
            return {"left": 0}

        environ = {"wsgi.errors": sys.stderr}
        client = client_for(app)
        answer = client.get("/stock", environ_overrides=environ)
    finally:
        logging.getLogger().handlers = handlers
        app.logger.handlers.clear()

    assert answer.get_json() == {"left": 0}
    written = capsys.readouterr().err
    assert "WARNING in test_migration_inputs: the shelf is empty" in written
    assert "Traceback" not in written


def test_m_a_proxy_among_the_locals_does_not_hide_the_error() -> None:
    """The debugger sees the view's error and not one about the proxy."""
    app = make_app(TESTING=True, PROPAGATE_EXCEPTIONS=None)

    @app.get("/")
    def view() -> Any:
        _user = current_user
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")


def test_rc2_a_response_is_a_context_manager() -> None:
    """``with client.get(...) as response``."""
    app = make_app()
    app.get("/")(lambda: {"hello": "world"})

    with app.test_client().get("/") as response:
        assert response.json == {"hello": "world"}


def test_rc4_a_private_method_that_projects_call_exists() -> None:
    """Handlers may be registered again; the app's own go before them."""
    app = make_app()
    manager_of(app)._set_error_handler_callbacks(app)
    app.get("/")(jwt_required()(lambda: "hello"))

    assert app.test_client().get("/").status_code == 401


def test_rc5_a_file_is_sent_under_its_name(client_for: ClientFor) -> None:
    """``send_file`` has Flask's arguments."""
    app = make_app()

    @app.get("/")
    def view() -> Any:
        return send_file(
            io.BytesIO(b"a,b"),
            download_name="table.csv",
            mimetype="text/csv",
            as_attachment=True,
            max_age=5,
        )

    answer = client_for(app).get("/")

    assert answer.data == b"a,b"
    assert answer.headers["Content-Disposition"] == "attachment; filename=table.csv"
    assert "max-age=5" in answer.headers["Cache-Control"]


class ProblemError(Exception):
    """RC6: an error that answers."""

    def answer(self) -> Any:
        """Make the response."""
        return make_response({"title": "problem"}, 400)


class RefusedError(ProblemError):
    """One of them."""


def test_rc6_an_error_that_was_caught_answers() -> None:
    """Its method is not a coroutine."""
    with make_app().test_request_context():
        with pytest.raises(ProblemError) as caught:
            raise RefusedError
        assert caught.value.answer().get_json() == {"title": "problem"}


def test_rc7_a_response_hangs_on_an_exception() -> None:
    """``abort(make_response(...))`` in an app context."""
    app = make_app()
    with app.app_context(), pytest.raises(HTTPException) as caught:
        abort(app.make_response((jsonify(message="taken"), 409)))

    assert caught.value.response.json["message"] == "taken"  # type: ignore[union-attr]


def test_rc8_a_file_storage_is_a_value_of_a_form(client_for: ClientFor) -> None:
    """With its name."""
    app = make_app()

    @app.post("/")
    def view() -> Any:
        file = request.files["file"]
        return {"name": file.filename, "content": file.read().decode()}

    file = FileStorage(stream=io.BytesIO(b"hi"), filename="notes.txt")

    answer = client_for(app).post("/", data={"file": file})

    assert answer.get_json() == {"name": "notes.txt", "content": "hi"}


def test_rc9_the_address_is_one(client_for: ClientFor) -> None:
    """``ipaddress`` can read it."""
    app = make_app()
    app.get("/")(lambda: {"ip": request.remote_addr})

    address = client_for(app).get("/").get_json()["ip"]

    assert ipaddress.ip_address(address).is_loopback


def test_rc10_the_clients_environ_base_counts() -> None:
    """The usual fixture of a client that is signed in."""
    app = make_app()
    app.get("/")(jwt_required()(lambda: request.headers["Accept-Language"]))
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = bearer(app)["Authorization"]
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "nl"

    assert client.get("/").text == "nl"


class Page:
    """RC11: who is here is asked by a property and by a method."""

    @property
    def owner_is_here(self) -> bool:
        """Whether the owner sent the request."""
        return bool(whoami() == "ada")

    def readable(self) -> bool:
        """Whether it may be read."""
        return bool(whoami() == "ada")


def whoami() -> Any:
    """The user, if there is one."""
    try:
        verify_jwt_in_request()
    except Exception:  # noqa: BLE001 - as the project does
        return None
    return str(current_user)


def test_rc11_a_helper_verifies_wherever_it_is_called(client_for: ClientFor) -> None:
    """From a property, from a method, in a sync and in an async view."""
    app = make_app()
    manager_of(app).user_lookup_loader(lambda _header, claims: claims["sub"])

    def view() -> Any:
        return [Page().owner_is_here, Page().readable()]

    async def async_view() -> Any:
        return view()

    app.get("/sync")(view)
    app.get("/async")(async_view)
    client, headers = client_for(app), bearer(app)

    for path in ("/sync", "/async"):
        assert client.get(path, headers=headers).get_json() == [True, True]
        assert client.get(path).get_json() == [False, False]


class FirstOr404(Query):
    """RC12: a method of the library's, overridden."""

    def first_or_404(self, description: str | None = None) -> Any:
        """The first, or a 404 with a message."""
        found = self.first()
        if found is None:
            abort(make_response(jsonify(message=description or "nothing"), 404))
        return found


@pytest.mark.parametrize("client_for", [wsgi_client, client_of])
def test_rc12_an_overridden_method_answers_404(
    client_for: ClientFor, tmp_path: Path
) -> None:
    """It was a 200 with the text of a coroutine."""
    db = SQLAlchemy(query_class=FirstOr404)

    class Note(db.Model):  # type: ignore[name-defined, misc]
        id = db.Column(db.Integer, primary_key=True)

    app = make_app(SQLALCHEMY_DATABASE_URI=f"sqlite:///{tmp_path}/notes.db")
    db.init_app(app)
    with app.app_context():
        db.create_all()

    @app.get("/")
    def view() -> Any:
        return {"id": Note.query.first_or_404().id}

    answer = client_for(app).get("/")
    assert (answer.status_code, answer.get_json()) == (404, {"message": "nothing"})

    with app.app_context():
        db.session.add(Note(id=7))
        db.session.commit()
    assert client_for(app).get("/").get_json() == {"id": 7}
    with app.app_context():
        db.engine.dispose()


def test_b_a_wsgi_client_of_others_gets_answers() -> None:
    """WebTest and werkzeug's client call the app with two arguments."""
    app = make_app()
    app.get("/whoami")(jwt_required()(lambda: "hello"))

    assert Client(app).get("/whoami").status_code == 401
    assert Client(app).get("/whoami", headers=bearer(app)).text == "hello"


def test_rc14_the_class_is_flasks() -> None:
    """Quoted annotations, ``isinstance`` and extensions stay right."""
    assert isinstance(make_app(), FlasksFlask)

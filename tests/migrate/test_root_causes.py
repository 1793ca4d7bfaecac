"""
Inputs on which rewriting the code, instead of its imports, failed.

They are one project, whose own tests run before and after the command.
"""

# ruff: noqa: E501 - the texts are files of a project, line by line

from pathlib import Path

import pytest

from migrate.projects import migrated
from migrate.projects import write
from quart_jwt.trial.suite import Mode
from quart_jwt.trial.suite import Outcome
from quart_jwt.trial.suite import run_suite

APP = "from flask import Flask, abort, g, jsonify, make_response, request, send_file\n"

PROJECT = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = [".", "services/shop"]\n',
    # A test package with the name of the app's package.
    "services/shop/shop/__init__.py": f"{APP}"
    "def make_app():\n    app = Flask(__name__)\n"
    "    app.get('/ping')(lambda: {'pong': True})\n    return app\n",
    "tests/__init__.py": "",
    "tests/shop/__init__.py": "",
    "tests/shop/test_ping.py": "import pytest\nfrom shop import make_app\n"
    "@pytest.fixture\ndef client(): return make_app().test_client()\n"
    "def test_ping(client):\n"
    "    assert client.get('/ping').get_json() == {'pong': True}\n",
    # A factory that is imported from a package's __init__ by name.
    "store/__init__.py": f"{APP}"
    "def create_app():\n    app = Flask(__name__)\n"
    "    app.get('/')(lambda: {'hello': 'world'})\n    return app\n",
    "test_init.py": "import pytest\n@pytest.fixture\ndef client():\n"
    "    from store.__init__ import create_app\n"
    "    return create_app().test_client()\n"
    "def test_hello(client):\n    assert client.get('/').json == {'hello': 'world'}\n"
    "def test_with(client):\n    with client.get('/') as response:\n"
    "        assert response.status_code == 200\n",
    # A method in a dict guards the view.
    "door.py": f"{APP}app = Flask(__name__)\n"
    "class Door:\n"
    "    def may_open(self): return request.get_json().get('pin') == '1234'\n"
    "    def may_look(self): return True\n"
    "    def enter(self, action):\n"
    "        checks = {'open': (self.may_open, 'open'), 'look': (self.may_look, 'look')}\n"
    "        check, verb = checks[action]\n"
    "        if not check():\n            abort(403)\n        return f'you {verb}'\n"
    "@app.post('/<action>')\ndef enter(action): return {'done': Door().enter(action)}\n",
    "test_door.py": "from door import app\n"
    "def test_wrong_pin():\n"
    "    answer = app.test_client().post('/open', json={'pin': 'x'})\n"
    "    assert answer.status_code == 403\n"
    "def test_right_pin():\n"
    "    answer = app.test_client().post('/open', json={'pin': '1234'})\n"
    "    assert answer.json == {'done': 'you open'}\n",
    # request.headers.environ, remote_addr, environ_base, send_file's arguments.
    "facts.py": f"import io\n{APP}app = Flask(__name__)\n"
    "@app.get('/')\ndef facts():\n"
    "    return {'sent': request.headers.environ['HTTP_AUTHORIZATION'],\n"
    "            'ip': request.remote_addr}\n"
    "@app.get('/table')\ndef table():\n"
    "    return send_file(io.BytesIO(b'a,b'), download_name='table.csv',\n"
    "                     mimetype='text/csv', as_attachment=True)\n",
    "test_facts.py": "from facts import app\ndef test_facts():\n"
    "    client = app.test_client()\n"
    "    client.environ_base['HTTP_AUTHORIZATION'] = 'x'\n"
    "    assert client.get('/').json == {'sent': 'x', 'ip': '127.0.0.1'}\n"
    "def test_table():\n"
    "    answer = app.test_client().get('/table')\n"
    "    assert 'table.csv' in answer.headers['Content-Disposition']\n",
    # A response on an exception; an exception's method that answers.
    "problems.py": f"{APP}app = Flask(__name__)\n"
    "class Problem(Exception):\n"
    "    def answer(self): return make_response({'title': 'problem'}, 400)\n"
    "class Refused(Problem): ...\n"
    "def refuse(text): abort(make_response(jsonify(message=text), 409))\n",
    "test_problems.py": "import pytest\n"
    "from werkzeug.exceptions import HTTPException\n"
    "from problems import Problem, Refused, app, refuse\n"
    "def test_method():\n    with app.app_context():\n"
    "        try:\n            raise Refused\n        except Problem as error:\n"
    "            assert error.answer().get_json() == {'title': 'problem'}\n"
    "def test_exception():\n"
    "    with app.app_context(), pytest.raises(HTTPException) as caught:\n"
    "        refuse('taken')\n"
    "    assert caught.value.response.json['message'] == 'taken'\n",
    # A file through the test client, kept by a helper behind flask-smorest.
    "photos.py": f"{APP}from flask.views import MethodView\n"
    "from flask_smorest import Api, Blueprint\nfrom flask_smorest.fields import Upload\n"
    "from marshmallow import Schema\n"
    "from werkzeug.datastructures import FileStorage\n"
    "class PhotoIn(Schema):\n    photo = Upload(required=True)\n"
    "blp = Blueprint('photos', __name__)\n"
    "def keep(photo: FileStorage, folder):\n"
    "    photo.save(f'{folder}/kept.png')\n    return photo.filename\n"
    "@blp.route('/photos')\nclass Photos(MethodView):\n"
    "    @blp.arguments(PhotoIn, location='files')\n"
    "    def post(self, files):\n"
    "        return {'kept': keep(files['photo'], request.headers['X-Folder'])}\n"
    "app = Flask(__name__)\napp.config.update(API_TITLE='x', API_VERSION='1',\n"
    "                  OPENAPI_VERSION='3.0.2')\nApi(app).register_blueprint(blp)\n",
    "test_photos.py": "import io\nfrom werkzeug.datastructures import FileStorage\n"
    "from photos import app\ndef test_kept(tmp_path):\n"
    "    file = FileStorage(stream=io.BytesIO(b'hi'), filename='notes.png')\n"
    "    answer = app.test_client().post('/photos', data={'photo': file},\n"
    "                                    headers={'X-Folder': str(tmp_path)})\n"
    "    assert answer.json == {'kept': 'notes.png'}\n"
    "    assert (tmp_path / 'kept.png').read_bytes() == b'hi'\n",
    # A helper with a property and a method as callers.
    "pages.py": f"{APP}from flask_jwt_extended import (\n"
    "    JWTManager, create_access_token, get_jwt_identity, verify_jwt_in_request)\n"
    "app = Flask(__name__)\napp.config['JWT_SECRET_KEY'] = 'x' * 40\nJWTManager(app)\n"
    "def whoami():\n    try:\n        verify_jwt_in_request()\n"
    "    except Exception:\n        return None\n    return get_jwt_identity()\n"
    "class Page:\n    @property\n    def owner_is_here(self): return whoami() == 'ada'\n"
    "    def readable(self): return whoami() == 'ada'\n"
    "@app.get('/')\ndef page():\n"
    "    return [Page().owner_is_here, Page().readable()]\n",
    "test_pages.py": "from pages import app, create_access_token\n"
    "def test_page():\n    with app.app_context():\n"
    "        token = create_access_token('ada')\n"
    "    header = {'Authorization': f'Bearer {token}'}\n"
    "    client = app.test_client()\n"
    "    assert client.get('/', headers=header).json == [True, True]\n"
    "    assert client.get('/').json == [False, False]\n",
}


@pytest.fixture(name="runs", scope="module")
def _runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Outcome]:
    folder = write(tmp_path_factory.mktemp("causes"), PROJECT)
    command = ["pytest", "-q", "-p", "no:xdist"]
    before = run_suite(command, folder, Mode.AS_IT_IS)
    migrated(folder, {})
    return before, run_suite(command, folder, Mode.AS_IT_IS)


def test_every_input_passes_before_and_after(runs: tuple[Outcome, Outcome]) -> None:
    """The same tests, all of them, and they went through us."""
    before, after = runs

    assert {*before.outcomes.values()} == {"passed"}
    assert before.outcomes == after.outcomes, after.reasons
    assert len(after.outcomes) == 11
    assert after.counters["apps"] == 8
    assert after.counters["verifications"] > 0
    assert before.counters == {}


def test_only_imports_change(tmp_path: Path) -> None:
    """No other line of the project."""
    found = migrated(tmp_path, PROJECT)

    assert {path for path in found.changed if "test_" in path} == set()
    for path, text in found.changed.items():
        lines = {*text.splitlines()} - {*PROJECT[path].splitlines()}
        assert all("import" in line for line in lines), path
    assert found.report == []

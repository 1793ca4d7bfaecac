from pathlib import Path

import pytest

from migrate.convert.conversion import converted
from migrate.convert.conversion import of_shop
from migrate.convert.conversion import write

VIEWS = {
    "a route": "@app.get('/')\ndef it():\n    return 'x'",
    "several routes": "@app.get('/')\n@app.route('/b')\ndef it():\n    return 'x'",
    "a guard": "@app.get('/')\n@jwt_required()\ndef it():\n    return 'x'",
    "a blueprint": "b = Blueprint('b', __name__)\n@b.post('/')\ndef it():\n"
    "    return 'x'\napp.register_blueprint(b)",
    "an error handler": "@app.errorhandler(404)\ndef it(e):\n    return 'x', 404",
    "a hook": "@app.before_request\ndef it():\n    g.x = 1",
    "a hook by a call": "def it(r):\n    return r\napp.after_request(it)",
    "an error handler by a call": "def it(e):\n    return 'x'\n"
    "app.register_error_handler(404, it)",
    "a rule": "def it():\n    return 'x'\napp.add_url_rule('/', view_func=it)",
    "a rule by position": "def it():\n    return 'x'\napp.add_url_rule('/', 'i', it)",
    "a guarded rule": "def it():\n    return 'x'\n"
    "app.add_url_rule('/', view_func=jwt_required()(it))",
    "a factory": "def make():\n    made = Flask(__name__)\n    @made.get('/')\n"
    "    def it():\n        return 'x'\n    return made",
    "an app of a factory": "def make():\n    made = Flask(__name__)\n    return made\n"
    "other = make()\n@other.get('/')\ndef it():\n    return 'x'",
    "an annotated parameter": "def views(of: Flask):\n    @of.get('/')\n"
    "    def it():\n        return 'x'",
    "an endpoint in quotes": "@app.get('/')\ndef it():\n    return url_for('it')\n"
    "from flask import url_for\nLINKS = {'it': 'it'}",
    "a nested generator": "@app.get('/')\ndef it():\n    def lines():\n"
    "        yield 'x'\n    return lines()",
    "a class": "class V(MethodView):\n    def it(self):\n        pass\n"
    "    def get(self):\n        return 'x'\n"
    "app.add_url_rule('/', view_func=V.as_view('v'))\n",
}


@pytest.mark.parametrize("text", VIEWS.values(), ids=VIEWS)
def test_what_flask_awaits_becomes_async(tmp_path: Path, text: str) -> None:
    """Views and hooks, however they are registered."""
    done = of_shop(tmp_path, f"\n{text}\n")

    assert done.kept == {}
    assert len(done.converted) == 1
    assert "async def it(" in done.shop or "async def get(" in done.shop


KEPT = {
    "an unknown decorator": (
        "def mine(f):\n    return f\n@app.get('/')\n@mine\ndef it():\n    return 'x'",
        "the decorator `mine` may not await it",
    ),
    "an unknown decorator outside": (
        "def mine(f):\n    return f\n@mine\n@app.get('/')\ndef it():\n    return 'x'",
        "the decorator `mine` may not await it",
    ),
    "an unknown app": (
        "def views(of):\n    @of.get('/')\n    def it():\n        return 'x'",
        "`of` is not known to be an app or a blueprint of Flask",
    ),
    "an app that may be another": (
        (
            "import other\nit = Flask(__name__)\nit = other.wrap(it)\n@it.get('/')\n"
            "def it_():\n    return 'x'"
        ),
        "`it` is not known to be an app or a blueprint of Flask",
    ),
    "a generator": (
        "@app.get('/')\ndef it():\n    yield 'x'",
        "it is a generator",
    ),
    "a call by another function": (
        "@app.get('/')\ndef it():\n    return 'x'\ndef other():\n    return it()",
        "sync code calls it at shop.py:16",
    ),
    "a place in a dict": (
        "@app.get('/')\ndef it():\n    return 'x'\nTABLE = {1: it}",
        "it is handed on at shop.py:15",
    ),
    "a mock": (
        (
            "@app.get('/')\ndef it():\n    return 'x'\nfrom unittest import mock\n"
            "mock.patch('shop.it')"
        ),
        "its name is quoted at shop.py:16",
    ),
    "a dispatch of its own": (
        (
            "@app.get('/')\ndef it():\n    return 'x'\n"
            "def call(name):\n    return app.view_functions[name]()"
        ),
        "the project uses `view_functions` at shop.py:16",
    ),
    "a lock": (
        (
            "import threading\nlock = threading.Lock()\n@app.get('/')\ndef it():\n"
            "    with lock:\n        return 'x'"
        ),
        "it uses `threading.Lock`, which belongs to one thread, through `lock`",
    ),
    "a thread-scoped session": (
        (
            "from sqlalchemy.orm import scoped_session, sessionmaker\n"
            "db = scoped_session(sessionmaker())\nclass Base:\n    pass\n"
            "Base.query = db.query_property()\nclass User(Base):\n    pass\n"
            "@app.get('/')\ndef it():\n    return str(User.query.all())"
        ),
        (
            "it uses `sqlalchemy.orm.scoped_session`, which belongs to one thread, "
            "through `db`"
        ),
    ),
    "a user of a thread-scoped session": (
        (
            "import threading\nlocal = threading.local()\n@jwt.user_lookup_loader\n"
            "def load(h, p):\n    return local.users[p['sub']]\n@app.get('/')\n"
            "@jwt_required()\ndef it():\n    return current_user.name"
        ),
        "it uses `threading.local`, which belongs to one thread, through `local`",
    ),
    "a session in g": (
        (
            "import sqlite3\n@app.before_request\ndef connect():\n"
            "    g.db = sqlite3.connect(':memory:')\n@app.get('/')\ndef it():\n"
            "    return g.db.execute('select 1')"
        ),
        "it uses `sqlite3.connect`, which belongs to one thread, through `g.db`",
    ),
    "a method that uses a thread": (
        (
            "import threading\nclass Work:\n    def start(self):\n"
            "        threading.Thread().start()\n"
            "work = Work()\n@app.get('/')\ndef it():\n"
            "    work.start()\n    return 'x'"
        ),
        "it uses `threading.Thread`, which belongs to one thread, through `start`",
    ),
    "an event loop": (
        (
            "import asyncio\n@app.get('/')\ndef it():\n"
            "    return asyncio.new_event_loop().run_until_complete(work())"
        ),
        "it runs an event loop of its own",
    ),
    "an event loop in a helper": (
        (
            "import asyncio\ndef helper():\n    return asyncio.run(work())\n"
            "@app.get('/')\n"
            "def it():\n    return helper()\n\ndef other():\n    return helper()"
        ),
        "it runs an event loop of its own, through `helper`",
    ),
    "a verification in a method": (
        (
            "class Guard:\n    @property\n    def user(self):\n"
            "        verify_jwt_in_request()\n        return get_jwt_identity()\n"
            "@app.get('/')\ndef it():\n    return Guard().user"
        ),
        "it calls `verify_jwt_in_request` in sync code, through `user`",
    ),
    "a verification in a with block": (
        (
            "@app.get('/')\ndef it():\n    with app.app_context():\n"
            "        verify_jwt_in_request()\n    return 'x'"
        ),
        "it is called in a `with` block at shop.py:15",
    ),
    "a guarded helper": (
        (
            "@jwt_required()\ndef helper():\n    return 'x'\n@app.get('/')\n"
            "def it():\n    return helper()"
        ),
        "it calls sync code under `jwt_required`, through `helper`",
    ),
    "a stream of its own": (
        (
            "from flask import stream_with_context\n@app.get('/')\ndef it():\n"
            "    return stream_with_context(iter('x'))"
        ),
        "it uses `flask.stream_with_context`, which belongs to one thread",
    ),
    "a class that calls it": (
        (
            "class V(MethodView):\n    def get(self):\n        return 'x'\n"
            "    def other(self):\n        return self.get()\n"
            "app.add_url_rule('/', view_func=V.as_view('v'))"
        ),
        "it is called at shop.py:16",
    ),
    "a class that is called": (
        "class V(MethodView):\n    def get(self):\n        return 'x'\nV().get()",
        "its class is used at shop.py:15",
    ),
    "a class with a decorator": (
        (
            "def mine(c):\n    return c\n@mine\n"
            "class V(MethodView):\n    def get(self):\n"
            "        return 'x'"
        ),
        "the class `V` has a decorator",
    ),
    "a class with another base": (
        (
            "from other import Mixin\nclass V(Mixin, MethodView):\n    def get(self):\n"
            "        return 'x'"
        ),
        "its class has the base `other.Mixin`, which may call it",
    ),
    "a class of its own dispatch": (
        (
            "class V(MethodView):\n    def dispatch_request(self, **given):\n"
            "        return self.get(**given)\n    def get(self):\n        return 'x'"
        ),
        "its class calls it itself, in `dispatch_request`",
    ),
    "a class of Flask-RESTful": (
        (
            "from flask_restful import Resource\n"
            "class V(Resource):\n    def get(self):\n"
            "        return 'x'"
        ),
        "`flask_restful.Resource` calls it and does not await it",
    ),
}


@pytest.mark.parametrize(("text", "reason"), KEPT.values(), ids=KEPT)
def test_what_would_not_be_awaited_stays_sync(
    tmp_path: Path, text: str, reason: str
) -> None:
    """The view stays as it is, and the report says why."""
    done = of_shop(tmp_path, f"\n{text}\n")

    assert reason in done.kept.values()
    assert not done.converted - {"connect"}


def test_subclass_keeps_what_its_family_calls(tmp_path: Path) -> None:
    """A method that a subclass calls through super() stays sync in both."""
    done = of_shop(
        tmp_path,
        """
class Base(MethodView):
    def get(self):
        return "base"
    def put(self):
        return "put"

class Special(Base):
    def get(self):
        return super().get() + "!"

app.add_url_rule("/", view_func=Special.as_view("special"))
""",
    )

    assert {"Base.put"} == done.converted
    assert {"Base.get", "Special.get"} == set(done.kept)


def test_views_that_call_each_other_become_async_together(tmp_path: Path) -> None:
    """A view that is called directly is awaited there, or stays sync."""
    text = """
@app.get("/")
def index():
    return "x"

@app.get("/other")
def other():
    return index()
"""
    write(tmp_path, {"shop.py": text})

    alone = converted(tmp_path, "index")
    both = converted(tmp_path)

    assert alone.kept == {"index": "sync code calls it at shop.py:18"}
    assert {"index", "other"} == both.converted
    assert "return await index()" in both.shop


def test_held_module_makes_its_attributes_count(tmp_path: Path) -> None:
    """An attribute of something unknown may be a view if its module is a value."""
    text = "\n@app.get('/')\ndef index():\n    return 'x'\n"
    free = of_shop(tmp_path / "free", text, other="def f(x):\n    x.index()\n")
    held = of_shop(
        tmp_path / "held",
        text,
        other="import shop\n\n\ndef f(x):\n    x.index()\n\n\nf(shop)\n",
    )

    assert {"index"} == free.converted
    assert held.kept == {"index": "`x.index` at other.py:5 may be it"}

"""What the report names in Python code."""

from pathlib import Path

import pytest

from migrate.projects import migrated
from migrate.projects import write
from quart_jwt.migrate.migration import migrate_project
from quart_jwt.migrate.report import as_text
from quart_jwt.migrate.writing import apply

APP = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("from flask_jwt_extended.view_decorators import _load_user", "private-names"),
        ("from flask_jwt_extended import tokens", "private-names"),
        ("from flask_jwt_extended.tokens import _decode_jwt", "private-names"),
        ("import flask_jwt_extended as j; j.utils2()", "private-names"),
        ("jwt_ = 1; jwt_._set_error_handler_callbacks(jwt_)", "private-names"),
        ("jwt_ = 1; jwt_._user_lookup_callback", "private-names"),
        ("patch('flask_jwt_extended.utils.get_jwt')", "mocks"),
        ("patch('flask_jwt_extended.view_decorators.verify_jwt_in_request')", "mocks"),
        ("g._jwt_extended_jwt = {}", "private-names"),
        ("flask.g._jwt_extended_jwt_header", "private-names"),
        ("user = g.get('_jwt_extended_jwt_user')", "private-names"),
        ("setattr(g, '_jwt_extended_jwt_location', None)", "private-names"),
        ("patch('shop.views.g._jwt_extended_jwt', {})", "private-names"),
        ("patch.multiple(g, _jwt_extended_jwt_user={})", "private-names"),
        ("import quart\nisinstance(app, quart.Quart)", "quart-class"),
        ("from quart import Quart\nisinstance(app, (int, Quart))", "quart-class"),
        ("import flask_socketio", "packages"),
        ("import flask_sock", "packages"),
        ("from gevent import monkey", "packages"),
        ("from apiflask import APIFlask", "packages"),
        ("jwt_ = create_access_token(identity=user.id)", "identities"),
        ("jwt_ = create_access_token(7)", "identities"),
        (
            "@jwt_.user_identity_loader\ndef load(user): return user.id",
            "identities",
        ),
        ("import flask\n@app.before_first_request\ndef f(): ...", "old-flask"),
        ("from flask import _request_ctx_stack, g", "old-flask"),
        ("from flask.json import JSONEncoder", "old-flask"),
    ],
)
def test_it_is_named(text: str, rule: str, tmp_path: Path) -> None:
    """Each is found, before the change and after it."""
    found = migrated(tmp_path, {"code.py": f"{text}\n"})

    assert len(found.report) == 1
    assert found.report[0].split()[1] == rule


@pytest.mark.parametrize(
    "text",
    [
        "import flask_sqlalchemy, flask_smorest, flask_restx, flasgger",
        "from flask_jwt_extended import exceptions, config",
        "from flask_jwt_extended.exceptions import CSRFError",
        "patch('flask_jwt_extended.get_jwt')",
        "patch('shop.views.verify_jwt_in_request')",
        "app.errorhandler(403)(handler); jwt_ = 1",
        "jwt_ = create_access_token(identity=user.public_id)",
        "jwt_ = create_access_token(identity=str(user.id))",
        "jwt_ = create_access_token(7); JWT_VERIFY_SUB = False",
        "isinstance(app, Flask)",
        "flask_jwt_extended_jwt = '_jwt_extended_jwt is private'",
        "@jwt_.user_identity_loader\ndef load(u): return str(u.id)\njwt_(7, u.id)",
    ],
)
def test_it_is_not_named(text: str, tmp_path: Path) -> None:
    """Extensions run on Flask's own pipeline; public names have a counterpart."""
    assert migrated(tmp_path, {"code.py": f"{text}\n"}).report == []


OLD = """\
from flask_jwt_extended import jwt_required, jwt_optional, get_raw_jwt
JWT_BLACKLIST_ENABLED = True
@jwt.token_in_blacklist_loader
def revoked(token): ...
@jwt_required
def view(): get_raw_jwt()
"""


def test_code_for_3_x_is_said_once_with_the_replacements(tmp_path: Path) -> None:
    """One finding for the whole project, wherever its places are."""
    write(tmp_path, {"a.py": OLD, "b.py": OLD})
    migration = migrate_project(tmp_path)

    assert [one.rule for one in migration.findings] == ["3.x"]
    finding = migration.findings[0]
    assert finding.place == "a.py:1"
    assert "b.py:5" in finding.also
    for new in ("jwt_required(optional=True)", "token_in_blocklist_loader", "@jwt_req"):
        assert new in finding.advice


def test_settings_of_3_x_alone_are_a_note(tmp_path: Path) -> None:
    """4.x does not read them."""
    found = migrated(
        tmp_path, {"config.py": "app.config['JWT_BLACKLIST_ENABLED'] = True\n"}
    )

    assert found.report == ["config.py:1 3.x note"]


def test_a_package_is_one_line_with_its_places(tmp_path: Path) -> None:
    """However often it is imported."""
    files = {f"{name}.py": "import flask_sock\n" for name in "abcdef"}
    write(tmp_path, files)
    finding = migrate_project(tmp_path).findings[0]

    assert finding.as_text().startswith("a.py:1, b.py:1, c.py:1 and 3 more: flask_sock")


def test_the_projects_own_flask_package_is_no_extension(tmp_path: Path) -> None:
    """At any depth, by its path."""
    found = migrated(
        tmp_path,
        {
            "src/flask_socketio/__init__.py": "",
            "src/shop.py": "import flask_socketio\n",
            "tools/gevent.py": "",
            "tools/run.py": "import gevent\n",
        },
    )

    assert found.report == []


def test_lines_are_those_of_the_file_as_it_is(tmp_path: Path) -> None:
    """Before the change without --write, behind it with --write."""
    text = "from flask import Flask, g\nfrom gevent import monkey\n"
    write(tmp_path, {"app.py": text})

    assert [one.line for one in migrate_project(tmp_path).findings] == [2]
    written = migrate_project(tmp_path, is_written=True)
    apply(written)
    assert [one.line for one in written.findings] == [3]
    assert [one.line for one in migrate_project(tmp_path).findings] == [3]


def test_the_report_counts_what_was_examined(tmp_path: Path) -> None:
    """Files, tests, apps and what could not be seen; and it promises nothing."""
    files = {
        "app.py": f"{APP}from flask_jwt_extended import JWTManager\nJWTManager(app)\n",
        "load.py": "import importlib\nimportlib.import_module(name)\n",
        "old.py": "print 'x'  # flask\n",
        "tests/test_app.py": "def test_a(): ...\nasync def test_b(): ...\n",
        "setup.cfg": "",
        "venv/pyvenv.cfg": "",
        "venv/lib/x.py": APP,
        ".tox/x.py": APP,
        "ext.py": "import flask_nowhere\n",
    }
    write(tmp_path, files)

    text = as_text(migrate_project(tmp_path), written=False)

    assert (
        "Examined: 5 Python files (1 with Flask or Flask-JWT-Extended, 2 tests), "
        "1 dependency file. Found: 1 app, 1 JWTManager.\n"
        "Not seen: 1 unreadable file; 1 computed import; packages not installed here "
        "(flask_nowhere); folders (.tox, venv).\n"
        "1 file would change (2 lines).\n"
    ) in text
    assert "old.py:1: the file is not Python 3" in text
    assert "quart-jwt try -- pytest" in text
    assert "Nothing is left" not in text


def test_an_app_that_was_not_seen_is_said(tmp_path: Path) -> None:
    """Code that was not seen would go on making Flask's own app."""
    write(tmp_path, {"views.py": "from flask import g\n"})

    assert "No `Flask(...)` was found" in as_text(
        migrate_project(tmp_path), written=True
    )


@pytest.mark.parametrize(
    "text",
    [
        "from flask import Flask\nx = " + "-" * 3000 + "1\n",
        "from flask import Flask\nx = " + "(" * 1000 + ")" * 1000 + "\n",
        "from flask import Flask\nx = " + "a." * 3000 + "b\n",
        "from flask import Flask\nx = " + "1 + " * 3000 + "1\n",
        "from flask import Flask\nx = " + "f(" * 1000 + ")" * 1000 + "\n",
        "from flask import Flask\nx = " + "[" * 1000 + "]" * 1000 + "\n",
    ],
    ids=["unary", "parentheses", "attributes", "sum", "calls", "lists"],
)
def test_deep_expressions_are_changed_or_reported(text: str, tmp_path: Path) -> None:
    """Never a traceback: what cannot be parsed is left and named."""
    write(tmp_path, {"deep.py": text})
    migration = migrate_project(tmp_path)

    reported = [one.rule for one in migration.findings]
    assert (len(migration.changes), reported) in [(1, []), (0, ["parsing"])]


@pytest.mark.parametrize(
    "content",
    [
        b"print 'flask'\n",
        b"# -*- coding: nonsense -*-\nflask\n",
        b"flask \xff\n",
        b"flask = '\0'\n",
        b"flask = (\n",
    ],
)
def test_a_file_that_is_not_python_3_is_left_and_named(
    content: bytes, tmp_path: Path
) -> None:
    """Another version, another encoding, null bytes, half a file."""
    (tmp_path / "old.py").write_bytes(content)
    migration = migrate_project(tmp_path)

    assert migration.changes == []
    assert [one.rule for one in migration.findings] == ["parsing"]

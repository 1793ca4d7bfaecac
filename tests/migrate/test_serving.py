"""How a project is served: every form that starts the app is rewritten or reported."""

from pathlib import Path

import pytest
from hypercorn.__main__ import main as hypercorn_command

from migrate.projects import migrated
from quart_jwt.migrate.serving.commands import FLASK_RUN
from quart_jwt.migrate.serving.commands import MIGRATED_GUNICORN
from quart_jwt.migrate.serving.files import serving_text
from quart_jwt.trial.serving import run_command

COMMANDS = {
    "gunicorn app:app": "hypercorn asgi:app:app",
    "gunicorn -w 4 -b :8000 wsgi": (
        "hypercorn --workers 4 --bind :8000 asgi:wsgi:application"
    ),
    "python -m gunicorn 'shop:create_app()'": "hypercorn 'asgi:shop:create_app()'",
    "gunicorn --bind=:$PORT app:app": "hypercorn --bind=:$PORT asgi:app:app",
    "gunicorn -b0:80 app:app": "hypercorn --bind 0:80 asgi:app:app",
    "exec gunicorn app:app && echo": "exec hypercorn asgi:app:app && echo",
    "gunicorn \\\n  -w 2 \\\n  app:app": "hypercorn --workers 2 asgi:app:app",
    "waitress-serve --port=80 app:app": "hypercorn --bind 0.0.0.0:80 asgi:app:app",
    "waitress-serve --listen=*:80 --call app:make": (
        "hypercorn --bind 0.0.0.0:80 asgi:app:make()"
    ),
    "flask run": "quart-jwt run",
    "python -m flask run --host :: -p 80": "quart-jwt run --host :: --port 80",
    "flask --app shop --debug run": "quart-jwt run --app shop --debug",
    "(cd svc && flask run --reload)": "(cd svc && quart-jwt run --reload)",
    'sh -c "flask run"': 'sh -c "quart-jwt run"',
    "flask db upgrade": "flask db upgrade",
    "flask hello": "flask hello",
    "# flask run is for development": "# flask run is for development",
    "pip install Flask gunicorn==20 requests": "pip install Flask hypercorn requests",
    '["gunicorn", "app:app"]': '["hypercorn", "asgi:app:app"]',
    '["python", "-m", "flask", "run", "--port", "80"]': (
        '["quart-jwt", "run", "--port", "80"]'
    ),
    '["sh", "-c", "flask run"]': '["sh", "-c", "quart-jwt run"]',
    '["flask", "db", "upgrade"]': '["flask", "db", "upgrade"]',
    'command = ["gunicorn", "-b", "0.0.0.0:80", "app:app"]': (
        'command = ["hypercorn", "--bind", "0.0.0.0:80", "asgi:app:app"]'
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_starts_the_app_is_rewritten(command: str) -> None:
    """In shell form and in exec form; Flask's other commands work and stay."""
    assert COMMANDS[command] == serving_text(command, [])


@pytest.mark.parametrize(
    ("command", "after", "lost"),
    [
        (
            "flask run --with-threads --extra-files x --debugger",
            "quart-jwt run",
            ["--with-threads", "--extra-files x", "--debugger"],
        ),
        (
            "gunicorn -k gevent --threads 4 --preload app:app --timeout=3",
            "hypercorn asgi:app:app",
            ["-k gevent", "--threads 4", "--preload", "--timeout=3"],
        ),
    ],
)
def test_options_without_a_counterpart_are_named(
    command: str, after: str, lost: list[str]
) -> None:
    """What is left out is said, and never handed to a server that refuses it."""
    dropped: list[str] = []

    assert after == serving_text(command, dropped)
    assert lost == dropped


def test_the_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Each option that is written is one of the server's."""
    with pytest.raises(SystemExit):
        hypercorn_command(["--help"])
    hypercorns = capsys.readouterr().out
    ours = {option for one in run_command.params for option in one.opts}

    assert {*FLASK_RUN.values()} <= ours
    assert [one for one in MIGRATED_GUNICORN.values() if one not in hypercorns] == []


PLACES = (
    *("Dockerfile", "docker/web.Dockerfile", "Procfile", "Makefile", "run.sh"),
    *("compose.yaml", "shop.service", ".github/workflows/ci.yml", ".gitlab-ci.yml"),
    *("infra/main.tf", ".env.production", "package.json", "entrypoint", "fly.toml"),
)


@pytest.mark.parametrize("path", PLACES)
def test_every_text_file_is_looked_at(path: str, tmp_path: Path) -> None:
    """Wherever a command stands, it is rewritten."""
    found = migrated(tmp_path, {path: "x: gunicorn app:app\n"}, serving=True)

    assert found.changed == {path: "x: hypercorn asgi:app:app\n"}
    assert found.report == []


@pytest.mark.parametrize(
    "text",
    [
        "command:\n  - gunicorn\n  - app:app\n",
        "START=gunicorn $OPTIONS\n",
        "uwsgi --ini shop.ini\n",
        "[uwsgi]\nmodule = shop:app\n",
        "GUNICORN_CMD_ARGS=--threads 4\n",
        "args: flask $ARGS run\n",
    ],
)
def test_what_is_not_understood_is_reported(text: str, tmp_path: Path) -> None:
    """One finding a file."""
    found = migrated(tmp_path, {"start.conf": text}, serving=True)

    assert found.changed == {}
    assert len(found.report) == 1
    assert found.report[0].endswith(" serving todo")


def test_nothing_is_served_differently_without_being_asked(tmp_path: Path) -> None:
    """Gunicorn goes on working: the migrated app answers WSGI."""
    found = migrated(
        tmp_path,
        {"Procfile": "web: gunicorn app:app\n", "requirements.txt": "gunicorn\n"},
    )

    assert (found.changed, found.report) == ({}, [])


def test_greenlets_are_always_reported(tmp_path: Path) -> None:
    """A worker class that replaces threads does not work with the migrated app."""
    found = migrated(
        tmp_path,
        {
            "Procfile": "web: gunicorn -k gevent app:app\n",
            "gunicorn.conf.py": "x = 1\nworker_class = 'eventlet'\n",
        },
    )

    assert found.report == [
        "Procfile:1 serving todo",
        "gunicorn.conf.py:2 serving todo",
    ]


def test_code_that_starts_a_server_is_named(tmp_path: Path) -> None:
    """``app.run()`` works and is noted; other servers are to be replaced."""
    found = migrated(
        tmp_path,
        {
            "main.py": "import flask_app\nfrom waitress import serve\nserve(app)\n"
            "app.run(debug=True)\nworker.run()\n",
        },
        serving=True,
    )

    assert found.report == ["main.py:3 serving todo", "main.py:4 serving note"]

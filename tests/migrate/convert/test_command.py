import json
import subprocess
import sys
from pathlib import Path

import pytest

from migrate.convert.conversion import run
from migrate.convert.conversion import write

SHOP = """
orders = Blueprint("orders", __name__)

@app.get("/")
def index():
    time.sleep(0)
    return "x"

@orders.get("/orders")
def listed():
    return "x"

@orders.before_request
def guard():
    verify_jwt_in_request()

@app.get("/strange")
def strange():
    yield "x"

class Things(MethodView):
    def get(self):
        return "x"

app.add_url_rule("/t", view_func=Things.as_view("things"))
app.register_blueprint(orders)
"""


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    return write(tmp_path, {"shop.py": SHOP})


def _async_in(project: Path) -> set[str]:
    lines = (project / "shop.py").read_text("utf-8").splitlines()
    return {
        line.strip().removeprefix("async def ").partition("(")[0]
        for line in lines
        if line.strip().startswith("async def ")
    }


def test_without_write_a_diff_is_shown_and_nothing_changes(project: Path) -> None:
    """The diff goes to standard output, the report beside it."""
    before = (project / "shop.py").read_text("utf-8")

    done = run(project)

    assert done.exit_code == 0
    assert "--- a/shop.py\n+++ b/shop.py\n" in done.stdout
    assert "+async def index():\n" in done.stdout
    assert "Would convert (4):\n  shop.py:15 index\n" in done.stderr
    assert "shop.py:28 strange: it is a generator" in done.stderr
    assert before == (project / "shop.py").read_text("utf-8")


def test_write_changes_the_files_and_names_the_new_lines(project: Path) -> None:
    """The lines of the report are those of the files that it has written."""
    done = run(project, "--write")

    lines = (project / "shop.py").read_text("utf-8").splitlines()
    assert done.exit_code == 0
    assert {"index", "listed", "guard", "get"} == _async_in(project)
    for name in ("index", "listed", "guard", "strange"):
        line = next(i for i, text in enumerate(lines, 1) if f"def {name}(" in text)
        assert f"shop.py:{line} {name}" in done.stdout


def test_a_file_that_cannot_be_written_is_not_lost(project: Path) -> None:
    """On a disk that is full, here a limit on a file's size."""
    before = (project / "shop.py").read_bytes()
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
        "from quart_jwt.migrate.convert.command import convert\n"
        "convert(['--write', '--project', sys.argv[1]])\n"
    )

    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-B", "-c", code, str(project)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "shop.py cannot be written" in done.stderr
    assert (project / "shop.py").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["index"], {"index"}),
        (["shop:index"], {"index"}),
        (["shop.index"], {"index"}),
        (["orders.listed"], {"listed"}),
        (["Things"], {"get"}),
        (["Things.get", "index"], {"get", "index"}),
        (["--blueprint", "orders"], {"guard", "listed"}),
        (["--blueprint", "orders", "index"], {"guard", "index", "listed"}),
        (["--waiting"], {"guard", "index"}),
        (["--waiting", "--blueprint", "orders"], {"guard"}),
    ],
)
def test_views_are_chosen(project: Path, arguments: list[str], names: set[str]) -> None:
    """By name, by blueprint, and those that wait for something."""
    done = run(project, *arguments, "--write")

    assert done.exit_code == 0, done.output
    assert names == _async_in(project)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["indx"], "There is no view indx. Did you mean index or"),
        (["zzzzzz"], "There is no view zzzzzz.\n"),
        (["--blueprint", "order"], "no blueprint order. Did you mean orders?"),
    ],
    ids=str,
)
def test_unknown_name_is_a_wrong_command_line(
    project: Path, arguments: list[str], message: str
) -> None:
    """The nearest names are given, and nothing is changed."""
    done = run(project, *arguments, "--write")

    assert done.exit_code == 2
    assert message in done.stderr
    assert set() == _async_in(project)


def test_named_view_that_stays_sync_is_exit_status_1(project: Path) -> None:
    """Who names a view wants it converted; without names there is no error."""
    assert run(project, "strange").exit_code == 1
    assert run(project).exit_code == 0


@pytest.mark.parametrize(
    ("imported", "message"),
    [
        ("from flask import Flask\napp = Flask(__name__)\n", "shop.py:2 makes an app"),
        ("import flask\napp = flask.Flask(__name__)\n", "shop.py:2 makes an app"),
        ("app = None\n", "No app of quart_jwt.flask.Flask was found"),
    ],
)
def test_project_that_is_not_migrated_is_refused(
    tmp_path: Path, imported: str, message: str
) -> None:
    """Flask's own class needs another package for async views; stage 1 comes first."""
    (tmp_path / "shop.py").write_text(imported, "utf-8")

    done = run(tmp_path)

    assert done.exit_code == 1
    assert message in done.stderr
    assert "quart-jwt migrate --write" in done.stderr


def test_json_has_the_whole_report(project: Path) -> None:
    """For a machine: what was read, converted, kept, and what blocks."""
    report = json.loads(run(project, "--report", "json").stdout)

    assert report["files"] == 1
    assert report["views"] == 5
    assert [one["name"] for one in report["kept"]] == ["strange"]
    assert {"index", "listed", "guard", "Things.get"} == {
        one["name"] for one in report["converted"]
    }
    assert report["written"] is False


def test_file_that_cannot_be_read_is_named(project: Path) -> None:
    """It may call anything, so no helper becomes async beside it."""
    (project / "broken.py").write_text("def broken(:\n", "utf-8")

    assert "Could not be read (1):\n  broken.py\n" in run(project).stderr


def test_command_is_the_first_word(project: Path) -> None:
    """``quart-jwt convert`` needs none of the service."""
    done = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "quart_jwt", "convert", "--project", str(project)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Would convert (4)" in done.stderr

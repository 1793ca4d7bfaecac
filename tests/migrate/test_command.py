import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt import cli
from quart_jwt.migrate.command import migrate

APP = "from flask import Flask\n\napp = Flask(__name__)\n"
LEFT = "from gevent import monkey\n"


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP, "utf-8")
    return tmp_path


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(migrate, [str(one) for one in arguments])


def test_without_options_a_diff_is_shown_and_nothing_written(project: Path) -> None:
    """The diff goes to standard output, the report beside it."""
    result = _run(project)

    assert result.exit_code == 0
    assert "--- a/app.py\n+++ b/app.py\n" in result.stdout
    assert "+from quart_jwt.flask import Flask\n" in result.stdout
    assert "1 file would change (1 line)." in result.stderr
    assert (project / "app.py").read_text("utf-8") == APP


def test_write_changes_the_files(project: Path) -> None:
    """With --write the files are changed, and only the report is printed."""
    result = _run("--write", project)

    assert result.exit_code == 0
    assert "1 file changed (1 line)." in result.stdout
    assert "---" not in result.stdout
    assert "quart_jwt.flask" in (project / "app.py").read_text("utf-8")


def test_files_that_are_no_text_of_the_project_stay(project: Path) -> None:
    """Bytes beyond UTF-8, and what others have installed below it, are left alone."""
    command = b"gunicorn app:app\n"
    (project / "Procfile").write_bytes(b"web: " + command)
    (project / "start.sh").write_bytes(b"# \xe9\n" + command)
    (project / "node_modules").mkdir()
    (project / "node_modules" / "start.sh").write_bytes(command)

    assert _run("--write", "--serve", project).exit_code == 0
    assert b"gunicorn" not in (project / "Procfile").read_bytes()
    assert (project / "start.sh").read_bytes() == b"# \xe9\n" + command
    assert (project / "node_modules" / "start.sh").read_bytes() == command


def test_the_present_folder_is_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PATH may be left out."""
    monkeypatch.chdir(project)

    assert "--- a/app.py" in _run().stdout


@pytest.mark.parametrize(
    ("text", "options", "status"),
    [
        (APP, ["--check"], 1),
        (APP, ["--check", "--write"], 0),
        (LEFT, ["--check", "--write"], 1),
        (LEFT, ["--write"], 0),
        ("x = 1\n", ["--check"], 0),
    ],
)
def test_check_says_by_its_status_whether_something_is_left(
    project: Path, text: str, options: list[str], status: int
) -> None:
    """1 if a file would change or a person has to act, 0 if not."""
    (project / "app.py").write_text(text, "utf-8")

    result = _run(*options, project)

    assert status == result.exit_code
    assert "---" not in result.stdout


def test_the_report_as_json_is_the_whole_output(project: Path) -> None:
    """A machine reads what was examined, the changed files and the findings."""
    (project / "Procfile").write_text("web: gunicorn --preload app:app\n")
    (project / "old.py").write_text(LEFT)

    report = json.loads(_run("--report", "json", "--serve", project).stdout)

    assert report["changed"] == ["Procfile", "app.py"]
    assert report["dropped"] == {"Procfile": ["--preload"]}
    assert (report["examined"]["python"], report["examined"]["apps"]) == (2, 1)
    assert [
        (one["path"], one["line"], one["rule"], one["level"])
        for one in report["findings"]
    ] == [("old.py", 1, "packages", "todo")]


def test_dropped_options_are_in_the_report(project: Path) -> None:
    """What is left out of a command is said by name."""
    (project / "Procfile").write_text("web: flask run --with-threads\n")

    result = _run("--write", "--serve", project)

    assert "Procfile: without a counterpart, left out: --with-threads" in result.stdout
    assert (project / "Procfile").read_text() == "web: quart-jwt run\n"


def test_a_terminal_sees_progress(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bar goes to standard error, and only if that is a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    with pytest.raises(SystemExit):
        migrate([str(project)])

    assert "Reading" in capsys.readouterr().err


def test_a_path_that_is_not_there_is_a_wrong_command_line(tmp_path: Path) -> None:
    """Status 2, with the path in the message."""
    result = _run(tmp_path / "nowhere")

    assert result.exit_code == 2
    assert "nowhere" in result.stderr


def test_the_command_is_one_of_quart_jwts(project: Path) -> None:
    """``python -m quart_jwt migrate`` is ``quart-jwt migrate``."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-P", "-m", "quart_jwt", "migrate", "--check", str(project)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    assert "1 file would change" in done.stdout


WITH_CLICK_ALONE = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"libcst", "packaging", "tomlkit", "flask"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
from quart_jwt.cli import main
main()
"""


@pytest.mark.parametrize("word", ["migrate", "run", "try"])
def test_help_needs_click_alone(word: str) -> None:
    """``--help`` works where nothing else of the extra is installed."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", WITH_CLICK_ALONE, word, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "Examples:" in done.stdout


def test_without_the_extra_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    """``pip install quart-jwt`` alone names the extra that ``migrate`` needs."""
    monkeypatch.setattr("quart_jwt.migrate.command.find_spec", lambda _name: None)

    result = _run(project)

    assert result.exit_code == 1
    assert "pip install 'quart-jwt[migrate]'" in result.stderr


def test_other_commands_belong_to_the_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any other first word goes to the service's own commands."""
    monkeypatch.setattr(sys, "argv", ["quart-jwt", "--version"])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 0
    assert "quart-jwt" in capsys.readouterr().out


SUITE = """\
import flask
from app import app

def test_it_answers():
    assert app.test_client().get("/").status_code == 404

def test_the_class():
    assert type(app).__module__ == {module!r}

def test_that_fails():
    raise AssertionError("as before")
"""


@pytest.mark.parametrize(
    ("module", "status"), [("quart_jwt.flask.app", 0), ("flask.app", 1)]
)
def test_verify_keeps_the_change_only_if_the_tests_are_not_worse(
    project: Path, module: str, status: int
) -> None:
    """The tests run before and after; a worse result is taken back."""
    (project / "test_app.py").write_text(SUITE.format(module=module))

    result = _run(project, "--verify", "pytest -q -p no:xdist")

    assert status == result.exit_code, result.output
    assert ((project / "app.py").read_text() == APP) is bool(status)
    assert "Through quart_jwt.flask: 1 app, 1 request, 0 verifications." in (
        result.stderr
    )
    assert ("was undone" in result.stderr) is bool(status)
    assert "test_app.py::test_the_class" in result.stderr
    assert "test_that_fails" not in result.stderr
    assert sorted(path.name for path in project.iterdir()) == ["app.py", "test_app.py"]


def test_verify_without_pytest_changes_nothing(project: Path) -> None:
    """A command that runs no pytest proves nothing."""
    result = _run(project, "--verify", "python -c 0")

    assert result.exit_code == 1
    assert "ran no pytest" in result.stderr
    assert (project / "app.py").read_text() == APP


EDITS = """\
from pathlib import Path

def test_that_edits():
    app = Path({path!r})
    text = app.read_text()
    if ("quart_jwt" in text) is {edits_after}:
        app.write_text(text + "edited = True\\n")
    assert "quart_jwt" not in text
"""


@pytest.mark.parametrize("edits_after", [False, True], ids=["before", "after"])
def test_verify_overwrites_no_edit_made_meanwhile(
    project: Path, *, edits_after: bool
) -> None:
    """Tests may run for minutes: who edits a file in that time loses nothing."""
    app = project / "app.py"
    test = EDITS.format(path=str(app), edits_after=edits_after)
    (project / "test_app.py").write_text(test)

    result = _run(project, "--verify", "pytest -q -p no:xdist")

    assert result.exit_code == 1
    assert "edited = True" in app.read_text()
    assert ("quart_jwt" in app.read_text()) is edits_after
    assert "app.py" in result.stderr
    assert "meanwhile" in result.stderr or "since it was read" in result.stderr


def test_a_file_that_cannot_be_written_is_not_lost(project: Path) -> None:
    """On a disk that is full, here a limit on a file's size, all is as before."""
    second = project / "other.py"
    second.write_text(APP + "# long\n" * 2_000)
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))\n"
        "from quart_jwt.migrate.command import migrate\n"
        "migrate([sys.argv[1], '--write'])\n"
    )

    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", code, str(project)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "other.py cannot be written" in done.stderr
    assert (project / "app.py").read_text() == APP
    assert second.read_text() == APP + "# long\n" * 2_000
    assert sorted(path.name for path in project.iterdir()) == ["app.py", "other.py"]

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt import cli
from quart_jwt.migrate import command
from quart_jwt.migrate.command import migrate

APP = "from flask import Flask\n\napp = Flask(__name__)\n"
LEFT = "from flask import *\n"


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
    assert "+from quart_jwt.compat import Quart\n" in result.stdout
    assert "1 file would change." in result.stderr
    assert (project / "app.py").read_text("utf-8") == APP


def test_write_changes_the_files(project: Path) -> None:
    """With --write the files are changed, and only the report is printed."""
    result = _run("--write", project)

    assert result.exit_code == 0
    assert "1 file changed." in result.stdout
    assert "---" not in result.stdout
    assert "Quart(__name__)" in (project / "app.py").read_text("utf-8")


def test_files_that_are_no_text_of_the_project_stay(project: Path) -> None:
    """Bytes beyond UTF-8, and what others have installed below it, are left alone."""
    command = b"gunicorn app:app\n"
    (project / "Procfile").write_bytes(b"web: " + command)
    (project / "start.sh").write_bytes(b"# \xe9\n" + command)
    (project / "node_modules").mkdir()
    (project / "node_modules" / "start.sh").write_bytes(command)

    assert _run("--write", project).exit_code == 0
    assert b"gunicorn" not in (project / "Procfile").read_bytes()
    assert (project / "start.sh").read_bytes() == b"# \xe9\n" + command
    assert (project / "node_modules" / "start.sh").read_bytes() == command


def test_a_single_file_is_a_project(project: Path) -> None:
    """PATH may be one file; its neighbours are left alone."""
    (project / "other.py").write_text(APP, "utf-8")

    assert _run("--write", project / "app.py").exit_code == 0
    assert (project / "other.py").read_text("utf-8") == APP
    assert (project / "app.py").read_text("utf-8") != APP


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


def test_the_report_has_place_reason_and_advice(project: Path) -> None:
    """As text: file and line, what is the matter, and what to do."""
    (project / "app.py").write_text(LEFT, "utf-8")

    result = _run("--write", project)

    assert "Left to do (1):" in result.stdout
    assert "app.py:1: `from flask import *` does not say" in result.stdout
    assert "Name them, then run the command again." in result.stdout


def test_the_report_as_json_is_the_whole_output(project: Path) -> None:
    """A machine reads the changed files and the findings."""
    (project / "old.py").write_text('print "hello"\n', "utf-8")

    report = json.loads(_run("--report", "json", project).stdout)

    assert report["changed"] == ["app.py"]
    assert [
        (one["path"], one["line"], one["rule"], one["level"])
        for one in report["findings"]
    ] == [("old.py", 1, "parsing", "todo")]


def test_all_async_makes_every_view_async(project: Path) -> None:
    """--all-async takes the views that await nothing, too."""
    (project / "app.py").write_text(
        f"{APP}\n@app.get('/')\ndef index():\n    return 'x'\n", "utf-8"
    )

    assert "\n+async def index()" not in _run(project).stdout
    assert "\n+async def index()" in _run("--all-async", project).stdout


def test_keep_sync_leaves_readers_of_bodies_in_their_threads(project: Path) -> None:
    """--keep-sync reads the body through ``sync_request``, and awaits the rest."""
    (project / "app.py").write_text(
        "from flask import Flask, render_template, request\n\n"
        "app = Flask(__name__)\n\n"
        "@app.post('/')\ndef read():\n    return load()\n\n"
        "def load():\n    return request.json\n\n"
        "@app.get('/')\ndef page():\n    return render_template('x')\n",
        "utf-8",
    )

    assert _run("--write", "--keep-sync", project).exit_code == 0
    after = (project / "app.py").read_text("utf-8")

    assert "\ndef read():\n    return load()" in after
    assert "\ndef load():\n    return sync_request.json" in after
    assert "\nasync def page():" in after


def test_a_file_in_another_encoding_is_named_and_left(project: Path) -> None:
    """A file that is not UTF-8 is not Python 3 without a cookie."""
    (project / "latin.py").write_bytes(b"name = '\xe4'\n")

    result = _run("--write", project)

    assert "latin.py: the file is not Python 3 in UTF-8" in result.stdout
    assert (project / "latin.py").read_bytes() == b"name = '\xe4'\n"


def test_folders_of_others_are_not_read(project: Path) -> None:
    """Virtual environments and generated migrations are somebody else's."""
    for folder in ("venv/lib", "migrations/versions", ".tox"):
        there = project / folder
        there.mkdir(parents=True)
        (there / "module.py").write_text(APP, "utf-8")

    report = json.loads(_run("--report", "json", project).stdout)

    assert report["changed"] == ["app.py"]


def test_a_terminal_sees_progress(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bar goes to standard error, and only if that is a terminal."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    command.migrate_project(project)

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
    assert "1 file would change." in done.stdout


def test_help_shows_how_it_is_called() -> None:
    """``--help`` names the argument, the options and examples."""
    result = _run("--help")

    assert result.exit_code == 0
    for word in (
        "PATH",
        "--write",
        "--check",
        "--all-async",
        "--keep-sync",
        "--report",
        "Examples",
    ):
        assert word in result.stdout


def test_without_the_extra_the_door_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``pip install quart-jwt`` alone names the extra that ``migrate`` needs."""
    monkeypatch.setattr(sys, "argv", ["quart-jwt", "migrate", "."])
    monkeypatch.setattr(cli, "find_spec", lambda _name: None)

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 1
    assert "pip install 'quart-jwt[migrate]'" in capsys.readouterr().err


def test_other_commands_belong_to_the_service(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Anything but ``migrate`` goes to the service's own door."""
    monkeypatch.setattr(sys, "argv", ["quart-jwt", "--version"])

    with pytest.raises(SystemExit) as stopped:
        cli.main()

    assert stopped.value.code == 0
    assert "quart-jwt" in capsys.readouterr().out

"""``quart-jwt load`` against the real service, as a process."""

import contextlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt.service.commands.main import cli
from service.fleet import COMMAND
from service.kit import NAME
from service.kit import PASSWORD
from service.wire import serving

ENDS_S = 500
PATIENT = ["--timeout", "120", "--p99", "120000", "--max-errors", "0"]
"""A machine that is much slower than usual still meets these."""
PRIVATE = re.compile(r"eyJ[\w-]+\.|\$argon2|://[^/\s\"<]*@")
"""Tokens, password hashes, and URLs with a password."""


FILES = ("--json", "out.json", "--html", "out.html")


def _load(where: Path, *options: str) -> Result:
    """Run the command here; the service is a process of its own."""
    with contextlib.chdir(where):
        return CliRunner().invoke(cli, ["load", *FILES, *options])


def _written(where: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((where / "out.json").read_text("utf-8"))
    return value


def _answered(results: dict[str, Any]) -> dict[str, int]:
    (stage,) = results["stages"]
    return {one["kind"]: one["answered"] for one in stage["figures"]}


def _says_nothing_private(where: Path, done: Result) -> None:
    page = (where / "out.html").read_text("utf-8")
    for text in (page, json.dumps(_written(where)), done.stdout, done.stderr):
        assert PRIVATE.search(text) is None


def test_visits_of_the_shipped_service(tmp_path: Path) -> None:
    """Five seconds of visits: each request succeeds, and the page is complete."""
    done = _load(tmp_path, "--rate", "1", "--duration", "5", *PATIENT)

    assert done.exit_code == 0, done.stderr
    results = _written(tmp_path)
    assert _answered(results) == {
        "login": 5,
        "protected": 10,
        "verify": 5,
        "refresh": 5,
        "logout": 5,
    }
    looks = results["stages"][0]["looks"]
    assert looks[-1]["resident_bytes"] > 0
    assert looks[-1]["hashes_running"] is not None
    _says_nothing_private(tmp_path, done)
    page = (tmp_path / "out.html").read_text("utf-8")
    assert page.count("<figure>") == 5
    assert "Not available" not in page
    assert "http" not in page.replace("Content-Security", "").replace("http-equiv", "")


@pytest.mark.slow
def test_ci_load_meets_its_thresholds(tmp_path: Path) -> None:
    """Twenty seconds of visits on two workers, judged by thresholds."""
    limits = ["--p99", "60000", "--timeout", "120", "--max-errors", "1"]
    rate = ["--rate", "2", "--duration", "20", "--workers", "2"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*COMMAND, "load", *FILES, *rate, *limits],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=ENDS_S,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    results = _written(tmp_path)
    assert _answered(results)["logout"] >= 39
    assert results["settings"]["workers"] == "2"


def test_a_missed_threshold_is_status_1_at_a_given_server(tmp_path: Path) -> None:
    """The operator's own users sign in, and an impossible threshold is missed."""
    users = tmp_path / "users.csv"
    users.write_text(f"username,password\n{NAME},{PASSWORD}\n")
    with serving(tmp_path) as fleet:
        url = ["--url", f"http://127.0.0.1:{fleet.port}", "--users", str(users)]
        kind = ["--kind", "verify", "--sessions", "1", "--timeout", "120"]
        rate = ["--rate", "20", "--duration", "1", *kind, *url]
        done = _load(tmp_path, *rate, "--p99", "0.001")
        assert done.exit_code == 1, done.stderr
        assert "thresholds missed: p99 of verify" in done.stderr
        assert _answered(_written(tmp_path)) == {"verify": 20}
        _says_nothing_private(tmp_path, done)
        assert PASSWORD not in done.stdout + done.stderr
        assert PASSWORD not in (tmp_path / "out.html").read_text("utf-8")


def test_wrong_passwords_are_errors_by_kind(tmp_path: Path) -> None:
    """A list of users that cannot sign in misses the thresholds, and says why."""
    users = tmp_path / "users.jsonl"
    users.write_text(json.dumps({"name": NAME, "password": "not this one"}))
    with serving(tmp_path) as fleet:
        url = ["--url", f"http://127.0.0.1:{fleet.port}", "--users", str(users)]
        done = _load(tmp_path, "--rate", "3", "--duration", "1", *PATIENT, *url)
    assert done.exit_code == 1, done.stderr
    (stage,) = _written(tmp_path)["stages"]
    assert stage["errors"] == {"login: 401 invalid_credentials": 3}


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["load", *arguments])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url", "http://127.0.0.1:1"),
        ("--url", "ftp://127.0.0.1", "--users", __file__),
        ("--url", "http://ada:secret@127.0.0.1", "--users", __file__),
        ("--users", __file__),
        ("--url", "http://127.0.0.1:1", "--users", __file__, "--set", "THROTTLE=no"),
        ("--set", "secret"),
    ],
    ids=["no users", "no http", "password", "no url", "set elsewhere", "no value"],
)
def test_a_wrong_command_line_quotes_no_secret(arguments: tuple[str, ...]) -> None:
    """Status 2, before anything is started or asked."""
    result = _run(*arguments)

    assert result.exit_code == 2
    assert "secret" not in result.output


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("u.csv", "username,password\nada\n"),
        ("u.csv", ""),
        ("u.csv", "username,password\nada," + "secret" * 30_000),
        ("u.jsonl", "{secret"),
        ("u.jsonl", '{"name": "ada", "password": 7}'),
    ],
)
def test_a_faulty_list_of_users_is_status_1(
    tmp_path: Path, name: str, text: str
) -> None:
    """One sentence, which quotes nothing of the file."""
    path = tmp_path / name
    path.write_text(text)
    result = _run("--url", "http://127.0.0.1:1", "--users", str(path))

    assert result.exit_code == 1
    assert "secret" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("url", "is_warned"),
    [
        ("http://auth.invalid", True),
        ("https://auth.invalid", False),
        ("http://127.0.0.1:1", False),
        ("http://[::1]:1", False),
    ],
)
def test_passwords_without_tls_are_warned_about(
    tmp_path: Path, url: str, *, is_warned: bool
) -> None:
    """They are an operator's own users; this machine needs no TLS."""
    result = _run("--url", url, "--users", str(tmp_path / "none.csv"))

    assert ("the passwords are sent without TLS" in result.output) is is_warned

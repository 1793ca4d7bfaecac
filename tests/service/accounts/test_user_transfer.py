"""``quart-jwt users import`` and ``export``: users come with their password hashes."""

import asyncio
import csv
import json
import os
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from click.testing import CliRunner
from click.testing import Result
from werkzeug.security import generate_password_hash

from quart_jwt.service.accounts.user_file import MAX_FAULTS
from quart_jwt.service.app import create_app
from quart_jwt.service.commands.main import cli
from quart_jwt.service.settings.settings import read_settings
from service.kit import SECRET

PASSWORD = "correct horse battery staple"
HASHES = {
    "scrypt": generate_password_hash(PASSWORD, "scrypt:1024:8:1"),
    "pbkdf2": generate_password_hash(PASSWORD, "pbkdf2:sha256:1000"),
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
}
SCRYPT = HASHES["scrypt"]


def _run(*arguments: str, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": text for name, text in environ.items()}
    return CliRunner().invoke(cli, ["users", *arguments], env=env)


def _write(path: str, *records: Any) -> str:
    lines = [r if isinstance(r, str) else json.dumps(r) for r in records]
    Path(path).write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _record(name: str = "alice", **more: Any) -> dict[str, Any]:
    return {"name": name, "password_hash": SCRYPT, **more}


def _listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_run("list", "--json").stdout)
    return found


def test_users_of_a_flask_app_sign_in() -> None:
    """Each hash is replaced by then, and another password is refused."""
    records = [{"name": name, "password_hash": HASHES[name]} for name in HASHES]
    done = _run("import", _write("users.jsonl", *records), "--init")
    assert (done.exit_code, done.stdout) == (0, "added 3 users\n")
    assert "also computes $2b$04, pbkdf2:sha256:1000, scrypt:1024:8:1:" in done.stderr
    asyncio.run(_all_sign_in())
    assert {user["hash"] for user in _listed()} == {"$argon2id$v=19$m=19456,t=2,p=1"}


async def _all_sign_in() -> None:
    app = create_app(read_settings({"QUART_JWT_SECRET_KEY": SECRET}))
    async with app.test_app():
        client = app.test_client()
        for name in HASHES:
            given = {"username": name, "password": "another password"}
            assert (await client.post("/login", json=given)).status_code == 401
            given["password"] = PASSWORD
            assert (await client.post("/login", json=given)).status_code == 200
            assert (await client.post("/login", json=given)).status_code == 200


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_is_exported_can_be_imported(form: str) -> None:
    """Into another database, with roles, scopes, state and time; readable by one."""
    _run(
        "import",
        _write(
            "users.jsonl",
            _record(roles=["b", "a"], scopes=["x:y"], created_at=1_700_000_000),
            _record("\u00e9ve, the \u201csecond\u201d", enabled=False),
        ),
        "--init",
    )
    file = f"out.{form}"
    assert _run("export", file).stdout == f"wrote 2 users to {file}\n"
    assert Path(file).stat().st_mode & 0o777 == 0o600
    before = _listed()
    other = {"STATE_DIR": "other"}
    assert _run("import", file, "--init", **other).exit_code == 0
    again = json.loads(_run("list", "--json", **other).stdout)
    assert before == again
    assert before[0]["added"] == "2023-11-14T22:13:20Z"
    assert before[1]["state"] == "disabled"
    assert _run("export", "--format", form).stdout == Path(file).read_text("utf-8")


def test_a_spreadsheet_s_csv_is_taken() -> None:
    """It begins with a BOM, ends lines with CRLF, and may lack columns."""
    text = f"\ufeffname,password_hash,enabled\r\nalice,{SCRYPT},TRUE\r\n"
    Path("users.csv").write_bytes(text.encode())
    assert _run("import", "users.csv", "--init").stdout == "added 1 users\n"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        ({"name": "alice"}, "of a wrong type: password_hash"),
        (_record(roles="a"), "of a wrong type: roles"),
        (_record(enabled=1), "of a wrong type: enabled"),
        (_record(created_at=True), "of a wrong type: created_at"),
        (_record(created_at=-1), "of a wrong type: created_at"),
        (_record(pasword="x"), "has unknown fields: pasword"),
        (_record(" alice"), "A user name must not begin or end with whitespace"),
        (_record(roles=["a b"]), "A role must be visible ASCII without spaces"),
        (_record(password_hash="hunter2"), "the hash is not Argon2, bcrypt"),
        (_record(password_hash="$2b$31$" + "a" * 53), "costs too much to compute"),
        (_record("bob"), "'bob' is in line 1 as well"),
        (_record("e\u0301ve"), "'\u00e9ve' is in line 2 as well"),
    ],
)
def test_one_wrong_line_stops_everything(line: Any, fault: str) -> None:
    """It is named, its hash is not shown, and nobody is added."""
    file = _write("users.jsonl", _record("bob"), _record("\u00e9ve"), line)
    done = _run("import", file, "--init")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: users.jsonl:3: ")
    assert fault in done.stderr
    assert "hunter2" not in done.stderr
    assert SCRYPT not in done.stderr
    assert not Path(".quart-jwt").exists()


def test_many_faults_are_cut_off() -> None:
    """A file of another kind does not fill the terminal."""
    done = _run("import", _write("users.jsonl", *["{"] * 1_000), "--init")
    assert len(done.stderr.splitlines()) == MAX_FAULTS + 1


def test_too_many_methods_are_refused() -> None:
    """Each refused sign-in would compute all of them."""
    hashes = [generate_password_hash("x", f"scrypt:{2**n}:1:1") for n in range(7, 16)]
    users = [_record(str(n), password_hash=hash_) for n, hash_ in enumerate(hashes)]
    assert _run("import", _write("u.jsonl", *users[:8]), "--init").exit_code == 0
    done = _run("import", _write("u.jsonl", *users), "--skip-existing")
    assert (done.exit_code, len(_listed())) == (1, 8)
    assert "more than 8 different algorithms or costs" in done.stderr


def test_a_user_who_exists_is_not_overwritten() -> None:
    """The import is refused, or skips the user; the hash stays as it was."""
    _run("import", _write("users.jsonl", _record()), "--init")
    both = _write(
        "users.jsonl", _record(password_hash=HASHES["bcrypt"]), _record("bob")
    )
    done = _run("import", both)
    assert done.exit_code == 1
    assert "there are users of these names: 'alice'; --skip-existing" in done.stderr
    assert len(_listed()) == 1
    done = _run("import", both, "--skip-existing", "--json")
    assert json.loads(done.stdout) == {"added": 1, "skipped": 1}
    assert {user["hash"] for user in _listed()} == {"scrypt:1024:8:1"}


def test_thousands_come_in_batches() -> None:
    """With a line in the audit log for each; a terminal would see a bar."""
    file = _write("users.jsonl", *(_record(f"user-{n}") for n in range(1_234)))
    done = _run("import", file, "--init", AUDIT_LOG="audit")
    assert done.stdout == "added 1234 users\n"
    assert len(_listed()) == 1_234
    lines = [json.loads(line) for line in Path("audit").read_text().splitlines()]
    assert {line["event"] for line in lines} == {"user_added"}
    assert len(lines) == 1_234


def test_a_file_of_another_name_is_refused() -> None:
    """Its format would be a guess."""
    done = _run("import", _write("users.txt", _record()), "--init")
    assert "must end with .jsonl or .csv" in done.stderr
    assert _run("import", "nobody.jsonl").exit_code == 2


def test_an_export_that_cannot_be_written_is_one_sentence() -> None:
    """And says where."""
    _run("import", _write("users.jsonl", _record()), "--init")
    done = _run("export", f"missing{os.sep}users.csv")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "missing" in done.stderr


def test_csv_is_quoted() -> None:
    """A name may hold what separates columns."""
    _run("import", _write("users.jsonl", _record('a,"b"')), "--init")
    _run("export", "users.csv")
    with Path("users.csv").open(newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ['a,"b"']

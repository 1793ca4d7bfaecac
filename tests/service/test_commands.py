import asyncio
import importlib.util
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result

from quart_jwt import __version__
from quart_jwt.service.accounts.demo import DemoAccount
from quart_jwt.service.accounts.opened import opened_accounts
from quart_jwt.service.accounts.passwords import Passwords
from quart_jwt.service.commands import entry as door
from quart_jwt.service.commands import main as commands
from quart_jwt.service.commands import serve
from quart_jwt.service.commands import users as user_commands
from quart_jwt.service.serving import server
from quart_jwt.service.serving import workers
from quart_jwt.service.settings.settings import Settings
from service.kit import QUICK
from service.kit import SECRET


@pytest.fixture(name="terminal")
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sits there; click's runner types what he would."""
    monkeypatch.setattr(user_commands, "has_terminal", lambda: True)


def _run(*arguments: str, stdin: str | bytes | None = None, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": value for name, value in environ.items()}
    return CliRunner().invoke(commands.cli, arguments, input=stdin, env=env)


def _matches(name: str, password: str) -> bool:
    async def ask() -> bool:
        async with opened_accounts(
            "sqlite+aiosqlite:///.quart-jwt/service.db", QUICK
        ) as desk:
            accounts, passwords = desk
            account = await accounts.find(name)
            assert account is not None
            return (await passwords.verify(account.password_hash, password)).matches

    return asyncio.run(ask())


# users ------------------------------------------------------------------------


@pytest.mark.usefixtures("terminal")
def test_a_prompted_password_is_asked_twice_and_never_shown() -> None:
    """The usual way: no argument, no echo."""
    result = _run(
        "users", "add", "alice", "--init", stdin="p\u00e4ss wor\np\u00e4ss wor\n"
    )
    assert (
        result.exit_code,
        result.stdout.strip().splitlines()[-1],
    ) == (0, "added alice")
    assert "p\u00e4ss" not in result.output
    assert _matches("alice", "p\u00e4ss wor")


@pytest.mark.parametrize(
    ("stdin", "password"),
    [
        (b"a secret", "a secret"),
        (b"a secret\n", "a secret"),
        (b"a secret\r\n", "a secret"),
        (b"a secret\n\n", "a secret\n"),
        (b" secret ", " secret "),
        (b"a secret\r", "a secret\r"),
        (b"x" * 1024 + b"\n", "x" * 1024),
        ("\u20ac".encode() * 8, "\u20ac" * 8),
    ],
)
def test_a_password_from_stdin_loses_one_line_break(
    stdin: bytes, password: str
) -> None:
    """For scripts: everything counts but the line break of echo."""
    result = _run("users", "add", "alice", "--init", "--password-stdin", stdin=stdin)
    assert result.exit_code == 0
    assert _matches("alice", password)


TOO_SHORT = "A new password must have at least 8 characters"


@pytest.mark.parametrize(
    ("stdin", "message"),
    [
        (b"", "A password must have 1 to 1024 bytes in UTF-8"),
        (b"\n", "A password must have 1 to 1024 bytes in UTF-8"),
        (b"x" * 7, TOO_SHORT),
        ("\u20ac".encode() * 7, TOO_SHORT),
        (b"x" * 1025, "A password must have 1 to 1024 bytes in UTF-8"),
        (b"a\0bcdefgh", "A password must not contain a NUL character"),
        (b"\xff", "The password is not valid UTF-8"),
    ],
)
def test_a_password_that_breaks_the_rules(stdin: bytes, message: str) -> None:
    """One sentence on standard error, status 1, and no user."""
    result = _run("users", "add", "alice", "--init", "--password-stdin", stdin=stdin)
    assert (1, f"Error: {message}\n", "") == (
        result.exit_code,
        result.stderr,
        result.stdout,
    )
    assert not Path(".quart-jwt").exists()


def test_a_name_is_stored_normalised() -> None:
    """What is printed is what was stored."""
    result = _run(
        "users", "add", "e\u0301ve", "--init", "--password-stdin", stdin="x" * 8
    )
    assert result.stdout == "added \u00e9ve\n"
    assert _matches("\u00e9ve", "x" * 8)


def test_a_name_that_breaks_the_rules_is_refused_before_the_question() -> None:
    """Nobody types a password for a name that cannot be."""
    result = _run("users", "add", "a\nb", stdin="x\nx\n")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "A user name must not contain control characters" in result.stderr


def test_a_name_that_is_taken_is_refused() -> None:
    """A user is never overwritten."""
    for _ in range(2):
        result = _run(
            "users", "add", "alice", "--init", "--password-stdin", stdin="x" * 8
        )
    assert result.exit_code == 1
    assert result.stderr == "Error: there is a user named 'alice' already\n"


def test_the_life_of_a_user() -> None:
    """Add, list, disable, enable, set a password."""
    for name in ("bob", "alice"):
        _run("users", "add", name, "--init", "--password-stdin", stdin="older one")
    assert _run("users", "disable", "bob").exit_code == 0
    lines = _run("users", "list").stdout.splitlines()
    fields = [line.split("\t") for line in lines]
    assert [row[:2] for row in fields] == [["alice", "enabled"], ["bob", "disabled"]]
    assert all(row[2].endswith("Z") for row in fields)
    assert _run("users", "enable", "bob").stdout == "enabled bob\n"
    assert "disabled" not in _run("users", "list").stdout
    result = _run("users", "set-password", "bob", "--password-stdin", stdin="newer one")
    assert result.stdout == "new password for bob; all sessions ended\n"
    assert (_matches("bob", "older one"), _matches("bob", "newer one")) == (
        False,
        True,
    )


@pytest.mark.parametrize("command", ["disable", "enable", "set-password"])
def test_nobody_cannot_be_changed(command: str) -> None:
    """An unknown user is a sentence and status 1."""
    more = ("--password-stdin",) if command == "set-password" else ()
    _run("db", "upgrade")
    result = _run("users", command, "nobody", *more, stdin="x" * 8)
    assert (
        result.exit_code,
        result.stderr,
    ) == (1, "Error: there is no user named 'nobody'\n")


@pytest.mark.usefixtures("terminal")
def test_passwords_that_differ_are_asked_for_again() -> None:
    """A slip is no password."""
    result = _run(
        "users", "add", "alice", "--init", stdin="a\nb\nthe third\nthe third\n"
    )
    assert result.exit_code == 0
    assert _matches("alice", "the third")


@pytest.mark.usefixtures("terminal")
def test_no_answer_is_no_user() -> None:
    """An end of input at the prompt stops with status 1."""
    assert _run("users", "add", "alice", "--init", stdin="").exit_code == 1


def test_users_need_no_secret_and_meet_all_faults() -> None:
    """Production's secret is not needed; a misspelt setting is still refused."""
    result = _run(
        *("users", "add", "a", "--init", "--password-stdin"),
        stdin="x" * 8,
        MODE="production",
    )
    assert result.exit_code == 0
    assert _run("users", "list", MODE="production").exit_code == 0
    result = _run("users", "list", MOOD="x", MODE="y")
    assert result.exit_code == 1
    assert "QUART_JWT_MOOD is not a setting; did you mean QUART_JWT_MODE?" in (
        result.stderr
    )


def test_without_a_terminal_nobody_is_asked() -> None:
    """A job of cron hears which option it needs, and nothing else."""
    done = subprocess.run(
        [sys.executable, "-m", "quart_jwt", "users", "add", "alice", "--init"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # as under cron: no /dev/tty
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        "Error: there is no terminal: use --password-stdin\n",
    )
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", ["add", "set-password"])
def test_no_password_is_asked_for_users_who_are_elsewhere(command: str) -> None:
    """It would be typed in vain."""
    done = _run("users", command, "alice", USER_DIRECTORY="ldap")
    assert done.stderr == "Error: users are in the directory 'ldap', not here\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "list"),
        ("users", "add", "alice", "--password-stdin"),
        ("users", "set-password", "alice", "--password-stdin"),
        ("users", "disable", "alice"),
        ("users", "grant", "alice", "--role", "admin"),
        ("clients", "list"),
        ("clients", "add", "orders"),
        ("clients", "remove", "orders"),
        ("keys", "list"),
        ("keys", "rotate"),
        ("keys", "export"),
    ],
    ids=" ".join,
)
def test_a_command_makes_no_second_database(arguments: Sequence[str]) -> None:
    """In the wrong directory there is no database, which is not the same as empty."""
    done = _run(*arguments, stdin="a password")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "Error: there is no database at '.quart-jwt/service.db': run this in the "
    )
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "add", "alice", "--password-stdin", "--init"),
        ("clients", "add", "orders", "--init"),
        ("keys", "rotate", "--init"),
    ],
    ids=" ".join,
)
def test_init_makes_the_database(arguments: Sequence[str]) -> None:
    """``--init`` is for the first command in a new directory."""
    assert _run(*arguments, stdin="a password").exit_code == 0
    assert Path(".quart-jwt/service.db").is_file()


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("serve", "--config", "no-such.toml"),
        ("--settings", "no-such.toml", "serve"),
        ("users", "nonsense"),
        ("users", "add"),
        ("users", "add", "a", "password"),
        ("users", "add", "a", "--password", "x"),
        ("serve", "--port", "65536"),
        ("serve", "--port", "x"),
        ("serve", "--bind", "x:1", "--port", "1"),
        ("serve", "--bind", "x:1", "--host", "x"),
    ],
)
def test_a_wrong_command_line_is_status_2(arguments: Sequence[str]) -> None:
    """Usage errors have their own status; a password is never an argument."""
    assert _run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("serve", "-h"),
        ("users", "--help"),
        ("users", "add", "--help"),
        ("users", "list", "--help"),
        ("users", "disable", "--help"),
        ("users", "enable", "--help"),
        ("users", "set-password", "--help"),
    ],
)
def test_help_shows_how(arguments: Sequence[str]) -> None:
    """Every command has a help text, and all but the root an example."""
    result = _run(*arguments)
    assert result.exit_code == 0
    assert arguments == ("--help",) or "Examples:\n    " in result.stdout
    assert "\b" not in result.stdout


@pytest.mark.parametrize(
    "group", [(), ("users",), ("keys",), ("db",), ("config",), ("clients",)]
)
def test_lists_of_commands_are_not_cut(group: Sequence[str]) -> None:
    """A first sentence fits on a line of an ordinary terminal."""
    listed = _run(*group, "--help").stdout.partition("Commands:\n")[2]
    commands_ = listed.partition("\n\n")[0]
    assert commands_
    assert "..." not in commands_


@pytest.mark.parametrize("word", ["migrate", "run", "try"])
def test_commands_without_the_service_are_listed(word: str) -> None:
    """``--help`` names them; behind an option they are a wrong command line."""
    assert f"  {word} " in _run("--help").stdout
    done = _run(word, "--write", ".")
    assert done.exit_code == 2
    assert f"{word} has to be the first word" in done.stderr


def test_the_version_is_the_distributions() -> None:
    """One version everywhere."""
    assert f"quart-jwt, version {__version__}\n" == _run("--version").stdout


# serve ------------------------------------------------------------------------


@pytest.fixture(name="served")
def _served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, Any]]:
    """Stand in for the server, and see what it was given."""
    seen: list[tuple[Settings, Any]] = []

    async def serve(
        settings: Settings, config: Any, *, announce: Any, **_: Any
    ) -> None:
        seen.append((settings, config))
        announce("http://127.0.0.1:1", DemoAccount(users=1, exists=True, password="pw"))

    monkeypatch.setattr(server, "serve", serve)
    return seen


@pytest.mark.parametrize(
    ("arguments", "binds"),
    [
        ((), ["127.0.0.1:8000"]),
        (("--port", "9000"), ["127.0.0.1:9000"]),
        (("--host", "::1"), ["::1:8000"]),
        (("--host", "x", "--port", "0"), ["x:0"]),
        (("--bind", "a:1", "--bind", "unix:/b"), ["a:1", "unix:/b"]),
    ],
)
def test_where_to_listen(
    served: list[tuple[Settings, Any]], arguments: Sequence[str], binds: list[str]
) -> None:
    """Each way to say an address ends in Hypercorn's bind."""
    result = _run("serve", *arguments, MODE="development")
    assert result.exit_code == 0
    assert binds == served[0][1].bind


def test_development_shows_the_banner(served: list[tuple[Settings, Any]]) -> None:
    """The password of the demo account is printed, with the lines to paste."""
    result = _run("serve", MODE="development")
    assert "  password  pw\n" in result.stdout
    assert result.stderr == ""
    assert served


@pytest.mark.parametrize("found", [None, "/usr/bin/quart-jwt"])
def test_the_banner_names_a_command_that_works(
    served: list[tuple[Settings, Any]],
    monkeypatch: pytest.MonkeyPatch,
    found: str | None,
) -> None:
    """Outside of PATH the command is shown with its directory."""
    monkeypatch.setattr(shutil, "which", lambda _name: found)
    monkeypatch.setattr(sys, "argv", [str(Path("venv/bin/quart-jwt").resolve())])
    expected = "quart-jwt" if found else "venv/bin/quart-jwt"
    assert expected == serve._this_command()


def test_production_refuses_a_weak_secret() -> None:
    """The service does not start with what somebody could guess, and makes nothing."""
    result = _run("serve", SECRET_KEY="secret")
    assert result.exit_code == 1
    assert "QUART_JWT_SECRET_KEY is too weak" in result.stderr
    assert list(Path().iterdir()) == []


def test_warnings_are_said_once_at_the_start(
    served: list[tuple[Settings, Any]],
) -> None:
    """Useless keys and a secret that everybody can read are pointed out."""
    Path("hypercorn.toml").write_text("debug = true\n")
    Path("quart-jwt.toml").write_text(f'secret_key = "{SECRET}"\n')
    Path("quart-jwt.toml").chmod(0o644)
    result = _run("serve")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        (
            "warning: quart-jwt.toml contains a secret, and every user of this "
            "machine can read it: run chmod 600 quart-jwt.toml"
        ),
        "warning: debug has no effect under `quart-jwt serve`",
    ]


@pytest.mark.parametrize(
    ("limit", "is_pointed_out"), [(4095, True), (4096, False), (-1, False)]
)
def test_few_descriptors_are_pointed_out(
    served: list[tuple[Settings, Any]],
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    is_pointed_out: bool,
) -> None:
    """They bound the connections, and a start is when somebody reads it."""
    monkeypatch.setattr(serve, "raise_descriptor_limit", lambda: limit)
    result = _run("serve", SECRET_KEY=SECRET)
    assert is_pointed_out == (f"only {limit} file descriptors" in result.stderr)
    assert served


@pytest.mark.parametrize(
    ("arguments", "count", "silent_after_s"),
    [
        ((), 3, 10),
        (("--workers", "1"), 1, 10),
        (("--workers", "2", "--worker-timeout", "30"), 2, 30),
    ],
)
def test_workers_are_supervised(
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    count: int,
    silent_after_s: float,
) -> None:
    """The file or the option says how many workers a supervisor keeps."""
    seen: list[dict[str, Any]] = []

    async def prepared_job(_settings: Settings, _config: Any, **options: Any) -> None:
        seen.append(options)

    monkeypatch.setattr(workers, "prepared_job", prepared_job)
    monkeypatch.setattr(serve, "become_keeper", lambda _job: None)
    Path("hypercorn.toml").write_text("workers = 3\n")
    result = _run("serve", *arguments, SECRET_KEY=SECRET)
    assert (result.exit_code, result.stderr) == (0, "")
    assert (seen[0]["count"], seen[0]["silent_after_s"]) == (count, silent_after_s)


def test_zero_workers_are_this_process(served: list[tuple[Settings, Any]]) -> None:
    """The option goes before the file also when it says: none."""
    Path("hypercorn.toml").write_text("workers = 3\n")
    assert _run("serve", "--workers", "0", SECRET_KEY=SECRET).exit_code == 0
    assert len(served) == 1


@pytest.mark.parametrize(
    ("mode", "binds", "shown"),
    [
        ("development", ["0.0.0.0:0"], "0.0.0.0:0"),
        ("development", ["127.0.0.1:0", "[::]:1", "x:2"], "[::]:1, x:2"),
        ("development", ["[::1]:0", "unix:/x"], None),
        ("production", ["0.0.0.0:0"], None),
    ],
)
def test_development_for_everybody_is_pointed_out(
    served: list[tuple[Settings, Any]], mode: str, binds: list[str], shown: str | None
) -> None:
    """One line says that other machines can reach a demo account."""
    where = [text for bind in binds for text in ("--bind", bind)]
    result = _run("serve", *where, MODE=mode, SECRET_KEY=SECRET)
    line = (
        "warning: development mode is for local use, but other machines can reach "
        f"{shown}\n"
    )
    assert result.stderr == ("" if shown is None else line)
    assert served


def test_a_wrong_config_file_is_status_1() -> None:
    """The sentence names the file and the key."""
    Path("x.toml").write_text("bnd = 1\n")
    result = _run("serve", "--config", "x.toml", SECRET_KEY=SECRET)
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: x.toml: bnd is not a setting of Hypercorn; did you mean bind?\n",
    )


# the door ---------------------------------------------------------------------


def test_the_door_opens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The console script runs the command."""
    monkeypatch.setattr(sys, "argv", ["quart-jwt", "--version"])
    with pytest.raises(SystemExit) as caught:
        door.main()
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("quart-jwt, version ")


@pytest.mark.parametrize("missing", door.NEEDED)
def test_without_the_extra_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    """Whichever part is missing, the remedy is the same."""
    find = importlib.util.find_spec

    def found(name: str) -> ModuleSpec | None:
        return None if name == missing else find(name)

    monkeypatch.setattr(door, "find_spec", found)
    monkeypatch.setattr(sys, "argv", ["quart-jwt", "serve"])
    with pytest.raises(SystemExit) as caught:
        door.main()
    assert caught.value.code == 1
    assert (
        capsys.readouterr().err
        == "quart-jwt: the service is not installed: pip install 'quart-jwt[service]'\n"
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("--version", f"quart-jwt, version {__version__}\n"),
        ("--help", door.HELP),
        ("-h", door.HELP),
    ],
)
def test_without_the_extra_there_are_help_and_version(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    word: str,
    said: str,
) -> None:
    """Who asks what this is hears it, and how to get the rest."""
    monkeypatch.setattr(door, "find_spec", lambda _name: None)
    monkeypatch.setattr(sys, "argv", ["quart-jwt", word])
    door.main()
    assert capsys.readouterr() == (said, "")
    assert "quart-jwt[service]" in door.HELP
    assert "quart-jwt[migrate]" in door.HELP


# the ASGI module --------------------------------------------------------------


def test_the_asgi_module_has_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another server can import the application, configured by the environment."""
    monkeypatch.setenv("QUART_JWT_SECRET_KEY", SECRET)
    found = runpy.run_module("quart_jwt.service.asgi")
    assert found["app"].name == "quart_jwt.service.app"
    assert Path(".quart-jwt").is_dir()


def test_the_asgi_module_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that imports it ends with our sentence and no traceback."""
    monkeypatch.setenv("QUART_JWT_SECRET_KEY", "secret")
    with pytest.raises(SystemExit, match="quart-jwt: QUART_JWT_SECRET_KEY is too weak"):
        runpy.run_module("quart_jwt.service.asgi")


async def test_a_pool_can_be_closed_unused() -> None:
    """Commands that need no hash start no thread."""
    passwords = Passwords(QUICK)
    await passwords.close()
    assert not passwords._pool._threads

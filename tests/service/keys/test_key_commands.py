"""The ``quart-jwt keys`` commands."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from click.testing import Result
from joserfc.jwk import import_key
from joserfc.jwk import KeySet

from quart_jwt.service.commands import main as commands
from quart_jwt.service.commands.keys import keys
from service.kit import SECRET


def _run(*arguments: str, **environ: str) -> Result:
    env = {f"QUART_JWT_{name}": value for name, value in environ.items()}
    algorithm = {"QUART_JWT_KEY_ALGORITHM": "ES256"}  # quick to make
    return CliRunner().invoke(
        commands.cli, ["keys", *arguments], env={**algorithm, **env}
    )


def _listed(*arguments: str, **environ: str) -> list[list[str]]:
    result = _run("list", *arguments, **environ)
    assert result.exit_code == 0
    return [line.split("\t") for line in result.stdout.splitlines()]


def test_before_the_first_start_there_is_no_key() -> None:
    """Nothing is listed, and listing makes none."""
    assert CliRunner().invoke(commands.cli, ["db", "upgrade"]).exit_code == 0
    assert _listed() == []
    assert _run("export").stdout == '{\n  "keys": []\n}\n'
    assert not Path(".quart-jwt/keys").exists()


def test_a_rotation_is_listed() -> None:
    """Id, algorithm, state and three times, between tabs."""
    result = _run("rotate", "--init")
    assert (result.exit_code, result.stdout.split(" ")[0]) == (0, "published")
    kid = result.stdout.split(" ")[1].rstrip(";")
    first, second = _listed()
    assert (first[1:3], second[:3]) == (["ES256", "current"], [kid, "ES256", "next"])
    assert second[5] == "-"
    assert first[3] < second[4] < first[5]
    assert all(time.endswith("Z") for time in [*first[3:], *second[3:5]])


def test_a_second_rotation_is_refused() -> None:
    """One sentence and status 1 while the first is under way."""
    _run("rotate", "--init")
    result = _run("rotate", "--init")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: a rotation is under way: ")
    assert len(_listed()) == 2


def test_a_rotation_may_change_the_algorithm() -> None:
    """The old key stays what it is; the new one is what the setting says."""
    _run("rotate", "--init")
    assert _run("retire", _listed()[1][0]).exit_code == 0
    assert _run("rotate", KEY_ALGORITHM="EdDSA").exit_code == 0
    assert [line[1] for line in _listed()] == ["ES256", "EdDSA"]
    assert [line[2] for line in _listed("--all")] == ["current", "ended", "next"]


def test_retiring_says_what_it_did() -> None:
    """A next key is ended; the one that signs, and one that is none, are refused."""
    _run("rotate", "--init")
    (first, *_), (second, *_) = _listed()
    result = _run("retire", second)
    assert result.stdout == f"ended {second}; tokens that it signed are rejected\n"
    for kid, message in ((first, "rotate first"), ("nobody", "there is no key")):
        result = _run("retire", kid)
        assert result.exit_code == 1
        assert message in result.stderr


def test_public_keys_are_exported() -> None:
    """As a JWK Set, or in PEM; another implementation reads both."""
    _run("rotate", "--init")
    kids = [line[0] for line in _listed()]
    text = _run("export").stdout
    assert '"d"' not in text
    assert kids == [key.kid for key in KeySet.import_key_set(json.loads(text)).keys]
    pem = _run("export", "--format", "pem").stdout
    assert "PRIVATE" not in pem
    parts = pem.split("# ")[1:]
    assert kids == [part.split(" ")[0] for part in parts]
    read = [import_key(part.partition("\n")[2], "EC") for part in parts]
    assert kids == [key.thumbprint() for key in read]


@pytest.mark.parametrize("command", ["list", "rotate", "export"])
def test_a_service_with_a_secret_has_no_keys(command: str) -> None:
    """The sentence says which setting is in the way; nothing is made."""
    result = _run(command, SECRET_KEY=SECRET)
    assert result.exit_code == 1
    assert "QUART_JWT_SECRET_KEY is set: it signs (HS256)" in result.stderr
    assert SECRET not in result.output
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("command", ["", "list", "rotate", "retire", "export"])
def test_help_has_examples(command: str) -> None:
    """``--help`` shows lines that can be copied."""
    result = _run(*filter(None, [command]), "--help")
    assert result.exit_code == 0
    assert "  quart-jwt keys" in result.output


def test_an_id_may_begin_with_a_hyphen() -> None:
    """One in 64 does; it is no option."""
    context = keys.commands["retire"].make_context("retire", ["-wR-iX"])

    assert context.params["kid"] == "-wR-iX"

"""Whether a password can be asked for without showing it, and lists on a terminal."""

import sys
from pathlib import Path

import pytest

from quart_jwt.service.commands import terminal
from quart_jwt.service.commands.output import print_rows


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_controlling_terminal_is_asked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    """Where standard input is a pipe, as in a script."""
    there = tmp_path / "tty"
    if is_terminal:
        there.touch()
    monkeypatch.setattr(terminal, "CONTROLLING", str(there))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)

    assert terminal.has_terminal() is is_terminal


def test_standard_input_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The common case; nothing else is opened."""
    monkeypatch.setattr(terminal, "CONTROLLING", "/nowhere")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)

    assert terminal.has_terminal()


def test_lists_have_headings_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In columns that are as wide as their widest value."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    rows = [{"name": "ada", "state": "enabled"}, {"name": "jo", "state": "disabled"}]
    print_rows(("name", "state"), rows, as_json=False)

    assert capsys.readouterr().out.splitlines() == [
        "NAME  STATE",
        "ada   enabled",
        "jo    disabled",
    ]

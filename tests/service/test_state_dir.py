import os
from pathlib import Path

import pytest

from quart_jwt.service import state_dir
from quart_jwt.service.errors import StartError
from quart_jwt.service.state_dir import development_secret
from quart_jwt.service.state_dir import ensure_private_file
from quart_jwt.service.state_dir import ensure_state_dir


def test_what_is_made_is_private(tmp_path: Path) -> None:
    """The directory is 0700 and the secret 0600, whatever the umask."""
    before = os.umask(0)
    try:
        development_secret(tmp_path / "a" / "state")
    finally:
        os.umask(before)
    made = tmp_path / "a" / "state"
    assert made.stat().st_mode & 0o777 == 0o700
    assert (made / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in made.iterdir()] == ["secret_key"]


def test_two_directories_have_two_secrets(tmp_path: Path) -> None:
    """A secret is random."""
    assert development_secret(tmp_path / "a") != development_secret(tmp_path / "b")


def test_the_first_of_two_starts_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start that comes second to the file takes the secret that is there."""
    winner = development_secret(tmp_path)
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert winner == development_secret(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    """A state directory that is a file cannot be used."""
    (tmp_path / "state").write_text("")
    with pytest.raises(StartError, match=r"state directory .* cannot be made"):
        ensure_state_dir(tmp_path / "state")


def test_a_file_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    """A database in a directory that is not there is refused clearly."""
    with pytest.raises(StartError, match="cannot be written: No such file"):
        ensure_private_file(tmp_path / "none" / "x.db")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "too short"), (b"x" * 31, "too short"), (b"\xff" * 64, "cannot be used")],
)
def test_a_damaged_secret_is_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    """A secret that was emptied or overwritten stops the start."""
    (tmp_path / state_dir.SECRET_NAME).write_bytes(content)
    with pytest.raises(StartError, match=message):
        development_secret(tmp_path)

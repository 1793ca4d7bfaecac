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
    path = tmp_path / state_dir.SECRET_NAME
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(StartError, match=message):
        development_secret(tmp_path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The sentence names the file and the remedy, and the remedy works."""
    state = tmp_path / "a state"
    secret = development_secret(state)
    path = state / state_dir.SECRET_NAME
    path.chmod(mode)
    with pytest.raises(StartError) as caught:
        development_secret(state)
    assert f"the secret in '{path}': run chmod 600 '{path}'," in str(caught.value)
    assert secret not in str(caught.value)
    path.chmod(0o600)
    assert secret == development_secret(state)


def test_a_secret_that_is_read_only_will_do(tmp_path: Path) -> None:
    """Its owner may have less than the service gives itself."""
    secret = development_secret(tmp_path)
    (tmp_path / state_dir.SECRET_NAME).chmod(0o400)
    assert secret == development_secret(tmp_path)


@pytest.mark.parametrize(
    ("mode", "is_refused"),
    [(0o700, False), (0o755, False), (0o775, True), (0o757, True), (0o1777, True)],
)
def test_a_directory_that_others_can_write_is_refused(
    tmp_path: Path, mode: int, *, is_refused: bool
) -> None:
    """Whoever can write there could choose the secret."""
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(mode)
    if not is_refused:
        ensure_state_dir(state)
        return
    with pytest.raises(StartError, match=f"run chmod go-w {state}$"):
        ensure_state_dir(state)
    assert list(state.iterdir()) == []

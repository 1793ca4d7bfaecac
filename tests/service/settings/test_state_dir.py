import os
from pathlib import Path

import pytest

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.settings.state_dir import ensure_state_dir
from quart_jwt.service.settings.storage import Storage


def test_what_is_made_is_private(tmp_path: Path) -> None:
    """The directory is 0700, whatever the umask."""
    before = os.umask(0)
    try:
        ensure_state_dir(tmp_path / "a" / "state")
    finally:
        os.umask(before)
    made = tmp_path / "a" / "state"
    assert made.stat().st_mode & 0o777 == 0o700


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    """A state directory that is a file cannot be used."""
    (tmp_path / "state").write_text("")
    with pytest.raises(StartError, match=r"state directory .* cannot be made"):
        ensure_state_dir(tmp_path / "state")


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


@pytest.fixture(name="strangers")
def _strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that belongs neither to us nor to root."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    us = os.geteuid()
    if us == 0:
        os.chown(state, 54_321, -1)
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    return state


def test_what_belongs_to_another_user_is_refused(strangers: Path) -> None:
    """The owner of the directory could choose the keys and the users."""
    with pytest.raises(
        StartError, match=r"belongs to another user \(uid \d+, and this"
    ):
        ensure_state_dir(strangers)


@pytest.mark.parametrize("of", ["database_url", "store_url"])
def test_a_database_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    """That of the users, and that of the sessions if it is another file."""
    file = tmp_path / "of_another_user.db"
    file.touch()
    url = f"sqlite+aiosqlite:///{file}"
    urls = {"database_url": "sqlite+aiosqlite:////nowhere/service.db", of: url}
    storage = Storage(mode="production", state_dir=tmp_path, **urls)  # type: ignore[arg-type] # names of URLs
    us = os.geteuid()
    storage.prepare()
    if us == 0:
        os.chown(file, 54_321, -1)
    monkeypatch.setattr(os, "geteuid", lambda: us + 1)
    with pytest.raises(StartError, match=r"of_another_user\.db' belongs to another"):
        storage.prepare()


def test_what_belongs_to_root_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read and change everything anyway."""
    if os.geteuid() != 0:
        ensure_state_dir(tmp_path)
        return
    monkeypatch.setattr(os, "geteuid", lambda: 12_345)
    tmp_path.chmod(0o755)
    ensure_state_dir(tmp_path)


def test_root_administers_what_belongs_to_the_service(
    strangers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``sudo quart-jwt users add`` works in the directory of the service's user."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    ensure_state_dir(strangers)

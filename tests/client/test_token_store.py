"""Where tokens outlive a program."""

from pathlib import Path

import pytest

from quart_jwt.client import FileTokenStore
from quart_jwt.client import HeldTokens
from quart_jwt.client import MemoryTokenStore
from quart_jwt.client import TokenStore
from quart_jwt.client import TokenStoreError

PAIR = HeldTokens("access-1", "refresh-1")
ALONE = HeldTokens("access-2")


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "tokens.json"


@pytest.fixture(name="store", params=["memory", "file"])
def _store(request: pytest.FixtureRequest, path: Path) -> TokenStore:
    return MemoryTokenStore() if request.param == "memory" else FileTokenStore(path)


def test_a_store_keeps_what_was_saved_last(store: TokenStore) -> None:
    """Nothing, a pair, a token alone, nothing again; removing twice is fine."""
    assert store.load() is None
    for pair in (PAIR, ALONE, None, None, PAIR):
        store.save(pair)
        assert pair == store.load()


def test_a_file_is_its_owners_alone(path: Path) -> None:
    """Mode 0600 in a folder of mode 0700, and nothing is left beside it."""
    store = FileTokenStore(path)
    store.save(PAIR)
    store.save(ALONE)

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [path] == list(path.parent.iterdir())


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    """Whoever else could read or write it may have: the error says what to do."""
    store = FileTokenStore(path)
    store.save(PAIR)
    path.chmod(mode)
    with pytest.raises(TokenStoreError, match="chmod 600"):
        store.load()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"access_token": 1}', b'{"access_token": "a"}', b"\xff"],
)
def test_a_file_that_is_not_ours_is_refused(path: Path, content: bytes) -> None:
    """The error names the file, and not what is in it."""
    store = FileTokenStore(path)
    store.save(PAIR)
    path.write_bytes(content)
    with pytest.raises(TokenStoreError, match=r"tokens\.json") as caught:
        store.load()
    assert "access_token" not in str(caught.value)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """What stood there before stays, and no part of the new one is left."""
    taken = tmp_path / "folder"
    (taken / "full").mkdir(parents=True)
    for pair in (PAIR, None):
        with pytest.raises(TokenStoreError, match="Cannot write"):
            FileTokenStore(taken).save(pair)
    with pytest.raises(TokenStoreError, match="Cannot read"):
        FileTokenStore(taken).load()
    assert [taken] == list(tmp_path.iterdir())

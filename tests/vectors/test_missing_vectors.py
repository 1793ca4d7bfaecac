from pathlib import Path
from typing import Any

import pytest

import required
import vector_files


@pytest.fixture(name="nowhere")
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(vector_files, "FOLDER", tmp_path / "vectors")
    monkeypatch.delenv(required.REQUIRED, raising=False)


def _collect() -> list[Any]:
    return [pytest.param(1, id="one")]


def test_vectors_become_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the files are, every one of them is a test."""
    monkeypatch.setattr(vector_files, "FOLDER", Path(__file__).parent)

    assert _collect() == vector_files.cases(_collect)
    assert Path(__file__).parent == vector_files.folder()


@pytest.mark.usefixtures("nowhere")
def test_missing_vectors_are_skipped() -> None:
    """Where they are not, one placeholder says so."""
    (placeholder,) = vector_files.cases(_collect)

    assert placeholder.id == "no-vectors"
    assert [mark.name for mark in placeholder.marks] == ["skip"]
    with pytest.raises(pytest.skip.Exception, match="vectors is not beside"):
        vector_files.folder()


@pytest.mark.usefixtures("nowhere")
def test_required_vectors_may_not_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where they have to be there, their absence is a failure."""
    monkeypatch.setenv(required.REQUIRED, "1")
    with pytest.raises(FileNotFoundError, match="TESTS_REQUIRE_ALL=1"):
        vector_files.cases(_collect)
    with pytest.raises(pytest.fail.Exception, match="TESTS_REQUIRE_ALL=1"):
        vector_files.folder()

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypercorn.config import Config

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.serving.server_config import DEFAULTS
from quart_jwt.service.serving.server_config import ignored_keys
from quart_jwt.service.serving.server_config import make_config
from quart_jwt.service.serving.server_config import read_values
from quart_jwt.service.serving.server_config import worker_count

ROOT = Path(__file__).parents[3]


@pytest.fixture(name="shipped")
def _shipped() -> dict[str, Any]:
    return tomllib.loads((ROOT / "hypercorn.toml").read_text())


def test_the_file_and_the_defaults_are_one(shipped: dict[str, Any]) -> None:
    """Without a file, the service is served as the file would have it."""
    assert shipped == DEFAULTS


def test_every_key_is_hypercorns(shipped: dict[str, Any]) -> None:
    """Hypercorn takes a misspelt key in silence; this does not."""
    assert [key for key in shipped if not hasattr(Config, key)] == []
    assert dict(DEFAULTS) == read_values(ROOT / "hypercorn.toml")
    assert ignored_keys(shipped) == []


def test_no_log_line_has_a_query_string(shipped: dict[str, Any]) -> None:
    """Query strings, headers and the environment can hold tokens."""
    for atom in ("%(R)s", "%(Uq)s", "%(q)s", "%(f)s", "}i)s", "}o)s", "}e)s"):
        assert atom not in shipped["access_log_format"]


def test_a_file_is_laid_over_the_defaults(tmp_path: Path) -> None:
    """A file of one line changes one thing; the command line changes the address."""
    path = tmp_path / "other.toml"
    path.write_text('bind = ["127.0.0.1:1", "127.0.0.1:2"]\nbacklog = 7\n')
    config = make_config(read_values(path), [])
    assert (
        config.bind,
        config.backlog,
        config.graceful_timeout,
    ) == (["127.0.0.1:1", "127.0.0.1:2"], 7, 10)
    assert make_config(read_values(path), ["unix:/x"]).bind == ["unix:/x"]


def test_the_file_of_the_current_directory_counts(tmp_path: Path) -> None:
    """Without --config, ./hypercorn.toml is read if it is there."""
    assert make_config(read_values(None), []).bind == ["127.0.0.1:8000"]
    (tmp_path / "hypercorn.toml").write_text('bind = "127.0.0.1:3"\n')
    assert make_config(read_values(None), []).bind == ["127.0.0.1:3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keep_alive_timout = 1", "did you mean keep_alive_timeout?"),
        ("xyzzy = 1", "xyzzy is not a setting of Hypercorn$"),
        ("_bind = 1", "_bind is not a setting"),
        ("bind = 8000", "bind has a value of the wrong type"),
        ('backlog = "many"', "backlog has a value of the wrong type"),
        ("bind = ", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """A file that does not say what it means stops the start."""
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(StartError, match=message):
        read_values(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that was asked for has to be there."""
    with pytest.raises(StartError, match="cannot be read: No such file"):
        read_values(tmp_path / "none.toml")


def test_what_one_process_cannot_follow_is_named() -> None:
    """Debugging and reloading have no effect, and that is said."""
    values = {"workers": 4, "debug": True, "use_reloader": True, "backlog": 1}
    assert ignored_keys(values) == ["debug", "use_reloader"]
    config = make_config(values, [])
    assert (config.workers, config.debug, config.use_reloader) == (1, False, False)


@pytest.mark.parametrize("worker_class", ["uvloop", "asyncio"])
def test_the_event_loop_is_chosen(worker_class: str) -> None:
    """As for the hypercorn command; uvloop unless the file says otherwise."""
    assert make_config({"worker_class": worker_class}, []).worker_class == worker_class
    assert make_config(DEFAULTS, []).worker_class == "uvloop"


@pytest.mark.parametrize("worker_class", ["trio", "", "uvlop"])
def test_another_event_loop_is_refused(worker_class: str) -> None:
    """What Hypercorn could serve with and this service cannot, and what nobody has."""
    with pytest.raises(StartError, match="must be one of uvloop, asyncio"):
        make_config({"worker_class": worker_class}, [])


@pytest.mark.parametrize(
    ("written", "wanted", "count"), [(0, None, 0), (2, None, 2), (2, 0, 0), (64, 1, 1)]
)
def test_the_number_of_workers(written: int, wanted: int | None, count: int) -> None:
    """The file says how many, the command line goes before it."""
    assert count == worker_count({"workers": written}, wanted)


@pytest.mark.parametrize("written", [-1, 65, 1.5])
def test_no_number_of_workers(written: float) -> None:
    """A number that cannot be meant is a sentence."""
    with pytest.raises(StartError, match="a whole number from 0 to 64"):
        worker_count({"workers": written}, None)

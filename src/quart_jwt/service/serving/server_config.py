"""
How the service is served: ``hypercorn.toml`` and the built-in defaults.

The defaults are the values of the ``hypercorn.toml`` in the repository; a test
keeps the two equal. A file is read strictly, because Hypercorn itself takes
misspelt keys in silence.
"""

import difflib
import tomllib
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypercorn.config import Config

from quart_jwt.service.ground.errors import StartError
from quart_jwt.service.observability.access_log import LineLogger
from quart_jwt.service.serving.event_loop import LOOPS
from quart_jwt.service.serving.listeners import ListeningConfig

FILE_NAME = "hypercorn.toml"

DEFAULTS: Mapping[str, Any] = {
    "bind": "127.0.0.1:8000",
    "workers": 0,
    "worker_class": "uvloop",
    "backlog": 2048,
    "keep_alive_timeout": 15,
    "graceful_timeout": 10,
    "shutdown_timeout": 10,
    "include_server_header": False,
    "alpn_protocols": ["http/1.1"],
    "accesslog": "-",
    "errorlog": "-",
    "access_log_format": '%(h)s "%(r)s" %(s)s %(b)s %(L)s %(p)s',
    "logconfig_dict": {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "quart_jwt.service.observability.json_lines.chosen_formatter"
            }
        },
        "filters": {
            "finished": {"()": "quart_jwt.service.observability.logs.FinishedLine"}
        },
        "handlers": {
            "stdout": {
                "class": "quart_jwt.service.observability.logs.LineHandler",
                "formatter": "line",
                "stream": "ext://sys.stdout",
            },
            "stderr": {
                "class": "quart_jwt.service.observability.logs.LineHandler",
                "formatter": "line",
                "stream": "ext://sys.stderr",
            },
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "hypercorn.access": {
                "handlers": ["stdout"],
                "filters": ["finished"],
                "level": "INFO",
                "propagate": False,
            },
            "hypercorn.error": {
                "handlers": ["stderr"],
                "level": "INFO",
                "propagate": False,
            },
            "quart_jwt": {
                "handlers": ["stderr"],
                "level": "INFO",
                "propagate": False,
            },
        },
    },
}

MAX_WORKERS = 64
"""More on one machine is a mistake of typing."""

ONE_PROCESS: Mapping[str, Any] = {
    "workers": 1,
    "debug": False,
    "use_reloader": False,
}
"""
What ``hypercorn.asyncio.serve`` cannot follow, and the value that is true for
each process. How many processes there are is ``worker_count``.
"""


def read_values(path: Path | None) -> dict[str, Any]:
    """
    Return the defaults with the values of a file over them.

    Args:
        path: A TOML file; None takes ``hypercorn.toml`` of the current
            directory, or the defaults alone if there is none.

    Raises:
        StartError: The file cannot be read or says what Hypercorn does not know.
    """
    if path is None and Path(FILE_NAME).is_file():
        path = Path(FILE_NAME)
    return {**DEFAULTS, **({} if path is None else _read(path))}


def make_config(values: Mapping[str, Any], binds: Sequence[str]) -> ListeningConfig:
    """
    Return Hypercorn's configuration for one process.

    Args:
        values: What ``read_values`` returned.
        binds: Where to listen instead of what the values say.

    Raises:
        StartError: ``worker_class`` is not supported.
    """
    if values.get("worker_class", LOOPS[0]) not in LOOPS:
        raise StartError(f"worker_class must be one of {', '.join(LOOPS)}")
    bind = {"bind": list(binds)} if binds else {}
    logger = {"logger_class": LineLogger}
    return ListeningConfig.of({**values, **ONE_PROCESS, **bind, **logger})


def ignored_keys(values: Mapping[str, Any]) -> Sequence[str]:
    """Return the names of values that have no effect here."""
    return [
        name
        for name, only in ONE_PROCESS.items()
        if name != "workers" and values.get(name, only) != only
    ]


def worker_count(values: Mapping[str, Any], wanted: int | None) -> int:
    """
    Return how many workers to keep; 0 is one process without a supervisor.

    Args:
        values: What ``read_values`` returned.
        wanted: What overrides the values, or None.

    Raises:
        StartError: The values say no such number.
    """
    count = values["workers"] if wanted is None else wanted
    if not isinstance(count, int) or not 0 <= count <= MAX_WORKERS:
        raise StartError(f"workers must be a whole number from 0 to {MAX_WORKERS}")
    return count


def unknown_keys(values: Mapping[str, Any]) -> Sequence[str]:
    """Return a sentence for every key that Hypercorn does not have."""
    known = [name for name in dir(Config) if not name.startswith("_")]
    return [
        f"{key} is not a setting of Hypercorn"
        + "".join(
            f"; did you mean {close}?"
            for close in difflib.get_close_matches(key, known, n=1)
        )
        for key in values
        if key not in known
    ]


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StartError(f"{path} is not valid TOML: {error}") from error
    faults = [*unknown_keys(values), *_wrong_types(values)]
    if faults:
        raise StartError("\n".join(f"{path}: {fault}" for fault in faults))
    return values


def _wrong_types(values: Mapping[str, Any]) -> Sequence[str]:
    """Return a sentence for every value that cannot be what it is meant to be."""
    return [
        f"{key} has a value of the wrong type"
        for key, value in values.items()
        if key in DEFAULTS and not isinstance(value, _TYPES[type(DEFAULTS[key])])
    ]


_TYPES: dict[type, tuple[type, ...]] = {
    str: (str, list),
    int: (int, float),
    bool: (bool,),
    list: (list,),
    dict: (dict,),
}

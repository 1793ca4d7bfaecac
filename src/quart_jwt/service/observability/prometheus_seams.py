"""
Everything of prometheus-client that the service relies on and that is not documented.

* ``MmapedDict``, the file in which a process counts, is extended, and the extension is
  put in the place where prometheus-client looks for it (``worker_values``): files are
  allocated before they are mapped.
* The files of ended workers are read and added up (``worker_files``), and those of all
  workers are merged for a page (``exposition``), without the library's own listing of
  the directory, which fails at a file that is only half made.

``check_prometheus`` runs at the start of every process that serves.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any

from prometheus_client import Metric
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from quart_jwt.seams import require
from quart_jwt.seams import Seam

__all__ = [
    "MmapedDict",
    "check_prometheus",
    "count_with",
    "merged",
    "values_in",
]

SEAMS = (
    Seam(values, "MmapedDict"),
    Seam(MmapedDict, "__init__", ("filename",), ("_capacity", "_f", "_m", "_used")),
    Seam(MmapedDict, "_init_value", ("key",), ("_capacity", "_used")),
    Seam(MmapedDict, "read_all_values_from_file", ("filename",)),
    Seam(MmapedDict, "write_value", ("key", "value", "timestamp")),
    Seam(MmapedDict, "close"),
    Seam(MultiProcessCollector, "merge", ("files",)),
)


def check_prometheus() -> None:
    """
    Check that this prometheus-client has what is relied on.

    Raises:
        IncompatibleDependencyError: It has not.
    """
    require("prometheus-client", SEAMS)


def count_with(kind: type[MmapedDict]) -> None:
    """Let this process count in files of a kind, if it counts in files at all."""
    values.MmapedDict = kind  # type: ignore[attr-defined] # it has no other place for it


def values_in(file: str) -> Iterator[tuple[Any, ...]]:
    """Give key and value, and more, of everything that is counted in a file."""
    yield from MmapedDict.read_all_values_from_file(file)  # type: ignore[no-untyped-call] # it has no types


def merged(files: Sequence[str]) -> Iterable[Metric]:
    """Add up what several files say."""
    return MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call, no-any-return] # the same

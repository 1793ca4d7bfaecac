"""Work, counted in function calls: the same on every machine, however loaded."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


@dataclass(slots=True)
class Work:
    """What was done so far."""

    calls: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """
    Count the functions that this thread calls, in Python and in C.

    The garbage collector waits: finalizers of what others left are no work of ours.
    """
    work = Work()

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        work.calls += event in {"call", "c_call"}

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(count)
    try:
        yield work
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()

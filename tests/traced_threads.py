"""
Threads may end while coverage measures, also on Python 3.11.

For greenlets, coverage's tracer keeps a weak dictionary in each thread. When a thread
has ended, greenlet lets the interpreter drop the dictionary's entry between two
instructions of the main thread, and the dictionary does that in Python. If another
thread ends meanwhile, Python 3.11 never gets beyond the first instruction of a
function that is traced and called from there. Later versions do.
"""

import sys
import weakref
from typing import Any

TRACER = "coverage.collector"


class WeakKeyDictionary(weakref.WeakKeyDictionary[Any, Any]):
    """The tracer's one drops the entry of a dead key without any Python code."""

    def __init__(self, items: Any = None) -> None:
        super().__init__(items)
        if sys._getframe(1).f_globals.get("__name__") == TRACER:
            self._remove = self.data.pop  # type: ignore[attr-defined]


def let_threads_end() -> None:
    """Make it so in threads that start from now on."""
    if sys.version_info < (3, 12):
        weakref.WeakKeyDictionary = WeakKeyDictionary  # type: ignore[misc, assignment]

"""Threads may end while coverage measures."""

import subprocess
import sys
from pathlib import Path

import pytest

THREADS = """
import gc, sys, threading, types
sys.path.insert(0, sys.argv[1])
import traced_threads
traced_threads.let_threads_end()
kept = threading.Event()
threads = [threading.Thread(target=kept.wait) for _ in range(3)]
for thread in threads:
    thread.start()
weak = traced_threads.WeakKeyDictionary
dictionaries = [each for each in gc.get_objects() if type(each) is weak]
plain = [isinstance(each._remove, types.BuiltinMethodType) for each in dictionaries]
filled = [len(each) for each in dictionaries]
kept.set()
for thread in threads:
    thread.join()
print(plain, filled)
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="only Python 3.11 needs it")
def test_the_tracer_forgets_ended_threads_without_python_code(tmp_path: Path) -> None:
    """What coverage keeps of a thread is dropped by a function that is not traced."""
    program = tmp_path / "threads.py"
    program.write_text(THREADS)
    command = [sys.executable, "-m", "coverage", "run", "--data-file=measured"]
    concurrency = "--concurrency=thread,greenlet"
    run = subprocess.run(  # noqa: S603 - this interpreter
        [*command, concurrency, str(program), str(Path(__file__).parent)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout.split("\n")[0] == "[True, True, True] [1, 1, 1]", run.stderr

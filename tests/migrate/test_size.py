"""A hundred thousand lines: bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from migrate.projects import write
from quart_jwt.migrate.migration import migrate_project
from quart_jwt.migrate.report import changed_lines

LIMIT_KB = 300_000
FILES = 500
VIEW = '''
@bp.get("/items/{n}")
@jwt_required()
def items_{n}(page: int = 1) -> dict[str, object]:
    """Give a page of items; text that nobody reads, to be as long as real code."""
    query = [one for one in range(page * 10, page * 10 + 10) if one % 2 == 0]
    if not query and page > 1:
        abort(404, description=f"no page {{page}}")
    return {{"items": query, "page": page, "of": get_jwt_identity()}}
'''
HEAD = """\
from flask import Blueprint, Flask, abort
from flask_jwt_extended import get_jwt_identity, jwt_required

bp = Blueprint("items", __name__)
"""
PEAK = """
import sys
from pathlib import Path
from quart_jwt.migrate.migration import migrate_project
found = migrate_project(Path(sys.argv[1]))
# Not ru_maxrss, which begins with what the test's own process had.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(len(found.changes), found.examined.python, status["VmHWM"].split()[0])
"""


@pytest.mark.slow
def test_memory_is_bounded_for_a_large_project(tmp_path: Path) -> None:
    """One file at a time: 100,000 lines that all concern the command."""
    text = HEAD + "".join(VIEW.format(n=number) for number in range(20))
    files = {f"shop/part_{n}.py": text for n in range(FILES)}
    lines = sum(one.count("\n") for one in files.values())
    assert lines > 90_000
    write(tmp_path, files)

    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", PEAK, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    changed, examined, peak_kb = map(int, done.stdout.split())

    assert (changed, examined) == (FILES, FILES)
    assert peak_kb < LIMIT_KB


def test_lines_that_change_are_counted(tmp_path: Path) -> None:
    """Three a file here."""
    write(tmp_path, {"a.py": HEAD, "b.py": HEAD})

    assert changed_lines(migrate_project(tmp_path).changes) == 6

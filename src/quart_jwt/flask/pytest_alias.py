"""
A pytest plugin that installs the alias before a project's modules are imported.

Load it with ``-p quart_jwt.flask.pytest_alias``. With ``QUART_JWT_TOTALS`` set to a
file's path, ``counters.totals()`` are written there as JSON at the end.
"""

import json
import os
from pathlib import Path

from quart_jwt.flask.alias import install
from quart_jwt.flask.counters import totals

install()


def pytest_unconfigure() -> None:
    """Write the totals, if asked for."""
    path = os.environ.get("QUART_JWT_TOTALS")
    if path:
        Path(path).write_text(json.dumps(totals()), encoding="utf-8")

"""
A plugin of pytest: it records the outcome of each test, and what went through
``quart_jwt.flask``.

It runs in the project's own test process, is loaded by ``-p``, and imports nothing that
imports Flask. Under pytest-xdist each worker's counters are added up.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from quart_jwt.trial import RECORD

_WORKER = "quart_jwt_counters"
_outcomes: dict[str, str] = {}
_reasons: dict[str, str] = {}
_counters: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a test: of its three phases, the one that failed counts."""
    node = report.nodeid
    outcome: str = report.outcome
    if hasattr(report, "wasxfail"):
        outcome = "xpassed" if report.passed else "xfailed"
    elif report.failed and report.when != "call":
        outcome = "error"
    if report.when == "call" or outcome != "passed":
        _outcomes.setdefault(node, outcome)
        if outcome in {"failed", "error"}:
            _outcomes[node] = outcome
            _reasons.setdefault(node, _reason(report))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Note a module that cannot be collected."""
    if report.failed:
        _outcomes[report.nodeid] = "error"
        _reasons[report.nodeid] = _reason(report)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ARG001 - xdist's signature
    """Add the counters of a worker of pytest-xdist."""
    _counters.update(getattr(node, "workeroutput", {}).get(_WORKER, {}))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the record; a worker of pytest-xdist hands its counters on."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER] = _counted()
        return
    _counters.update(_counted())
    record = {
        "outcomes": _outcomes,
        "reasons": _reasons,
        "counters": dict(_counters),
    }
    path = os.environ.get(RECORD)
    if path:
        Path(path).write_text(json.dumps(record), "utf-8")


def _counted() -> dict[str, int]:
    """Give the counters of ``quart_jwt.flask``, if the project has loaded it."""
    module = sys.modules.get("quart_jwt.flask.counters")
    return {} if module is None else dict(module.totals())


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[0] if crash is not None else lines[-1]

"""Fixtures for every test."""

import gc
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import cast

import pytest
from hypothesis import settings
from quart import Quart
from quart.testing import TestApp
from sqlalchemy import event
from sqlalchemy import Pool

import pooler
import real_servers
import traced_threads
import vector_files
from clock import Clock
from quart_jwt.extension.settings.options import OWN_DEFAULTS
from quart_jwt.stores.sql import connections as sql_connections

# The same examples on every machine: a red run can be repeated.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

traced_threads.let_threads_end()

if os.environ.get("TESTS_WITHOUT_CACHE") == "1":
    # `make test-uncached`: every verdict has to be the same without the cache.
    cast(dict[str, Any], OWN_DEFAULTS)["JWT_CACHE_MAX_ENTRIES"] = 0


class PatientTestApp(TestApp):
    """Has a minute to start and a minute to stop; Quart's own has six seconds."""

    def __init__(self, app: Quart) -> None:
        super().__init__(app, startup_timeout=60, shutdown_timeout=60)


Quart.test_app_class = PatientTestApp
sql_connections.POOL_TIMEOUT_S = 60


@event.listens_for(Pool, "checkout")
def _do_not_wait_for_the_disk(connection: Any, record: Any, _proxy: Any) -> None:
    """No test cuts the power: SQLite leaves it to the system when it writes."""
    is_sqlite = "sqlite" in type(connection).__module__
    if is_sqlite and not record.info.setdefault("is_told", False):
        record.info["is_told"] = True
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Thousands of tests stay to the end: the garbage collector leaves them alone."""
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


PASSED_PER_DOT = 50
"""Ten thousand dots would be a hundred lines."""

_passed = pytest.StashKey[int]()


@pytest.hookimpl(optionalhook=True)  # -p no:xdist
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: some tests wait for a process of their own."""
    return min((os.cpu_count() or 1) + 1, 8)


def pytest_report_teststatus(
    report: pytest.CollectReport | pytest.TestReport, config: pytest.Config
) -> tuple[str, str, str] | None:
    """With ``-q``, one dot stands for many passed tests; the rest is shown as ever."""
    passed = report.passed and report.when == "call" and not hasattr(report, "wasxfail")
    if not passed or config.option.verbose >= 0:
        return None
    count = config.stash[_passed] = config.stash.get(_passed, 0) + 1
    return "passed", "." if count % PASSED_PER_DOT == 0 else "", "PASSED"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each reason to skip once, with the number of tests that it skipped."""
    reasons = Counter(
        str(report.longrepr[-1]).removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
    )
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"skipped {tests}: {reason}")


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="vectors")
def _vectors() -> Path:
    return vector_files.folder()


@pytest.fixture(name="postgresql", scope="session")
def _postgresql() -> Iterator[real_servers.PostgreSQL]:
    with real_servers.postgresql() as running:
        running.create("sessions")
        yield running


@pytest.fixture(name="pgbouncer", scope="session")
def _pgbouncer(postgresql: real_servers.PostgreSQL) -> Iterator[pooler.PgBouncer]:
    with pooler.pgbouncer(postgresql) as running:
        yield running


@pytest.fixture(name="redis", scope="session")
def _redis() -> Iterator[real_servers.Redis]:
    with real_servers.redis() as running:
        yield running


@pytest.fixture(name="redis_nodes", scope="session")
def _redis_nodes() -> Iterator[list[real_servers.Redis]]:
    with real_servers.redis_nodes(3) as running:
        yield running


@pytest.fixture(name="redis_cluster", scope="session")
def _redis_cluster() -> Iterator[real_servers.Redis]:
    with real_servers.redis_cluster() as running:
        yield running

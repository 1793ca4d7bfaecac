"""Fixtures for every test."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from typing import cast

import pytest
from hypothesis import settings

import real_servers
import vector_files
from clock import Clock
from quart_jwt.extension.settings.options import OWN_DEFAULTS

# The same examples on every machine: a red run can be repeated.
settings.register_profile("suite", deadline=None, derandomize=True, database=None)
settings.load_profile("suite")

if os.environ.get("TESTS_WITHOUT_CACHE") == "1":
    # `make test-uncached`: every verdict has to be the same without the cache.
    cast(dict[str, Any], OWN_DEFAULTS)["JWT_CACHE_MAX_ENTRIES"] = 0


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


@pytest.fixture(name="redis", scope="session")
def _redis() -> Iterator[real_servers.Redis]:
    with real_servers.redis() as running:
        yield running


@pytest.fixture(name="redis_cluster", scope="session")
def _redis_cluster() -> Iterator[real_servers.Redis]:
    with real_servers.redis_cluster() as running:
        yield running

"""What tests need of the machine: without it they skip, or fail if all is required."""

import os
from typing import NoReturn

import pytest

REQUIRED = "TESTS_REQUIRE_ALL"


def required() -> bool:
    """Whether a missing program or file is a failure rather than a skip."""
    return os.environ.get(REQUIRED) == "1"


def missing(reason: str) -> NoReturn:
    """Skip the test for what is missing; with ``TESTS_REQUIRE_ALL=1``, fail."""
    if required():
        pytest.fail(f"{reason}, and {REQUIRED}=1")
    pytest.skip(reason)

import os
from pathlib import Path

import pytest

from migrate.development_cases import Case
from migrate.development_cases import CASES
from migrate.development_cases import FOLDER
from migrate.development_cases import migrate
from migrate.development_cases import prepare
from migrate.development_cases import run_suite

checkouts = pytest.mark.skipif(
    FOLDER not in os.environ,
    reason=f"{FOLDER} names no folder with checkouts of the public code bases",
)


@pytest.mark.slow
@checkouts
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_public_code_base_passes_its_own_suite(case: Case, tmp_path: Path) -> None:
    """Migrated by the command, a code base passes as many tests as under Flask."""
    there = prepare(case, Path(os.environ[FOLDER]), tmp_path)
    migrate(there)

    outcome = run_suite(case, there)

    assert (case.tests, ()) == (outcome.passed, outcome.failed), outcome.output


def test_the_cases_are_the_ten_that_were_counted() -> None:
    """Their names, and 437 tests that pass under Flask."""
    assert len({case.name for case in CASES}) == 10
    assert sum(case.tests for case in CASES) == 437

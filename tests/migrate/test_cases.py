import ast
from pathlib import Path

import pytest

from migrate.case_files import case_files
from migrate.case_files import CaseFile
from migrate.case_files import CASES
from migrate.case_files import in_short
from migrate.case_files import read_case
from quart_jwt.migrate.command import apply
from quart_jwt.migrate.command import migrate_project

each_case = pytest.mark.parametrize(
    "path", case_files(), ids=lambda path: path.relative_to(CASES).as_posix()
)


def _migrated(case: CaseFile, folder: Path) -> dict[str, str]:
    changes, _findings = migrate_project(case.write(folder))
    apply(folder, changes)
    return {change.path: change.after for change in changes}


@each_case
def test_a_case_becomes_what_it_says(path: Path, tmp_path: Path) -> None:
    """Each changed file and each line of the report is as written in the case."""
    case = read_case(path)

    changes, findings = migrate_project(case.write(tmp_path))

    assert case.after == {change.path: change.after for change in changes}
    assert case.report == [in_short(finding) for finding in findings]


@each_case
def test_migrating_twice_is_migrating_once(path: Path, tmp_path: Path) -> None:
    """What has been migrated is left as it is."""
    _migrated(read_case(path), tmp_path)

    changes, _findings = migrate_project(tmp_path)

    assert [change.path for change in changes] == []


@each_case
def test_the_result_compiles(path: Path, tmp_path: Path) -> None:
    """Every Python file that is written is Python, awaits included."""
    after = _migrated(read_case(path), tmp_path)

    for name, text in after.items():
        if name.endswith(".py"):
            compile(
                text, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True
            )


def test_every_rule_has_a_case() -> None:
    """A rule's module has a folder of cases under its own name or its subject's."""
    folders = {path.parent.name for path in case_files()}

    assert {"imports", "mocks", "identities", "unittest_cases"} <= folders
    assert {"extension_key", "requests", "clients", "unsupported"} <= folders
    assert len([path for path in case_files() if path.parent.name == "features"]) == 13

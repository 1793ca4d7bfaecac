from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from migrate.case_files import case_files
from migrate.case_files import CaseFile
from migrate.case_files import CASES
from migrate.case_files import in_short
from migrate.case_files import read_case
from quart_jwt.migrate import rules as rule_modules
from quart_jwt.migrate.command import apply
from quart_jwt.migrate.command import migrate_project

each_case = pytest.mark.parametrize(
    "path", case_files(), ids=lambda path: path.relative_to(CASES).as_posix()
)


@dataclass(frozen=True)
class Migrated:
    """A case's project once it has been migrated, and what the command said."""

    case: CaseFile
    folder: Path
    after: dict[str, str]
    report: list[str]


@pytest.fixture(name="migrated", scope="module")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Migrated]:
    @cache
    def migrated(path: Path) -> Migrated:
        case = read_case(path)
        folder = case.write(tmp_path_factory.mktemp("case"))
        changes, findings = migrate_project(folder)
        apply(folder, changes)
        after = {change.path: change.after for change in changes}
        return Migrated(case, folder, after, [in_short(one) for one in findings])

    return migrated


Migrate = Callable[[Path], Migrated]


@each_case
def test_a_case_becomes_what_it_says(path: Path, migrated: Migrate) -> None:
    """Each changed file and each line of the report is as written in the case."""
    found = migrated(path)

    assert found.after == found.case.after
    assert found.report == found.case.report


@each_case
def test_migrating_twice_is_migrating_once(path: Path, migrated: Migrate) -> None:
    """What has been migrated is left as it is."""
    changes, _findings = migrate_project(migrated(path).folder)

    assert [change.path for change in changes] == []


@each_case
def test_the_result_compiles(path: Path, migrated: Migrate) -> None:
    """Every Python file that is written is Python, awaits included."""
    for name, text in migrated(path).after.items():
        if name.endswith(".py"):
            compile(text, name, "exec", dont_inherit=True)


def test_every_rule_has_a_case() -> None:
    """A folder of cases for each rule's module, and one for each feature."""
    folders = {path.parent.name for path in case_files()}
    rules = {path.stem for path in Path(rule_modules.__file__).parent.glob("*.py")}

    assert rules - {"__init__"} <= folders
    assert len([path for path in case_files() if path.parent.name == "features"]) == 13

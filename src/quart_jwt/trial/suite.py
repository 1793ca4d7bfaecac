"""
Runs a project's own tests and compares two runs.

Nothing is written into the project: pytest's cache, bytecode and coverage data go to a
temporary folder. What the tests themselves write, they write.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from enum import Enum
from pathlib import Path

from quart_jwt.trial import RECORD

RECORDER = "quart_jwt.trial.recorder"
ALIAS = "quart_jwt.flask.pytest_alias"
GOOD = frozenset({"passed", "skipped", "xfailed", "xpassed"})
ORDER = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
OUTPUT_LINES = 10
"""So many of a command's last lines are shown when it has not run pytest."""
WAYS = {"apps": "app", "requests": "request", "verifications": "verification"}


class Mode(Enum):
    """
    How the tests are run.
    """

    AS_IT_IS = "as it is"
    ALIASED = "with quart_jwt.flask instead of Flask and flask_jwt_extended"


class SuiteError(Exception):
    """
    The tests could not be run.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What a run of the tests gave, by the tests' names.
    """

    outcomes: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)

    def as_text(self) -> str:
        """Give the counts as pytest has them."""
        counts = Counter(self.outcomes.values())
        listed = [f"{counts[one]} {one}" for one in ORDER if counts[one]]
        return ", ".join(listed) or "no tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """
    Two runs of the same tests.
    """

    before: Outcome
    after: Outcome

    @property
    def is_worse(self) -> bool:
        """Whether a test that was good before is not good any more."""
        return any(
            was in GOOD and self.after.outcomes.get(test) not in GOOD
            for test, was in self.before.outcomes.items()
        ) or any(
            now not in GOOD and test not in self.before.outcomes
            for test, now in self.after.outcomes.items()
        )

    @property
    def tests(self) -> list[str]:
        """The tests whose outcome differs."""
        both = {**self.before.outcomes, **self.after.outcomes}
        return [
            test
            for test in both
            if self.before.outcomes.get(test) != self.after.outcomes.get(test)
        ]

    def as_text(self, before: str, after: str) -> str:
        """Give both counts, what went through quart_jwt, and each different test."""
        width = max(len(before), len(after)) + 1
        counters = self.after.counters
        counted = ", ".join(
            f"{counters.get(name, 0)} {one if counters.get(name) == 1 else name}"
            for name, one in WAYS.items()
        )
        lines = [
            f"{before + ':':<{width}}  {self.before.as_text()}",
            f"{after + ':':<{width}}  {self.after.as_text()}",
            f"Through quart_jwt.flask: {counted}.",
        ]
        if self.tests:
            lines += ["", f"Different ({len(self.tests)}):"]
        for test in self.tests:
            was = self.before.outcomes.get(test, "not run")
            now = self.after.outcomes.get(test, "not run")
            lines.append(f"{test}: {was}, then {now}")
            if reason := self.after.reasons.get(test):
                lines.append(f"    {reason}")
        return "\n".join(lines)


def compared(before: Outcome, after: Outcome) -> Difference:
    """Compare two runs."""
    return Difference(before=before, after=after)


def run_suite(command: Sequence[str], folder: Path, mode: Mode) -> Outcome:
    """
    Run a test command, which starts pytest itself or through another program.

    Args:
        command: Its words; ``pytest`` and ``python`` are those of this interpreter.
        folder: Where it runs.
        mode: Whether Flask and flask_jwt_extended are replaced on import.

    Raises:
        SuiteError: The command cannot be started, or runs no pytest.
    """
    with tempfile.TemporaryDirectory(prefix="quart-jwt-") as temporary:
        record = Path(temporary, "record.json")
        environment = _environment(Path(temporary), record, mode)
        try:
            done = subprocess.run(  # noqa: S603 - the command is the user's
                _resolved(command),
                cwd=folder,
                env=environment,
                stdout=sys.stderr.fileno() if _has_terminal() else subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            raise SuiteError(f"{command[0]} cannot be run: {error.strerror}") from error
        if not record.is_file():
            output = (done.stdout or b"").decode(errors="replace").strip()
            last = "\n".join(output.splitlines()[-OUTPUT_LINES:])
            raise SuiteError(
                f"`{' '.join(command)}` ran no pytest to its end (exit status "
                f"{done.returncode}); give a command that starts pytest.\n{last}"
            )
        return Outcome(**json.loads(record.read_text("utf-8")))


def _has_terminal() -> bool:
    return sys.stderr.isatty()


def _resolved(command: Sequence[str]) -> list[str]:
    """Run pytest in this interpreter's environment, where quart_jwt is installed."""
    first, *others = command
    if first in {"pytest", "py.test"}:
        # Like the script: without the present folder on sys.path.
        return [sys.executable, "-P", "-m", "pytest", *others]
    if first in {"python", "python3"}:
        return [sys.executable, *others]
    return list(command)


def _environment(temporary: Path, record: Path, mode: Mode) -> dict[str, str]:
    options = ["-p", RECORDER, "-o", f"cache_dir={temporary / 'cache'}"]
    if mode is Mode.ALIASED:
        options = ["-p", ALIAS, *options]
    given = os.environ.get("PYTEST_ADDOPTS", "")
    return {
        **os.environ,
        "COVERAGE_FILE": str(temporary / "coverage"),
        "PYTEST_ADDOPTS": f"{' '.join(options)} {given}".strip(),
        "PYTHONDONTWRITEBYTECODE": "1",
        RECORD: str(record),
    }

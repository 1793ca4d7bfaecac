"""
The case files: small projects of our own, before and after, with the report.

A case file has a section for each file before, one for each that changes, after, and
one for the report, line by line. ``=== before app.py`` opens a section. A feature has
``requests`` that both sides answer alike: a line is method, path, the name of the token
to send, and a JSON body.
"""

import re
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from quart_jwt.migrate.findings import Finding

CASES = Path(__file__).with_name("cases")
_HEADING = re.compile(r"^=== (before|after|report|requests)(?: (.+))?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """One case: files before, the changed ones after, and the report."""

    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """Write the files before into a folder."""
        for name, text in self.before.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return folder


def case_files() -> list[Path]:
    """Every case file."""
    return sorted(CASES.rglob("*.case"))


def read_case(path: Path) -> CaseFile:
    """Read a case file."""
    text = path.read_text("utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    case = CaseFile()
    for heading, end in zip(headings, ends, strict=True):
        body = text[heading.end() : end]
        if heading[1] in {"report", "requests"}:
            getattr(case, heading[1]).extend(body.splitlines())
        else:
            getattr(case, heading[1])[heading[2]] = body
    return case


def in_short(finding: Finding) -> str:
    """Give a finding as case files have it."""
    return f"{finding.path}:{finding.line} {finding.level} {finding.reason}"

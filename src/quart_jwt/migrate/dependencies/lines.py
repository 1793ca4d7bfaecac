"""
Files with a requirement on each line.

They are requirements files, the lists of ``setup.cfg``, and conda's environments.
"""

import re

from packaging.utils import canonicalize_name

from quart_jwt.migrate.dependencies.requirement import changed_requirement
from quart_jwt.migrate.dependencies.requirement import FLOORS
from quart_jwt.migrate.dependencies.requirement import loosened
from quart_jwt.migrate.dependencies.requirement import NEW
from quart_jwt.migrate.dependencies.requirement import NEW_VERSION
from quart_jwt.migrate.dependencies.requirement import OLD

_LINE = re.compile(
    r"(?P<indent>[ \t]*)(?P<requirement>[A-Za-z0-9][^#\\\n]*?)"
    r"(?P<rest>(?:\s+(?:#|--|\\).*|\s*\\?)?\r?\n?)"
)
_INCLUDED = re.compile(
    r"^\s*(?:-r|-c|--requirement|--constraint)[ =]?\s*(\S+)", re.MULTILINE
)
_EGG = re.compile(
    r"^\s*(?:-e\s+|--editable[ =])?\S+#egg=flask[-_.]jwt[-_.]extended\S*", re.IGNORECASE
)


def requirements_text(text: str, *, serving: bool = False) -> str:
    """Rewrite a requirements file; one with hashes stays, see ``has_hashes``."""
    if has_hashes(text):
        return text
    return "".join(
        _changed(line, serving=serving) for line in text.splitlines(keepends=True)
    )


def has_hashes(text: str) -> bool:
    """Whether pip would ask for the hash of every package."""
    return bool(re.search(r"^[^#\n]*--hash=", text, re.MULTILINE))


def included(text: str) -> list[str]:
    """Give the files that a requirements file names by ``-r`` and ``-c``."""
    return _INCLUDED.findall(text)


def _changed(line: str, *, serving: bool) -> str:
    if _EGG.match(line):
        return _EGG.sub(f"{NEW}{NEW_VERSION}", line)
    found = _LINE.fullmatch(line)
    if found is None:
        return line
    before = found["requirement"]
    after = changed_requirement(before, serving=serving)
    return line if after == before else found["indent"] + after + found["rest"]


_SECTION = re.compile(r"\[([^\]]+)\]")
_OPTION = re.compile(r"([\w.-]+)\s*[=:]\s*(.*)")
LISTS = frozenset({"install_requires", "setup_requires", "tests_require"})


def setup_cfg_text(text: str, *, serving: bool = False) -> str:
    """Rewrite the lists of requirements of a ``setup.cfg``."""
    section, inside = "", False
    done = []
    for line in text.splitlines(keepends=True):
        if found := _SECTION.match(line):
            section, inside = found[1], False
        elif line[:1].strip() and (found := _OPTION.match(line)):
            inside = section == "options.extras_require" or (
                section == "options" and found[1] in LISTS
            )
            if inside and found[2]:
                new = changed_requirement(found[2].strip(), serving=serving)
                line = line.replace(found[2].strip(), new)  # noqa: PLW2901 - as it will be
        elif inside and line[:1].isspace():
            line = _changed(line, serving=serving)  # noqa: PLW2901 - the same
        done.append(line)
    return "".join(done)


_ITEM = re.compile(
    r"(?P<indent>\s*)-\s+(?P<quote>[\"']?)(?P<item>[^\"'#\n]+?)(?P=quote)\s*(?:#.*)?"
)
_CONDA = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<version>[=<>!~].*)?")
_PIP = re.compile(r"(\s*)-\s+pip:\s*")


def environment_text(text: str, *, serving: bool = False) -> str:
    """Rewrite a conda environment: what conda does not have goes to its pip list."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    pip_indent: str | None = None
    done: list[str] = []
    is_owed = False
    indent = "  "
    for line in lines:
        if pip := _PIP.fullmatch(line):
            pip_indent = pip[1]
        item = _ITEM.fullmatch(line)
        new: str | None = ""
        if item and pip_indent is not None and len(item["indent"]) > len(pip_indent):
            new = changed_requirement(item["item"], serving=serving)
        elif item:
            indent = item["indent"]
            new = _conda(item["item"])
            if new is None:
                is_owed = True
                continue
        done.append(line.replace(item["item"], new) if item and new else line)
    if is_owed:
        _add_to_pip(done, indent)
    return end.join(done) + (end if text.endswith("\n") else "")


def _conda(item: str) -> str | None:
    """Give what becomes of one of conda's packages; None where conda has none."""
    found = _CONDA.fullmatch(item)
    name = canonicalize_name(found["name"]) if found else ""
    if name == OLD:
        return None
    if found is None or name not in FLOORS:
        return item
    version = found["version"] or ""
    # `flask=2.0` is conda's prefix match, and `flask=2.0=build` names a build.
    if exact := re.fullmatch(r"=\s*([\w.]+)(?:=\S+)?", version):
        version = f"=={exact[1]}.*"
    floor = loosened(name, version)
    return item if floor is None else f"{found['name']}>={floor}"


def _add_to_pip(lines: list[str], indent: str) -> None:
    entry = f"- {NEW}{NEW_VERSION}"
    for number, line in enumerate(lines):
        if pip := _PIP.fullmatch(line):
            following = [_ITEM.fullmatch(line) for line in lines[number + 1 :][:1]]
            indents = [item["indent"] for item in following if item]
            deeper = [one for one in indents if len(one) > len(pip[1])]
            lines.insert(number + 1, f"{(deeper or [pip[1] + '    '])[0]}{entry}")
            return
    lines += [f"{indent}- pip", f"{indent}- pip:", f"{indent}    {entry}"]

"""
The text files that start the app: commands in their shell, exec and list forms.

What cannot be rewritten is reported, one finding a file: a text file that starts a WSGI
server is never passed over in silence.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.serving.commands import changed_command

RULE = "serving"

PROSE = frozenset(
    {
        *(".cfg", ".css", ".csv", ".example", ".html", ".in", ".ipynb", ".js", ".lock"),
        *(".log", ".map", ".md", ".py", ".pyi", ".rst", ".sql", ".svg", ".ts", ".tsx"),
    }
)
"""Ends of names of files that describe or render, and start nothing."""
DEPENDENCIES = re.compile(
    r"requirement|constraint|pyproject\.toml|Pipfile|setup\.cfg|environment.*\.ya?ml"
    r"|CHANGELOG|LICENSE|NOTICE|README",
    re.IGNORECASE,
)

_TOOL = r"gunicorn|waitress-serve|flask"
_SHELL = re.compile(
    rf"(?<![\w./@-])(?:(?:\S*/)?python[\d.]*[ \t]+-m[ \t]+)?(?P<tool>{_TOOL})"
    r"(?P<rest>(?:[ \t](?:\\\r?\n|\"[^\"\n]*\"|'[^'\n]*'|[^\n#&|;)\"'`\\])*)?)(?![\w-])"
)
_EXEC = re.compile(r"\[(?P<words>(?:\s*(?:\"[^\"\n]*\"|'[^'\n]*')\s*,?)+)\s*\]")
_WORD = re.compile(
    r"(?P<space>\s+(?:\\\n\s*)?)?(?P<word>(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+)"
)
_INSTALL = re.compile(r"\bpip[\d.]*\s+install\b[^\n&|;]*")
_STILL = re.compile(
    r"^(?!\s*(?:#|//|;))[^\n]*?(?<![\w./-])"
    r"(GUNICORN_CMD_ARGS|gunicorn(?![\w-]*(?:\.pid|\.log|\.sock|\.conf))|uwsgi(?!_)|waitress(?:-serve)?"
    r"|(?:flask|[\"']flask[\"'],)\s+(?:[^\n]*\s)?[\"']?run\b)",
    re.MULTILINE,
)
_GREENLETS = re.compile(
    r"^(?!\s*(?:#|//|;))[^\n]*(?:gunicorn\b|worker[_-]class|GUNICORN)[^\n]*"
    r"\b(gevent|eventlet)",
    re.MULTILINE,
)
MAX_CHARACTERS = 256_000
"""A longer text is data."""


def is_candidate(path: str) -> bool:
    """Whether a file may say how the app is started."""
    name = PurePosixPath(path)
    return name.suffix.lower() not in PROSE and not DEPENDENCIES.search(name.name)


def concerns(text: str) -> bool:
    """Whether a text can contain a command to rewrite."""
    words = ("gunicorn", "GUNICORN", "flask", "waitress", "uwsgi", "worker_class")
    return len(text) <= MAX_CHARACTERS and any(word in text for word in words)


def serving_text(text: str, dropped: list[str]) -> str:
    """
    Rewrite the commands of a file.

    Args:
        text: The file.
        dropped: Gets the options that have no counterpart.
    """
    text = _INSTALL.sub(lambda found: _installed(found[0]), text)
    text = _EXEC.sub(lambda found: _exec(found, dropped), text)
    return _SHELL.sub(lambda found: _shell(found, dropped), text)


def _installed(command: str) -> str:
    """Servers in ``pip install``; a version would be the shell's redirection."""
    return re.sub(
        r"(?<=\s)(?:gunicorn|waitress|uwsgi)(?:[=<>~!][^\s\"']*)?(?=\s|$)",
        "hypercorn",
        command,
    )


def _exec(found: re.Match[str], dropped: list[str]) -> str:
    words = [
        one[0][1:-1] for one in re.finditer(r"\"[^\"\n]*\"|'[^'\n]*'", found["words"])
    ]
    quote = '"' if '"' in found["words"] else "'"
    for number, word in enumerate(words):
        name = word.rpartition("/")[2]
        if name not in {"gunicorn", "waitress-serve", "flask"}:
            continue
        new = changed_command([name, *words[number + 1 :]], dropped)
        if new is None:
            return found[0]
        start = number
        if words[max(0, number - 1) : number] == ["-m"]:
            start = max(0, number - 2)
        done = [*words[:start], *new]
        return "[" + ", ".join(f"{quote}{one}{quote}" for one in done) + "]"
    return found[0]


def _shell(found: re.Match[str], dropped: list[str]) -> str:
    """Rewrite the words of a command, and leave the spaces between them."""
    line = found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()]
    if re.search(r"(?:^|\s)#", line):
        return found[0]  # a comment
    text = found["tool"] + found["rest"]
    pieces = list(_WORD.finditer(text))
    words = [piece["word"] for piece in pieces if piece["word"] != "\\"]
    lost: list[str] = []
    new = changed_command(words, lost)
    if new is None:
        return found[0]
    dropped += lost
    trailing = text[len(text.rstrip()) :]
    return _laid_out(new, pieces) + trailing


def _laid_out(words: list[str], pieces: list[re.Match[str]]) -> str:
    """Join words with the spaces that stood before the same words."""
    spaces = {piece["word"]: piece["space"] or " " for piece in pieces}
    first, *rest = words
    return first + "".join(f"{spaces.get(word, ' ')}{word}" for word in rest)


def findings(path: str, text: str, after: str) -> Iterator[Finding]:
    """
    Report a file that still starts a WSGI server once its commands are rewritten.

    Args:
        path: The file.
        text: Its text as it is now.
        after: Its text with its commands rewritten.
    """
    found = _STILL.search(after)
    if found is not None:
        yield Finding(
            path=path,
            line=_line_in(text, after, found.start(1)),
            rule=RULE,
            reason=f"it still says `{found[1].strip()}`, in a form that was not "
            "rewritten",
            advice="Start the app with `hypercorn asgi:module:app` or `quart-jwt run`; "
            "a WSGI server works, too, without websockets and async views.",
        )


def _line_in(text: str, after: str, at: int) -> int:
    """Give the line of a text that is the one at an offset of the rewritten text."""
    number = after.count("\n", 0, at)
    line = after.splitlines()[number]
    lines = text.splitlines()
    return (lines.index(line) if line in lines else number) + 1


def worker_findings(path: str, text: str) -> Iterator[Finding]:
    """Report a worker class of gunicorn that replaces threads."""
    if found := _GREENLETS.search(text):
        yield Finding(
            path=path,
            line=text.count("\n", 0, found.start(1)) + 1,
            rule=RULE,
            reason=f"gunicorn's {found[1]} workers replace threads, and do not work "
            "with quart_jwt.flask",
            advice="Use gunicorn's gthread workers, or Hypercorn (`--serve`).",
        )

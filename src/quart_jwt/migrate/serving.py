"""
How a project is served: Procfile, Dockerfile and their like, from WSGI to Hypercorn.
"""

import re
import shlex
from collections.abc import Iterator

from quart_jwt.migrate.findings import Finding
from quart_jwt.migrate.migration import Migration
from quart_jwt.migrate.requirements import requirement_word
from quart_jwt.migrate.text_files import text_files

RULE = "serving"

PATTERNS = (
    "*.service",
    "*.sh",
    ".flaskenv",
    "[Dd]ockerfile*",
    "Makefile",
    "Procfile*",
    "compose*.y*ml",
    "docker-compose*.y*ml",
    "fly.toml",
    "render.y*ml",
)

SAME_OPTIONS = {
    "--access-logfile": "--access-logfile",
    "--bind": "--bind",
    "--certfile": "--certfile",
    "--error-logfile": "--error-logfile",
    "--graceful-timeout": "--graceful-timeout",
    "--keep-alive": "--keep-alive",
    "--keyfile": "--keyfile",
    "--log-file": "--error-logfile",
    "--log-level": "--log-level",
    "--max-requests": "--max-requests",
    "--max-requests-jitter": "--max-requests-jitter",
    "--pid": "--pid",
    "--workers": "--workers",
    "-b": "--bind",
    "-p": "--pid",
    "-w": "--workers",
}
"""gunicorn's options with a value, and Hypercorn's of the same meaning."""

DROPPED_OPTIONS = frozenset(
    {
        "--chdir",
        "--forwarded-allow-ips",
        "--name",
        "--threads",
        "--timeout",
        "--worker-class",
        "--worker-connections",
        "--worker-tmp-dir",
        "-k",
        "-n",
        "-t",
    }
)
"""Those with a value that mean nothing to an event loop, or are not there."""

DROPPED_FLAGS = frozenset(
    {"--preload", "--capture-output", "--enable-stdio-inheritance"}
)
SAME_FLAGS = frozenset({"--reload"})

FLASK_COMMANDS = frozenset({"--app", "--debug", "-A", "db", "routes", "run", "shell"})
"""What may follow the word ``flask`` where it is the command, and not prose."""

_JSON = re.compile(r'\[\s*"(?:gunicorn|flask)"[^\]]*\]')
_SHELL = re.compile(
    r"(?<![\w./-])(?P<python>python3? -m )?(?P<tool>gunicorn|flask)"
    r"(?P<rest>[ \t][^\n#&|;]*)"
)
_INSTALL = re.compile(r"(\bpip3? install )([^\n&|;]*)")
_APPLICATION = re.compile(r"""["']?[\w./]+:[A-Za-z_][\w.]*(\(.*\))?["']?$""")
_STILL = re.compile(r"^[^#\n]*\bgunicorn\b", re.MULTILINE)
_VARIABLE = re.compile(r"\bFLASK_(APP|DEBUG|RUN_HOST|RUN_PORT)\b(?=\s*[=: ])")


def rewrite_serving(migration: Migration) -> None:
    """Rewrite the files; options that are lost are reported."""
    for path, text in text_files(migration, *PATTERNS):
        lost: list[str] = []
        after = serving_text(text, lost)
        if lost:
            migration.findings.append(_lost(path, lost))
        if after != text:
            migration.texts[path] = after
        if _STILL.search(after):
            migration.findings.append(_unread(path))


def serving_text(text: str, lost: list[str]) -> str:
    """
    Rewrite the commands and variables of a file.

    Args:
        text: The file.
        lost: Gets the options that have no counterpart.
    """
    text = _VARIABLE.sub(r"QUART_\1", text)
    text = _INSTALL.sub(_installed, text)
    text = _JSON.sub(lambda found: _json(found[0], lost), text)
    return _SHELL.sub(lambda found: _shell(found, lost), text)


def _installed(found: re.Match[str]) -> str:
    words = re.split(r"(\s+)", found[2])
    return found[1] + "".join(requirement_word(word) for word in words)


def _json(text: str, lost: list[str]) -> str:
    words = re.findall(r'"([^"]*)"', text)
    new = _command(words, lost)
    if new is None:
        return text
    return "[" + ", ".join(f'"{word}"' for word in new) + "]"


def _shell(found: re.Match[str], lost: list[str]) -> str:
    text = found["tool"] + found["rest"]
    trailing = text[len(text.rstrip()) :]
    try:
        words = shlex.split(text, posix=False)
    except ValueError:
        return found[0]
    new = _command(words, lost)
    if new is None:
        return found[0]
    return (found["python"] or "") + " ".join(new) + trailing


def _command(words: list[str], lost: list[str]) -> list[str] | None:
    tool, *arguments = words
    if tool == "flask":
        is_command = bool(FLASK_COMMANDS & {*arguments[:1]})
        return ["quart", *arguments] if is_command else None
    if not any(_APPLICATION.match(one) for one in arguments):
        return None
    return ["hypercorn", *_options(arguments, lost)]


def _options(arguments: list[str], lost: list[str]) -> Iterator[str]:
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in SAME_OPTIONS:
            new = SAME_OPTIONS[name]
            yield f"{new}={value}" if equals else new
            if not equals:
                yield next(rest, "")
        elif name in DROPPED_OPTIONS:
            lost.append(word if equals else f"{word} {next(rest, '')}".strip())
        elif name in DROPPED_FLAGS:
            lost.append(word)
        else:
            if name.startswith("-") and name not in SAME_FLAGS:
                lost.append(f"{word} (kept, and not known)")
            yield word


def _unread(path: str) -> Finding:
    return Finding(
        path=path,
        line=0,
        rule=RULE,
        reason="gunicorn is named in a way that is not understood, and was left",
        advice="Serve the app with Hypercorn: `hypercorn module:app`.",
    )


def _lost(path: str, options: list[str]) -> Finding:
    return Finding(
        path=path,
        line=0,
        rule=RULE,
        reason=f"gunicorn's {', '.join(options)} has no counterpart in Hypercorn",
        advice="An event loop needs no threads, worker class or worker timeout; see "
        "`hypercorn --help` for what else is there.",
        level="note",
    )

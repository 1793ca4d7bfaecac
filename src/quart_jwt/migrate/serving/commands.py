"""
A command that starts the app, as a list of words: gunicorn, waitress, uWSGI, Flask.
"""

import re
from collections.abc import Iterator

MIGRATED_GUNICORN = {
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

GUNICORN_VALUES = frozenset(
    {
        *("--backlog", "--chdir", "--config", "--env", "--forwarded-allow-ips"),
        *("--group", "--name", "--pythonpath", "--statsd-host", "--threads"),
        *("--timeout", "--umask", "--user", "--worker-class"),
        *("--worker-connections", "--worker-tmp-dir"),
        *("-c", "-e", "-g", "-k", "-n", "-t", "-u"),
    }
)
"""gunicorn's options with a value that Hypercorn has not, or not in the same way."""

FLASK_RUN = {
    "--cert": "--certfile",
    "--debug": "--debug",
    "--host": "--host",
    "--key": "--keyfile",
    "--port": "--port",
    "--reload": "--reload",
    "-h": "--host",
    "-p": "--port",
}
"""Options of ``flask run`` that ``quart-jwt run`` has, too."""
FLAGS = frozenset({"--debug", "--reload"})
FLASK_RUN_FLAGS = frozenset(
    {
        *("--debugger", "--eager-loading", "--lazy-loading", "--no-debug"),
        *("--no-debugger", "--no-reload", "--with-threads", "--without-threads"),
    }
)
FLASK_RUN_VALUES = frozenset({"--exclude-patterns", "--extra-files"})
FLASK_GROUP = {"--app": "--app", "-A": "--app", "--env-file": "--env-file"}
"""Options that stand before ``run``, with their values."""

WAITRESS = {"--host": "--host", "--port": "--port", "--listen": "--bind"}

_APPLICATION = re.compile(r"[\w./]+:[A-Za-z_][\w.]*(?:\(.*\))?")
_BARE_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.\w+)+|wsgi|app|main|run|server")


def changed_command(words: list[str], dropped: list[str]) -> list[str] | None:
    """
    Give the command that takes the place of one that starts the app.

    Args:
        words: The command; a leading ``python -m`` is left out.
        dropped: Gets the options that have no counterpart.

    Returns:
        None if the command does not start the app, or is not understood.
    """
    tool, *arguments = words
    if tool == "gunicorn":
        return _gunicorn(arguments, dropped)
    if tool == "waitress-serve":
        return _waitress(arguments, dropped)
    if tool == "flask":
        return _flask(arguments, dropped)
    return None


def _unquoted(word: str) -> str:
    return word.strip("\"'")


def _application(word: str) -> str:
    """Name the app to Hypercorn, which would take it for a WSGI app by itself."""
    quote = word[0] if word[:1] in {'"', "'"} else ""
    name = _unquoted(word)
    with_app = name if ":" in name else f"{name}:application"
    return f"{quote}asgi:{with_app}{quote}"


def _gunicorn(arguments: list[str], dropped: list[str]) -> list[str] | None:
    done: list[str] = []
    has_app = False
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in MIGRATED_GUNICORN:
            new = MIGRATED_GUNICORN[name]
            done += [f"{new}={value}"] if equals else [new, next(rest, "")]
        elif name in GUNICORN_VALUES:
            dropped.append(word if equals else f"{word} {next(rest, '')}".strip())
        elif re.fullmatch(r"-[bwp].+", word):
            done += [MIGRATED_GUNICORN[word[:2]], word[2:]]
        elif word.startswith("-"):
            if word == "--reload":
                done.append(word)
            else:
                dropped.append(word)
        elif _APPLICATION.fullmatch(_unquoted(word)) or (
            not has_app and _BARE_MODULE.fullmatch(_unquoted(word))
        ):
            has_app = True
            done.append(_application(word))
        else:
            done.append(word)
    return ["hypercorn", *done] if has_app else None


def _waitress(arguments: list[str], dropped: list[str]) -> list[str] | None:
    done: list[str] = []
    host, port, app, is_call = "0.0.0.0", "8080", "", False  # noqa: S104 - its default
    for word in arguments:
        name, _, value = word.partition("=")
        if name == "--host":
            host = value
        elif name == "--port":
            port = value
        elif name == "--listen":
            done += ["--bind", value.replace("*", "0.0.0.0")]  # noqa: S104 - the same
        elif name == "--call":
            is_call = True
        elif word.startswith("-"):
            dropped.append(word)
        else:
            app = _application(f"{word}()" if is_call else word)
    if not app:
        return None
    bind = done or ["--bind", f"{host}:{port}"]
    return ["hypercorn", *bind, app]


def _flask(arguments: list[str], dropped: list[str]) -> list[str] | None:
    """``flask [--app APP] run [OPTIONS]``; other commands stay Flask's."""
    before: list[str] = []
    rest = iter(arguments)
    for word in rest:
        name, equals, _value = word.partition("=")
        if name in FLASK_GROUP:
            before += [word] if equals else [name, next(rest, "")]
        elif name == "--debug":
            before.append(word)
        elif word == "run":
            return ["quart-jwt", "run", *before, *_run_options(rest, dropped)]
        else:
            return None
    return None


def _run_options(rest: Iterator[str], dropped: list[str]) -> Iterator[str]:
    for word in rest:
        name, equals, value = word.partition("=")
        if word in FLASK_RUN_FLAGS:
            dropped.append(word)
        elif name in FLASK_RUN_VALUES:
            dropped.append(word if equals else f"{word} {next(rest, '')}".strip())
        elif name in FLASK_RUN:
            new = FLASK_RUN[name]
            if equals:
                yield f"{new}={value}"
            elif name in FLAGS:
                yield new
            else:
                yield from (new, next(rest, ""))
        elif re.fullmatch(r"-[hp].+", word):
            yield from (FLASK_RUN[word[:2]], word[2:])
        else:
            yield word

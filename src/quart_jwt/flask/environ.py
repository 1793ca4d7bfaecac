"""
The WSGI environment of an ASGI request (PEP 3333, and the ASGI specification).
"""

import sys
from typing import Any

_OWN_KEYS = {"CONTENT_TYPE", "CONTENT_LENGTH"}


def environ_of(scope: Any, body: Any) -> dict[str, Any]:
    """
    Return the environment in which Flask handles an ASGI request.

    Args:
        scope: The scope of the request.
        body: A file-like object with its body.
    """
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", "")
    root = scope.get("root_path", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": _wsgi(root),
        "PATH_INFO": _wsgi(_below(root, scope["path"])),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    if raw_path := scope.get("raw_path"):
        environ["RAW_URI"] = environ["REQUEST_URI"] = _target(raw_path, scope)
    _add_headers(environ, scope["headers"])
    return environ


def _add_headers(environ: dict[str, Any], headers: Any) -> None:
    for raw_name, raw_value in headers:
        # With underscores, it could pass for another header (`X_Forwarded_For`).
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        key = name if name in _OWN_KEYS else f"HTTP_{name}"
        value = raw_value.decode("latin-1")
        if key in environ:  # RFC 9110 section 5.2, and RFC 6265 section 5.4 for cookies
            separator = "; " if key == "HTTP_COOKIE" else ","
            value = f"{environ[key]}{separator}{value}"
        environ[key] = value


def _below(root: str, path: str) -> str:
    """The path below the mount point, which ASGI's path begins with."""
    return path.removeprefix(root) if root else path


def _wsgi(text: str) -> str:
    """PEP 3333: the bytes, as if they were Latin-1."""
    return text.encode("utf-8").decode("latin-1")


def _target(raw_path: bytes, scope: Any) -> str:
    query = scope["query_string"]
    return (raw_path + (b"?" + query if query else b"")).decode("latin-1")

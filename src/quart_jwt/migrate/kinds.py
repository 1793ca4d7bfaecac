"""
Kinds of values that a migration cares about, and what their members give.
"""

from dataclasses import dataclass
from typing import Literal

Name = Literal[
    "app",
    "app context",
    "blueprint",
    "class",
    "client",
    "file",
    "files",
    "function",
    "instance",
    "list",
    "request",
    "request context",
    "response",
    "tuple",
]


@dataclass(frozen=True, slots=True)
class Kind:
    """
    What is known about a value.
    """

    name: Name
    target: str = ""
    """For a function, class or instance: the full name of the project's own."""
    parts: "tuple[Kind | None, ...]" = ()
    """For a tuple its members, for a list its one kind of element."""


Found = Kind | None
"""A kind, or None for what is not known."""


def element_of(whole: Found) -> Found:
    """Give the kind of the elements of a sequence."""
    if whole is None or whole.name not in {"list", "tuple"}:
        return None
    parts = {one for one in whole.parts if one is not None}
    return parts.pop() if len(parts) == 1 else None


APP = Kind("app")
APP_CONTEXT = Kind("app context")
BLUEPRINT = Kind("blueprint")
CLIENT = Kind("client")
FILE = Kind("file")
FILES = Kind("files")
REQUEST = Kind("request")
REQUEST_CONTEXT = Kind("request context")
RESPONSE = Kind("response")

CLIENT_VERBS = frozenset(
    {"delete", "get", "head", "open", "options", "patch", "post", "put", "trace"}
)

VALUES: dict[str, Kind] = {
    "flask.current_app": APP,
    "flask.globals.current_app": APP,
    "flask.request": REQUEST,
    "flask.globals.request": REQUEST,
    "quart.current_app": APP,
    "quart.request": REQUEST,
}
"""Names that are a value of a kind."""

CALLS: dict[str, Kind] = {
    "flask.Blueprint": BLUEPRINT,
    "flask.Flask": APP,
    "flask.Response": RESPONSE,
    "flask.jsonify": RESPONSE,
    "flask.make_response": RESPONSE,
    "flask.redirect": RESPONSE,
    "flask.send_file": RESPONSE,
    "flask.send_from_directory": RESPONSE,
    "flask.wrappers.Response": RESPONSE,
    "flask.testing.FlaskClient": CLIENT,
    "flask_smorest.Blueprint": BLUEPRINT,
    "quart.Blueprint": BLUEPRINT,
    "quart.Quart": APP,
    "quart.Response": RESPONSE,
    "quart.jsonify": RESPONSE,
    "quart.make_response": RESPONSE,
    "quart.testing.QuartClient": CLIENT,
    "quart_jwt.compat.Blueprint": BLUEPRINT,
    "quart_jwt.compat.Quart": APP,
}
"""Calls that give a value of a kind; as an annotation they say the same."""

ANNOTATIONS: dict[str, Kind] = CALLS | {
    "flask.Request": REQUEST,
    "flask.wrappers.Request": REQUEST,
    "werkzeug.test.Client": CLIENT,
    "werkzeug.test.TestResponse": RESPONSE,
}

METHODS: dict[tuple[str, str], Kind] = {
    ("app", "test_client"): CLIENT,
    ("app", "app_context"): APP_CONTEXT,
    ("app", "test_request_context"): REQUEST_CONTEXT,
    ("app", "request_context"): REQUEST_CONTEXT,
    ("app", "make_response"): RESPONSE,
    ("client", "__enter__"): CLIENT,
    ("files", "get"): FILE,
    ("files", "getlist"): Kind("list", parts=(FILE,)),
} | {("client", verb): RESPONSE for verb in CLIENT_VERBS}
"""Methods of a kind, and the kind that they give."""

MEMBERS: dict[tuple[str, str], Kind] = {
    ("client", "application"): APP,
    ("client", "app"): APP,
    ("request", "files"): FILES,
    ("request context", "request"): REQUEST,
    ("app context", "app"): APP,
}
"""Attributes of a kind, and the kind that they have."""

"""
Quart's request over Flask's: one set of headers and one body, seen by both.
"""

from typing import Any

from flask import Request as FlaskRequest
from quart.wrappers import Request as QuartRequest
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest

from quart_jwt.extension.request.presentation import RequestPresentation
from quart_jwt.tokens import locations


class FlaskPresentation(RequestPresentation):
    """
    A request whose body is read in the thread of the request, as Flask reads it.
    """

    __slots__ = ()
    request: "SharedRequest"

    async def json(self) -> Any:
        """The parsed body, None for a malformed one."""
        if not self.request.is_json:
            locations.not_json()
        try:
            return self.request.flask_request.get_json()
        except (BadRequest, ValueError, RecursionError):
            return None

    async def form_field(self, name: str) -> str | None:
        """A field of a submitted form."""
        return self.request.flask_request.form.get(name)


class SharedRequest(QuartRequest):
    """
    What ``quart.request`` is while Flask's pipeline handles a request.

    Args:
        flask_request: Flask's request.
    """

    presentation_class = FlaskPresentation

    def __init__(self, flask_request: FlaskRequest) -> None:
        self.flask_request = flask_request
        environ = flask_request.environ
        scope = environ.get("asgi.scope") or _scope_of(flask_request)
        super().__init__(
            flask_request.method,
            flask_request.scheme,
            flask_request.path,
            flask_request.query_string,
            Headers(list(flask_request.headers)),
            flask_request.root_path,
            scope["http_version"],
            scope,
            send_push_promise=_push_nothing,
        )
        self.remote_addr: str | None = environ.get("REMOTE_ADDR")

    async def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> Any:
        """Return the body, as Flask's request does."""
        read: Any = self.flask_request.get_data
        return read(cache=cache, as_text=as_text, parse_form_data=parse_form_data)

    async def _load_form_data(self) -> None:
        self._form = self.flask_request.form
        self._files = self.flask_request.files

    @property
    def routing_exception(self) -> Exception | None:
        """Why the request is not dispatched; Flask's request has it."""
        return self.flask_request.routing_exception

    @routing_exception.setter
    def routing_exception(self, error: Exception | None) -> None:
        self.flask_request.routing_exception = error  # type: ignore[assignment]

    @property
    def url_rule(self) -> Any:  # type: ignore[override]  # read-only here
        """The rule that the request matched."""
        return self.flask_request.url_rule

    @property
    def view_args(self) -> Any:  # type: ignore[override]  # read-only here
        """The arguments of the view."""
        return self.flask_request.view_args


def _scope_of(flask_request: FlaskRequest) -> Any:
    environ = flask_request.environ
    protocol: str = environ.get("SERVER_PROTOCOL") or "HTTP/1.1"
    address = environ.get("REMOTE_ADDR")
    return {
        "type": "http",
        "asgi": {},
        "http_version": protocol.removeprefix("HTTP/"),
        "method": flask_request.method,
        "scheme": flask_request.scheme,
        "path": flask_request.path,
        "raw_path": flask_request.path.encode(),
        "query_string": flask_request.query_string,
        "root_path": flask_request.root_path,
        "headers": [],
        "extensions": {},
        "state": {},
        "client": (address, 0) if address else None,
        "server": flask_request.server,
    }


async def _push_nothing(_path: str, _headers: Headers) -> None:
    """WSGI has no server push."""

"""
The OpenAPI document (3.1), made by quart-schema from the routes and their notes.

quart-schema's extension is not installed in the app: there it would take the place of
the JSON provider, look at every answer for models, and serve pages that load programs
from elsewhere. Its provider is used alone, once, when the document is first asked for.
"""

import inspect
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from msgspec.json import schema_components
from quart import Quart
from quart_schema import APIKeySecurityScheme
from quart_schema import DataSource
from quart_schema import HttpSecurityScheme
from quart_schema import Info
from quart_schema import OpenAPIProvider
from quart_schema import QuartSchema
from quart_schema import Tag
from werkzeug.routing import Rule

from quart_jwt import __version__
from quart_jwt.service.ground.values import VERIFY_PATH
from quart_jwt.service.openapi.documented import JSON
from quart_jwt.service.openapi.documented import NOTE
from quart_jwt.service.openapi.documented import Note
from quart_jwt.service.openapi.lane import LANE

REF = "#/components/schemas/{name}"
FORM = "application/x-www-form-urlencoded"
HEADERS = {
    401: ("WWW-Authenticate", "The authentication scheme to use (RFC 9110 §11.6.1)."),
    429: ("Retry-After", "Seconds to wait before the next attempt."),
    503: ("Retry-After", "Seconds to wait before the next attempt."),
}
"""What an answer of that status always carries."""

TEXT = """\
Sign-in, sessions and tokens. Send the access token in the `Authorization`
header or in a cookie. With a cookie, requests that change something also need the
CSRF value. Every error is `{"msg": ..., "code": ...}`, and `code` is stable.
"""

GROUPS = {
    "Signing in": "Exchange a name and a password for tokens, refresh them, and sign "
    "out.",
    "User": "Requests with an access token.",
    "Sessions": "List the sessions of a user, and end them.",
    "Clients": "Introspect (RFC 7662) and revoke (RFC 7009) tokens, for API clients.",
    "Gateways": "Forward authentication for reverse proxies.",
    "For everybody": "Public keys and metadata.",
    "For operators": "Metrics for Prometheus.",
    "Health": "Health checks for supervisors and load balancers.",
}


def openapi_document(app: Quart) -> dict[str, Any]:
    """Describe every route of an app, and the lane in front of it."""
    provider = Provider(app, _extension())
    document: dict[str, Any] = provider.schema()
    paths = {**document["paths"], VERIFY_PATH: LANE}
    document["paths"] = {path: paths[path] for path in sorted(paths)}
    return document


class Provider(OpenAPIProvider):
    """quart-schema's provider, with the notes that it does not know."""

    def __init__(self, app: Quart, extension: QuartSchema) -> None:
        super().__init__(app, extension)
        self._views = app.view_functions

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        """Describe the operations of one route."""
        paths, components = super().build_paths(rule)
        view = self._views[rule.endpoint]
        note = getattr(view, NOTE, None)
        for operation in (one for path in paths.values() for one in path.values()):
            operation.update(_summary(inspect.getdoc(view) or ""))
            if note is not None:
                operation["responses"] = _responses(operation["responses"], note)
        return paths, components

    def build_request_body(
        self, model: Any, source: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Describe the body of a request."""
        schema, components = _schema(model)
        media = FORM if source is DataSource.FORM else JSON
        return {"required": True, "content": {media: {"schema": schema}}}, components

    def build_response_object(
        self, model: Any, _headers_model: Any
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Describe one answer; its description and its headers come later."""
        if model is None:
            return {"content": {JSON: {}}}, {}
        schema, components = _schema(model)
        return {"content": {JSON: {"schema": schema}}}, components

    def generate_methods(self, rule: Rule) -> Iterable[str]:
        """The methods of a route, in an order that stays."""
        return sorted(super().generate_methods(rule))


def _schema(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reference to a shape, or to each of several, and all shapes it needs."""
    models = model if isinstance(model, tuple) else (model,)
    references, components = schema_components(models, ref_template=REF)
    if len(models) == 1:
        return references[0], components
    return {"anyOf": list(references)}, components


def _summary(text: str) -> dict[str, str]:
    """The first sentence, and what is said beyond it."""
    first, _, more = text.replace("``", "`").partition("\n\n")
    return {"summary": " ".join(first.split()), "description": more}


def _responses(responses: dict[int, Any], note: Note) -> dict[str, Any]:
    described = {
        str(status): _described(status, answer, note)
        for status, answer in responses.items()
    }
    if note.may_be_unchanged:
        described["304"] = {"description": "Not modified."}
    return dict(sorted(described.items()))


def _described(status: int, answer: dict[str, Any], note: Note) -> dict[str, Any]:
    content = answer["content"]
    if status not in note.codes:
        phrase = HTTPStatus(status).phrase
        return {"description": phrase, "content": {note.media: content[JSON]}}
    described = {"description": note.codes[status], "content": content}
    if status in HEADERS:
        name, says = HEADERS[status]
        header = {"description": says, "required": True, "schema": {"type": "string"}}
        described["headers"] = {name: header}
    return described


def _extension() -> QuartSchema:
    return QuartSchema(
        info=Info(title="quart-jwt", version=__version__, description=TEXT),
        tags=[Tag(name=name, description=says) for name, says in GROUPS.items()],
        security_schemes={
            "bearer": HttpSecurityScheme(scheme="bearer", bearer_format="JWT"),
            "accessCookie": APIKeySecurityScheme("access_token_cookie", "cookie"),
            "refreshCookie": APIKeySecurityScheme("refresh_token_cookie", "cookie"),
            "csrf": APIKeySecurityScheme("X-CSRF-TOKEN", "header"),
            "client": HttpSecurityScheme(scheme="basic"),
        },
    )

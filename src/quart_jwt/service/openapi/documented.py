"""
What a view says of itself for the OpenAPI document, with quart-schema's decorators.

They leave notes on the function and wrap nothing. What they have no words for (other
media types, answers without a body, several shapes) is a note of our own.
"""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any
from typing import TypeVar

from msgspec import Struct
from quart_schema import DataSource
from quart_schema import document_request
from quart_schema import document_response
from quart_schema import security_scheme
from quart_schema import tag

from quart_jwt.service.openapi.schemas import Error
from quart_jwt.service.openapi.schemas import OAuthError

NOTE = "_quart_jwt_documented"
JSON = "application/json"
View = TypeVar("View", bound=Callable[..., Any])
Schema = type[Struct] | tuple[type[Struct], ...]
Codes = Mapping[int, str]
"""The codes of errors, with commas, by status."""

EVERYWHERE: Codes = {
    400: "bad_request",
    413: "content_too_large",
    500: "internal_error",
}
"""Error responses that any request can get."""

STORES: Codes = {503: "store_unavailable"}
BODY: Codes = {408: "request_timeout"}
TOKEN = "missing_token, invalid_token, token_expired, token_revoked, wrong_token_type"  # noqa: S105 - names of errors


class Needs(Enum):
    """
    What opens a route: alternatives, each of which may need several at once.
    """

    NOTHING = ((),)
    ACCESS = (("bearer",), ("accessCookie",))
    ACCESS_TO_CHANGE = (("bearer",), ("accessCookie", "csrf"))
    REFRESH = (("bearer",), ("refreshCookie", "csrf"))
    CLIENT = (("client",), ())  # or in the form

    @property
    def codes(self) -> Codes:
        """The error codes of a request without it."""
        if self is Needs.NOTHING:
            return {}
        if self is Needs.CLIENT:
            return {401: "invalid_client"}
        has_csrf = any("csrf" in together for together in self.value)
        return {401: f"{TOKEN}, csrf_failed" if has_csrf else TOKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """
    What quart-schema has no words for.

    Attributes:
        codes: The codes of the errors, by status.
        media: The media type of a 200.
        may_be_unchanged: Whether a 304 may be the answer (RFC 9110 §15.4.5).
    """

    codes: Codes
    media: str
    may_be_unchanged: bool


def documented(
    group: str,
    *,
    gives: Schema | None,
    needs: Needs = Needs.NOTHING,
    takes: type[Struct] | None = None,
    refuses: Codes = STORES,
    status: int = HTTPStatus.OK,
    media: str = JSON,
    may_be_unchanged: bool = False,
) -> Callable[[View], View]:
    """
    Describe a view; stands directly below its route.

    Args:
        group: The group of operations that it belongs to.
        gives: The body of a success; several shapes are alternatives; None for no JSON.
        needs: What opens it.
        takes: The body of the request, if it reads one.
        refuses: The codes of its own errors, by status.
        status: The status of a success.
        media: The media type of a 200.
        may_be_unchanged: Whether a 304 may be the answer.
    """
    is_oauth = needs is Needs.CLIENT
    codes = _joined(EVERYWHERE, needs.codes, refuses)
    answers: dict[int, Any] = {each: _error(each, is_oauth) for each in codes}

    def note(view: View) -> View:
        view = security_scheme(_alternatives(needs))(tag([group])(view))
        if takes is not None:
            source = DataSource.FORM if is_oauth else DataSource.JSON
            view = document_request(takes, source=source)(view)
        for each, schema in {int(status): gives, **answers}.items():
            view = document_response(schema, each)(view)
        noted = Note(codes=codes, media=media, may_be_unchanged=may_be_unchanged)
        setattr(view, NOTE, noted)
        return view

    return note


def _alternatives(needs: Needs) -> list[dict[str, list[str]]]:
    return [{name: [] for name in together} for together in needs.value]


def _error(status: int, is_oauth: bool) -> Schema:
    if is_oauth and status == HTTPStatus.UNAUTHORIZED:
        return OAuthError
    if is_oauth and status == HTTPStatus.BAD_REQUEST:
        return OAuthError, Error
    return Error


def _joined(*parts: Codes) -> Codes:
    joined: dict[int, str] = {}
    for part in parts:
        for status, codes in part.items():
            joined[status] = ", ".join(filter(None, (joined.get(status), codes)))
    return dict(sorted(joined.items()))

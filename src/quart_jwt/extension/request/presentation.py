"""
What was presented: where a request may hold a token, and the credential found.

``Presentation`` is the little that verification has to know of a request; Quart
requests, websocket handshakes and raw ASGI calls are all shown to it this way.
"""

from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Protocol

from quart import Request
from quart import Websocket
from werkzeug.exceptions import BadRequest

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.extension.hooks.waiting import via_loop
from quart_jwt.extension.request.requirement import places_of
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.settings.settings import Settings
from quart_jwt.tokens import locations
from quart_jwt.tokens.origin import is_welcome


@dataclass(frozen=True, slots=True)
class Credential:
    """
    A token as it was presented.

    Attributes:
        text: The encoded token; whatever stood there, for JSON.
        location: Where it stood.
        csrf: The double-submit value beside it, where one is due.
    """

    text: Any = field(repr=False)
    location: str
    csrf: str | None = field(default=None, repr=False)


class Presentation(Protocol):
    """A request, as far as finding a token goes."""

    @property
    def method(self) -> str:
        """The request method."""

    @property
    def opens_websocket(self) -> bool:
        """Whether this is a websocket's handshake, which any page can send."""

    def header(self, name: str) -> str | None:
        """A header; several of one name are joined by commas (RFC 9110 §5.2)."""

    def cookie(self, name: str) -> str | None:
        """A cookie; InvalidHeaderError if there are several of that name."""

    def argument(self, name: str) -> str | None:
        """A query parameter."""

    async def json(self) -> Any:
        """The parsed body, None for a malformed one; NoAuthorizationError
        where the request does not say that it has JSON.
        """

    async def form_field(self, name: str) -> str | None:
        """A field of a submitted form."""


class HandshakePresentation:
    """
    A websocket handshake: a GET without a body.

    Args:
        request: The handshake.
    """

    __slots__ = ("request",)

    def __init__(self, request: Request | Websocket) -> None:
        self.request: Request | Websocket = request

    @property
    def opens_websocket(self) -> bool:
        """Always."""
        return True

    @property
    def method(self) -> str:
        """The request method."""
        return self.request.method

    def header(self, name: str) -> str | None:
        """A header; several of one name are joined by commas."""
        values = self.request.headers.getlist(name)
        return ",".join(values) if values else None

    def cookie(self, name: str) -> str | None:
        """A cookie; InvalidHeaderError if there are several of that name."""
        return locations.only_cookie(self.request.cookies.getlist(name), name=name)

    def argument(self, name: str) -> str | None:
        """A query parameter."""
        return self.request.args.get(name)

    async def json(self) -> Any:
        """No body, so no JSON."""
        locations.not_json()

    async def form_field(self, _name: str) -> str | None:
        """No body, so no form."""
        return None


class RequestPresentation(HandshakePresentation):
    """
    A Quart request.

    Args:
        request: The request.
    """

    __slots__ = ()
    request: Request

    @property
    def opens_websocket(self) -> bool:
        """Never."""
        return False

    async def json(self) -> Any:
        """The parsed body, None for a malformed one."""
        if not self.request.is_json:
            locations.not_json()
        try:
            return await via_loop(self.request.get_json())
        except (BadRequest, ValueError, RecursionError):
            return None

    async def form_field(self, name: str) -> str | None:
        """A field of a submitted form."""
        form = await via_loop(self.request.form)
        return form.get(name)


def presentation_of(subject: Request | Websocket) -> Presentation:
    """How a request, or a websocket handshake, shows what it carries."""
    if isinstance(subject, Request):
        return getattr(subject, "presentation_class", RequestPresentation)(subject)
    return HandshakePresentation(subject)


async def present(
    presentation: Presentation, requirement: Requirement, settings: Settings
) -> Credential:
    """
    Find the first token, in order of precedence.

    Raises:
        NoAuthorizationError: No location has one; says why for each.
        InvalidHeaderError, InvalidQueryParamError, CSRFError: A location has
            one that is malformed; the locations after it are not tried.
    """
    places = places_of(requirement, settings)
    reasons: list[str] = []
    for place in places:
        try:
            if place == "headers":
                return _in_headers(presentation, settings)
            return await _look(place, presentation, requirement, settings)
        except NoAuthorizationError as exc:
            reasons.append(str(exc))
    raise locations.nowhere(places, reasons)


async def _look(
    place: str, presentation: Presentation, requirement: Requirement, settings: Settings
) -> Credential:
    if place == "cookies":
        return await _in_cookies(presentation, requirement.refresh, settings)
    if place == "query_string":
        return _in_query_string(presentation, settings)
    return await _in_json(presentation, requirement.refresh, settings)


def _in_headers(presentation: Presentation, settings: Settings) -> Credential:
    name = settings.header_name
    value = presentation.header(name) or ""
    if not value and settings.websocket_subprotocol and presentation.opens_websocket:
        offered = presentation.header("Sec-WebSocket-Protocol") or ""
        marker = settings.websocket_subprotocol
        return Credential(locations.from_subprotocols(offered, marker), "headers")
    text = locations.from_header(value, name=name, scheme=settings.header_type)
    return Credential(text, "headers")


async def _in_cookies(
    presentation: Presentation, refresh: bool, settings: Settings
) -> Credential:
    name = settings.refresh_cookie_name if refresh else settings.access_cookie_name
    text = locations.from_cookie(presentation.cookie(name), name=name)
    if not settings.cookie_csrf_protect:
        return Credential(text, "cookies")
    if presentation.opens_websocket:
        _welcome(presentation, settings)
    if presentation.method not in settings.csrf_methods:
        return Credential(text, "cookies")
    return Credential(text, "cookies", await _csrf(presentation, refresh, settings))


def _welcome(presentation: Presentation, settings: Settings) -> None:
    origin = presentation.header("Origin")
    host = presentation.header("Host") or ""
    if origin is None:  # no browser, so no cookies of another page's visitor
        return
    allowed, secure = settings.websocket_origins, settings.cookie_secure
    if not is_welcome(origin, host, allowed, secure=secure):
        raise CSRFError("This websocket was opened by a page of another origin")


async def _csrf(presentation: Presentation, refresh: bool, settings: Settings) -> str:
    header, field = settings.csrf_names(refresh=refresh)
    value = presentation.header(header)
    if not value and settings.csrf_check_form:
        return locations.csrf_value(None, await presentation.form_field(field))
    return locations.csrf_value(value, None)


def _in_query_string(presentation: Presentation, settings: Settings) -> Credential:
    name = settings.query_string_name
    text = locations.from_argument(
        presentation.argument(name),
        name=name,
        prefix=settings.query_string_value_prefix,
    )
    return Credential(text, "query_string")


async def _in_json(
    presentation: Presentation, refresh: bool, settings: Settings
) -> Credential:
    key = settings.refresh_json_key if refresh else settings.json_key
    return Credential(locations.from_json(await presentation.json(), key=key), "json")

"""
What a login request says: a small JSON object, read strictly.

Unknown members are refused: a misspelt ``cookies`` would otherwise put tokens
into a body that expects none. No message repeats what was sent.
"""

from dataclasses import dataclass
from dataclasses import field
from typing import Any

from quart import Request

from quart_jwt.service.errors import MediaTypeError
from quart_jwt.service.errors import RequestError
from quart_jwt.tokens.strict_json import loads


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRequest:
    """
    One attempt to log in.

    Attributes:
        username: The name as sent, not yet normalised.
        password: The password as sent.
        cookies: Whether the tokens go into cookies instead of the body.
    """

    username: str
    password: str = field(repr=False)
    cookies: bool = False


_MEMBERS = {"username": str, "password": str, "cookies": bool}
_REQUIRED = ("username", "password")


async def read_login(request: Request) -> LoginRequest:
    """
    Read the body of ``POST /login``.

    The media type is required because an HTML form of another site cannot
    send it: that is what keeps strangers from logging a browser in.

    Raises:
        MediaTypeError: The body does not say that it is JSON.
        RequestError: The body is not what it should be; the code says how.
    """
    if not request.is_json:
        raise MediaTypeError("Send JSON with Content-Type: application/json")
    try:
        data = await request.get_data(cache=False, as_text=False, parse_form_data=False)
        body = loads(data)
    except ValueError:
        raise RequestError(
            "malformed_json", "The body is not valid JSON in UTF-8"
        ) from None
    return LoginRequest(**_checked(body))


def _checked(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise RequestError("not_an_object", "The body must be a JSON object")
    for name in _REQUIRED:
        if name not in body:
            raise RequestError("missing_field", f"The field {name!r} is missing")
    if not body.keys() <= _MEMBERS.keys():
        raise RequestError(
            "unknown_field", f"The only fields are {', '.join(_MEMBERS)}"
        )
    for name, value in body.items():
        if not isinstance(value, _MEMBERS[name]):
            raise RequestError(
                "wrong_field_type",
                f"The field {name!r} must be a {_JSON_NAMES[_MEMBERS[name]]}",
            )
    return body


_JSON_NAMES: dict[type, str] = {str: "string", bool: "boolean"}

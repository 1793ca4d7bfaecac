"""
What a request's body says: a small JSON object, read strictly.

Unknown members are refused: a misspelt ``cookies`` would otherwise put tokens
into a body that expects none. No message repeats what was sent.
"""

from typing import Any
from typing import get_args

from msgspec import Struct
from msgspec.structs import FieldInfo
from msgspec.structs import fields
from quart import Request

from quart_jwt.building_blocks import strict_json_loads as loads
from quart_jwt.service.ground.errors import MediaTypeError
from quart_jwt.service.ground.errors import RequestError

_JSON_NAMES: dict[type, str] = {str: "string", bool: "boolean"}


async def read_members(request: Request, schema: type[Struct]) -> dict[str, Any]:
    """
    Read the members of a body, each of its type; what they may be is not looked at.

    The media type is required because an HTML form of another site cannot
    send it: that is what keeps strangers from logging a browser in.

    Args:
        request: The request.
        schema: What has to be there, and what may be, as it is documented.

    Returns:
        The members, with the defaults of those that are not there.

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
    return _checked(body, {member.name: member for member in fields(schema)})


def _checked(body: Any, members: dict[str, FieldInfo]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise RequestError("not_an_object", "The body must be a JSON object")
    for name, member in members.items():
        if member.required and name not in body:
            raise RequestError("missing_field", f"The field {name!r} is missing")
    if not body.keys() <= members.keys():
        raise RequestError("unknown_field", f"The only fields are {', '.join(members)}")
    for name, value in body.items():
        kind, *_ = get_args(members[name].type)  # Annotated[str, ...]
        if not isinstance(value, kind):
            raise RequestError(
                "wrong_field_type", f"The field {name!r} must be a {_JSON_NAMES[kind]}"
            )
    defaults = {name: one.default for name, one in members.items() if not one.required}
    return {**defaults, **body}

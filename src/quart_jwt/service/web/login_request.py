"""
What a login request says.
"""

from dataclasses import dataclass
from dataclasses import field

from quart import Request

from quart_jwt.service.web.json_body import read_members


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


async def read_login(request: Request) -> LoginRequest:
    """
    Read the body of ``POST /login``.

    Raises:
        MediaTypeError, RequestError: As ``read_members``.
    """
    members = await read_members(
        request,
        required={"username": str, "password": str},
        optional={"cookies": bool},
    )
    return LoginRequest(**members)

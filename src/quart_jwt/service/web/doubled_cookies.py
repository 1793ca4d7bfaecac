"""
Two cookies of one name: whose they are nobody knows.

A page of a neighbouring host name can set a cookie for this one, too, and a browser
sends both (RFC 6265 §4.2.2, §8.6). Which of them counts must not depend on the order.
"""

from quart import current_app
from quart import request

from quart_jwt.exceptions import InvalidHeaderError

NAMES = ("JWT_ACCESS_COOKIE_NAME", "JWT_REFRESH_COOKIE_NAME")
SIGNING_IN = "service.login"
"""Takes no token: who cannot use the cookies that there are can still get others."""
TOKENLESS = frozenset(
    ("docs", "health", "metrics", "oauth", "page", "registration", "well_known")
)
"""The blueprints whose routes take no token of a user, either."""


async def refuse_doubled_cookies() -> None:
    """
    Refuse a request with two cookies of a token's name.

    Raises:
        InvalidHeaderError: There are two.
    """
    if "Cookie" not in request.headers or request.endpoint == SIGNING_IN:
        return
    if request.blueprint in TOKENLESS:
        return
    for name in (current_app.config[each] for each in NAMES):
        if len(request.cookies.getlist(name)) > 1:
            raise InvalidHeaderError(f'Several cookies are named "{name}"')

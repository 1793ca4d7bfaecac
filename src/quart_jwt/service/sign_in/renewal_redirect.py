"""
Renewal by redirects: for gateways that cannot pass ``Set-Cookie`` of a question on.

A gateway that is refused a page sends the browser here. The session is refreshed as by
``/refresh``, and the browser returns to the page with new cookies; without a session it
goes to the sign-in page. The path lies below that of ``/refresh``, so that the refresh
cookie comes along and never reaches the application behind the gateway.
"""

import re

from jwt.exceptions import PyJWTError
from quart import Blueprint
from quart import redirect
from quart import request
from quart import Response
from quart_schema import hide

from quart_jwt import verify_jwt_in_request
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.service.settings.settings import Settings
from quart_jwt.service.sign_in.return_address import asked_return_address
from quart_jwt.service.sign_in.return_address import return_address
from quart_jwt.service.sign_in.return_address import RETURN_TO
from quart_jwt.service.sign_in.return_address import ReturnAddressError
from quart_jwt.service.sign_in.return_address import sign_in_query
from quart_jwt.service.web.routes import next_pair
from quart_jwt.service.web.routes import REFRESH_PATH
from quart_jwt.service.web.token_answers import put_in_cookies

RENEWAL_PATH = f"{REFRESH_PATH}/return"
REDIRECT_PATH = "/sign-in/redirect"
COUNT = "renewals"
MAX_RENEWALS = 5
"""So many returns within the time below are a gateway that goes on refusing."""
COUNT_LASTS_S = 10
SEE_OTHER = 303


def renewal_redirect(settings: Settings) -> Blueprint:
    """Return the endpoint, for the sites that the settings allow."""
    blueprint = Blueprint("renewal_redirect", __name__)
    sites = settings.sign_in.origins

    @blueprint.get(RENEWAL_PATH)
    @hide
    async def renew() -> Response:
        """Send a browser back with a renewed session, or to the sign-in page."""
        try:
            asked = asked_return_address(request.query_string.decode("latin-1"))
            address = return_address(sites[0] if asked is None else asked, sites)
        except ReturnAddressError:  # the page says so
            return _see_other(f"../sign-in?{RETURN_TO}=refused")
        return await _renewed(address, secure=settings.cookie_secure)

    @blueprint.get(REDIRECT_PATH)
    @hide
    async def redirect_to_renewal() -> Response:
        """
        Send a browser to the renewal, with the query as it is.

        For gateways that can show a page in place of 401 and cannot make a redirect.
        They show it at any address, so the location is not relative.
        """
        query = request.query_string.decode("latin-1")
        return _see_other(f"{request.root_path}{RENEWAL_PATH}?{query}")

    return blueprint


async def _renewed(address: str, *, secure: bool) -> Response:
    """
    Refresh the session of the request; who has none has to sign in.

    Raises:
        StoreError: It is not known whether there is one.
        KeysUnavailableError: The same.
        ServiceError: The same, or the cookies would be too large.
    """
    to_sign_in = _see_other(f"../sign-in?{sign_in_query(address)}")
    count = _count()
    if count >= MAX_RENEWALS:
        return to_sign_in
    try:
        # GET needs no CSRF value: the new cookies go to who sent the old ones.
        await verify_jwt_in_request(
            refresh=True, skip_revocation_check=True, locations=["cookies"]
        )
        pair = await next_pair()
    except KeysUnavailableError:
        raise
    except (JWTExtendedException, PyJWTError):
        return to_sign_in
    response = _see_other(address)
    put_in_cookies(response, pair)
    response.set_cookie(
        COUNT,
        str(count + 1),
        max_age=COUNT_LASTS_S,
        path=RENEWAL_PATH,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    return response


def _count() -> int:
    """Return how often this browser was sent back a moment ago."""
    given = request.cookies.getlist(COUNT)
    return max((int(one) for one in given if re.fullmatch("[0-9]", one)), default=0)


def _see_other(location: str) -> Response:
    response = redirect(location, SEE_OTHER)
    response.autocorrect_location_header = False
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response  # type: ignore[return-value]  # Quart's redirect gives Quart's class

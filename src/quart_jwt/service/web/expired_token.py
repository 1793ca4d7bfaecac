"""
An access token that has just expired, for the page in development.

With it the page shows how a client and the service treat an expired token, without
waiting for the end of a real one.
"""

from datetime import timedelta

from quart import jsonify
from quart import Response

from quart_jwt import create_access_token_async
from quart_jwt import get_jwt
from quart_jwt import get_jwt_identity
from quart_jwt import get_jwt_request_location
from quart_jwt import jwt_required
from quart_jwt import set_access_cookies

AGO = timedelta(seconds=-1)


@jwt_required()
async def expired_token() -> Response:
    """
    Return an expired access token for the caller, in the way that theirs came.

    Every protected route rejects it. The token of the request stays valid.
    """
    session = {"sid": get_jwt()["sid"]}  # signing out with it ends that session
    token = await create_access_token_async(
        get_jwt_identity(), expires_delta=AGO, additional_claims=session
    )
    if get_jwt_request_location() != "cookies":
        return jsonify(access_token=token, token_type="Bearer", expires_in=0)  # noqa: S106 - RFC 6749 section 5.1
    response = jsonify(cookies=True, expires_in=0)
    set_access_cookies(response, token)
    return response

"""
The user that the access token identifies.
"""

from typing import Any

from quart import Blueprint
from quart import jsonify
from quart import Response

from quart_jwt import get_jwt
from quart_jwt import jwt_required
from quart_jwt.building_blocks import granted_scopes
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import Needs
from quart_jwt.service.resources import current_resources
from quart_jwt.service.web.admission import user_of_request

me_routes: Blueprint = Blueprint("me", __name__)


@me_routes.get("/me")
@documented("User", needs=Needs.ACCESS, gives=schemas.Me)
@jwt_required()
async def me() -> Response:
    """Return the user's name, session, expiry, roles and scopes."""
    user = await user_of_request()
    claims = get_jwt()
    return jsonify(
        name=user.name,
        session_id=claims["sid"],
        expires_at=claims["exp"],
        fresh=_is_fresh(claims.get("fresh")),
        roles=_roles(claims.get("roles")),
        scopes=sorted(granted_scopes(claims)),
    )


def _is_fresh(claim: Any) -> bool:
    """As routes judge it that ask for a fresh token; a time is epoch seconds."""
    if isinstance(claim, bool):
        return claim
    return isinstance(claim, int | float) and claim >= current_resources().clock()


def _roles(claim: Any) -> list[str]:
    return (
        [one for one in claim if isinstance(one, str)]
        if isinstance(claim, list)
        else []
    )

"""
The endpoints that list and end sessions.
"""

from datetime import datetime
from typing import Any

from quart import Blueprint
from quart import jsonify
from quart import Response

from quart_jwt import get_jwt_identity
from quart_jwt import jwt_required
from quart_jwt import list_sessions
from quart_jwt import revoke_all_for
from quart_jwt import revoke_family
from quart_jwt import Session
from quart_jwt.service.ground.errors import UnknownSessionError
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import Needs
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.web.token_answers import remove_cookies

session_routes: Blueprint = Blueprint("sessions", __name__)


@session_routes.get("/sessions")
@documented("Sessions", needs=Needs.ACCESS, gives=schemas.Sessions)
@jwt_required()
async def sessions() -> Response:
    """List the live sessions of the user. The list contains no credentials."""
    return jsonify(sessions=[_shown(one) for one in await list_sessions()])


@session_routes.delete("/sessions/<session_id>")
@documented(
    "Sessions",
    needs=Needs.ACCESS_TO_CHANGE,
    gives=schemas.Ended,
    refuses={**STORES, 404: "not_found"},
)
@jwt_required()
async def end_session(session_id: str) -> Response:
    """
    End one session of the user; 404 for another user's session, as if it did not exist.
    """
    if not await revoke_family(session_id, identity=get_jwt_identity()):
        raise UnknownSessionError
    return jsonify(ended=1)


@session_routes.post("/logout/all")
@documented("Sessions", needs=Needs.ACCESS_TO_CHANGE, gives=schemas.Ended)
@jwt_required()
async def log_out_everywhere() -> Response:
    """End every session of the user."""
    response = jsonify(ended=await revoke_all_for())
    remove_cookies(response)
    return response


@session_routes.post("/logout/others")
@documented("Sessions", needs=Needs.ACCESS_TO_CHANGE, gives=schemas.Ended)
@jwt_required()
async def log_out_elsewhere() -> Response:
    """End every session of the user except the current one."""
    return jsonify(ended=await revoke_all_for(keep_current=True))


def _shown(session: Session) -> dict[str, Any]:
    return {
        "id": session.session_id,
        "created_at": _iso(session.created_at),
        "refreshed_at": _iso(session.refreshed_at),
        "expires_at": None if session.expires_at is None else _iso(session.expires_at),
        "user_agent": session.user_agent,
        "address": session.address,
        "is_current": session.is_current,
    }


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"

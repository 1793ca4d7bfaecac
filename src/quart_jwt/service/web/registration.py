"""
Registration: a stranger becomes a user, where the operator wants that.

The answer says that the request was fine and nothing else. Whether the name was free
is told neither by text nor by status nor by the work: a hash is computed and a row is
written either way.
"""

import logging

from quart import Blueprint
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt.service.accounts.accounts import normalised_name
from quart_jwt.service.events import happened
from quart_jwt.service.events import Kind
from quart_jwt.service.resources import current_resources
from quart_jwt.service.web.json_body import read_members

logger: logging.Logger = logging.getLogger(__name__)

registration: Blueprint = Blueprint("registration", __name__)


@registration.post("/register")
async def register() -> tuple[Response, int]:
    """Add a user unless the name is taken, and answer the same either way."""
    wanted = await read_members(
        request, required={"username": str, "password": str}, optional={}
    )
    name = normalised_name(wanted["username"])
    if await _is_registered(name, wanted["password"]):
        happened(Kind.REGISTERED, subject=name)
    else:
        logger.info("registration refused: there is a user %r already", name)
    return jsonify(accepted=True), 202


async def _is_registered(name: str, password: str) -> bool:
    resources = current_resources()
    registering = resources.users.registering
    if registering is None:  # pragma: no cover - the start was refused
        raise RuntimeError("registration is served for directories that add users")
    grants = resources.settings.accounts.registration_grants
    return await registering.register(name, password, grants)

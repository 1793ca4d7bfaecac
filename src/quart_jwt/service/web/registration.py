"""
Registration: anyone can create an account, if the operator allows it.

The response only says that the request was accepted. Text, status and response time do
not reveal whether the name was free: a hash is computed and a row is written either
way.
"""

import logging
from http import HTTPStatus

from quart import Blueprint
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt.service.accounts.names import normalised_name
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import BODY
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.resources import current_resources
from quart_jwt.service.throttling.digests import Door
from quart_jwt.service.web.json_body import read_members

logger: logging.Logger = logging.getLogger(__name__)

registration: Blueprint = Blueprint("registration", __name__)


CODES = {
    400: "malformed_json, not_an_object, missing_field, unknown_field, "
    "wrong_field_type, invalid_username, invalid_password",
    415: "unsupported_media_type",
    429: "too_many_attempts",
    503: "busy, store_unavailable, directory_unavailable",
}
"""Error codes of a registration, for the OpenAPI document."""


@registration.post("/register")
@documented(
    "User",
    takes=schemas.NewUser,
    gives=schemas.Accepted,
    status=HTTPStatus.ACCEPTED,
    refuses={**BODY, **CODES},
)
async def register() -> tuple[Response, int]:
    """Add a user unless the name is taken, and answer the same either way."""
    wanted = await read_members(request, schemas.NewUser)
    name = normalised_name(wanted["username"])
    throttle = current_resources().throttle
    async with throttle.attempt(Door.REGISTRATION, address=request.remote_addr):
        is_new = await _is_registered(name, wanted["password"])
    if is_new:
        happened(Kind.REGISTERED, subject=name)
    else:
        logger.info("registration refused: there is a user %r already", name)
    return jsonify(accepted=True), HTTPStatus.ACCEPTED


async def _is_registered(name: str, password: str) -> bool:
    resources = current_resources()
    registering = resources.users.registering
    if registering is None:  # pragma: no cover - the start was refused
        raise RuntimeError("registration is served for directories that add users")
    grants = resources.settings.accounts.registration_grants
    return await registering.register(name, password, grants)

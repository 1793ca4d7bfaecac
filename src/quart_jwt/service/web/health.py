"""
Health checks, for supervisors and load balancers.

``live`` says that the event loop turns, and nothing else: a restart mends no
database. ``ready`` says that requests can be answered; see ``readiness``.
"""

from quart import Blueprint
from quart import jsonify
from quart import Response

from quart_jwt.service.ground.errors import NotReadyError
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.resources import current_resources
from quart_jwt.service.resources import ping_sessions

health: Blueprint = Blueprint("health", __name__)


@health.get("/healthz/live")
@documented("Health", gives=schemas.Health, refuses={})
async def live() -> Response:
    """Answer 200 while the event loop answers at all."""
    return jsonify(status="live")


@health.get("/healthz/ready")
@documented("Health", gives=schemas.Health, refuses={503: "not_ready"})
async def ready() -> Response:
    """Answer 200 while the database and the session store can be read and written."""
    if not current_resources().readiness.is_ready:
        raise NotReadyError
    return jsonify(status="ready")


@health.get("/healthz")
@documented("Health", gives=schemas.Health)
async def healthz() -> Response:
    """Ask the database and the session store now, and answer 200 if they answer."""
    await current_resources().database.ping()
    await ping_sessions()
    return jsonify(status="ok")

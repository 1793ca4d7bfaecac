"""Flask-JWT-Extended's module of this name."""

from quart_jwt.flask.protected import jwt_required
from quart_jwt.flask.protected import verify_jwt_in_request
from quart_jwt.typing import LocationType

__all__ = ["LocationType", "jwt_required", "verify_jwt_in_request"]

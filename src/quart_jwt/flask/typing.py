"""Flask-JWT-Extended's module of this name."""

from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh
from quart_jwt.typing import LocationType

__all__ = ["ExpiresDelta", "Fresh", "LocationType"]

"""Flask-JWT-Extended's module of this name."""

from quart_jwt.flask.manager import JWTManager

__all__ = ["JWTManager"]

"""Flask-JWT-Extended's module of this name."""

from quart_jwt.config import config

__all__ = ["config"]

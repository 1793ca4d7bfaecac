"""Flask-JWT-Extended's module of this name."""

from quart_jwt.extension.tokens.cookies import set_access_cookies
from quart_jwt.extension.tokens.cookies import set_refresh_cookies
from quart_jwt.extension.tokens.cookies import unset_access_cookies
from quart_jwt.extension.tokens.cookies import unset_jwt_cookies
from quart_jwt.extension.tokens.cookies import unset_refresh_cookies
from quart_jwt.extension.tokens.create import create_access_token
from quart_jwt.extension.tokens.create import create_refresh_token
from quart_jwt.extension.tokens.decode import decode_token
from quart_jwt.extension.tokens.decode import get_csrf_token
from quart_jwt.extension.tokens.decode import get_jti
from quart_jwt.extension.tokens.decode import get_unverified_jwt_headers
from quart_jwt.flask.config import config
from quart_jwt.flask.current import current_user
from quart_jwt.flask.current import current_user_context_processor
from quart_jwt.flask.current import get_current_user
from quart_jwt.flask.current import get_jwt
from quart_jwt.flask.current import get_jwt_header
from quart_jwt.flask.current import get_jwt_identity
from quart_jwt.flask.current import get_jwt_request_location
from quart_jwt.flask.internal_utils import get_jwt_manager

__all__ = [
    "config",
    "create_access_token",
    "create_refresh_token",
    "current_user",
    "current_user_context_processor",
    "decode_token",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt",
    "get_jwt_header",
    "get_jwt_identity",
    "get_jwt_manager",
    "get_jwt_request_location",
    "get_unverified_jwt_headers",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
]

"""
A Flask code base, run as it is: change its imports and nothing else.

``Flask`` is Flask's own class with a Quart app beside it; the other names are those of
Flask-JWT-Extended, with our verification behind them, and the sync forms of our session
functions. Sync views run in Flask's pipeline. The modules ``exceptions``, ``utils``,
``config``, ``view_decorators``, ``jwt_manager``, ``internal_utils`` and ``typing`` are
where Flask-JWT-Extended has them. See docs/flask/flask.md.
"""

from typing import Any
from typing import TYPE_CHECKING

from quart_jwt.flask.three_x import advice
from quart_jwt.flask.three_x import NAMES
from quart_jwt.lazy import lazy_names

if TYPE_CHECKING:
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
    from quart_jwt.flask.app import Flask
    from quart_jwt.flask.current import current_user
    from quart_jwt.flask.current import get_current_user
    from quart_jwt.flask.current import get_jwt
    from quart_jwt.flask.current import get_jwt_header
    from quart_jwt.flask.current import get_jwt_identity
    from quart_jwt.flask.current import get_jwt_request_location
    from quart_jwt.flask.manager import JWTManager
    from quart_jwt.flask.protected import jwt_required
    from quart_jwt.flask.protected import verify_jwt_in_request
    from quart_jwt.flask.sessions import create_token_pair
    from quart_jwt.flask.sessions import end_session
    from quart_jwt.flask.sessions import list_sessions
    from quart_jwt.flask.sessions import revoke_all_for
    from quart_jwt.flask.sessions import revoke_family
    from quart_jwt.flask.sessions import revoke_token
    from quart_jwt.flask.sessions import rotate_refresh_token
    from quart_jwt.flask.sessions import verify_token
else:
    _load = lazy_names(__name__, __file__)

    def __getattr__(name: str) -> Any:
        if name in NAMES:
            raise ImportError(advice(name, NAMES[name]))
        return _load(name)


__version__ = "4.7.4"
"""The version of Flask-JWT-Extended whose names these are."""

__all__ = [
    "Flask",
    "JWTManager",
    "create_access_token",
    "create_refresh_token",
    "create_token_pair",
    "current_user",
    "decode_token",
    "end_session",
    "get_csrf_token",
    "get_current_user",
    "get_jti",
    "get_jwt",
    "get_jwt_header",
    "get_jwt_identity",
    "get_jwt_request_location",
    "get_unverified_jwt_headers",
    "jwt_required",
    "list_sessions",
    "revoke_all_for",
    "revoke_family",
    "revoke_token",
    "rotate_refresh_token",
    "set_access_cookies",
    "set_refresh_cookies",
    "unset_access_cookies",
    "unset_jwt_cookies",
    "unset_refresh_cookies",
    "verify_jwt_in_request",
    "verify_token",
]

"""
JSON Web Tokens for Quart: Flask-JWT-Extended's API, fully async.

Flask-JWT-Extended's twenty names with their awaitable twins, and the names for stores,
sessions and gateways. A name is loaded when it is first read.
"""

from typing import TYPE_CHECKING

from quart_jwt.lazy import lazy_names

if TYPE_CHECKING:
    from quart_jwt.extension.decorators import jwt_required
    from quart_jwt.extension.decorators import verify_jwt_in_request
    from quart_jwt.extension.gateway.forward_auth import ForwardAuth
    from quart_jwt.extension.given_token import VerifiedToken
    from quart_jwt.extension.given_token import verify_token
    from quart_jwt.extension.hooks.calling import nonblocking
    from quart_jwt.extension.manager import JWTManager
    from quart_jwt.extension.request.current import current_user
    from quart_jwt.extension.request.current import get_current_user
    from quart_jwt.extension.request.current import get_jwt
    from quart_jwt.extension.request.current import get_jwt_header
    from quart_jwt.extension.request.current import get_jwt_identity
    from quart_jwt.extension.request.current import get_jwt_request_location
    from quart_jwt.extension.sessions.listing import list_sessions
    from quart_jwt.extension.sessions.listing import Session
    from quart_jwt.extension.sessions.pairs import TokenPair
    from quart_jwt.extension.sessions.revoke import end_session
    from quart_jwt.extension.sessions.revoke import revoke_all_for
    from quart_jwt.extension.sessions.revoke import revoke_family
    from quart_jwt.extension.sessions.revoke import revoke_token
    from quart_jwt.extension.sessions.rotate import rotate_refresh_token
    from quart_jwt.extension.sessions.sign_in import create_token_pair
    from quart_jwt.extension.tokens.cookies import set_access_cookies
    from quart_jwt.extension.tokens.cookies import set_refresh_cookies
    from quart_jwt.extension.tokens.cookies import unset_access_cookies
    from quart_jwt.extension.tokens.cookies import unset_jwt_cookies
    from quart_jwt.extension.tokens.cookies import unset_refresh_cookies
    from quart_jwt.extension.tokens.create import create_access_token
    from quart_jwt.extension.tokens.create import create_access_token_async
    from quart_jwt.extension.tokens.create import create_refresh_token
    from quart_jwt.extension.tokens.create import create_refresh_token_async
    from quart_jwt.extension.tokens.decode import decode_token
    from quart_jwt.extension.tokens.decode import decode_token_async
    from quart_jwt.extension.tokens.decode import get_csrf_token
    from quart_jwt.extension.tokens.decode import get_jti
    from quart_jwt.extension.tokens.decode import get_unverified_jwt_headers
    from quart_jwt.stores.base import Store
    from quart_jwt.stores.memory import MemoryStore
else:
    __getattr__ = lazy_names(__name__, __file__)

__version__ = "0.1.0"

__all__ = [
    "ForwardAuth",
    "JWTManager",
    "MemoryStore",
    "Session",
    "Store",
    "TokenPair",
    "VerifiedToken",
    "create_access_token",
    "create_access_token_async",
    "create_refresh_token",
    "create_refresh_token_async",
    "create_token_pair",
    "current_user",
    "decode_token",
    "decode_token_async",
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
    "nonblocking",
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

"""Flask-JWT-Extended's module of this name."""

from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import FreshTokenRequired
from quart_jwt.exceptions import InvalidHeaderError
from quart_jwt.exceptions import InvalidQueryParamError
from quart_jwt.exceptions import JWTDecodeError
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import NoAuthorizationError
from quart_jwt.exceptions import RevokedTokenError
from quart_jwt.exceptions import UserClaimsVerificationError
from quart_jwt.exceptions import UserLookupError
from quart_jwt.exceptions import WrongTokenError

__all__ = [
    "CSRFError",
    "FreshTokenRequired",
    "InvalidHeaderError",
    "InvalidQueryParamError",
    "JWTDecodeError",
    "JWTExtendedException",
    "NoAuthorizationError",
    "RevokedTokenError",
    "UserClaimsVerificationError",
    "UserLookupError",
    "WrongTokenError",
]

"""
Every error that verifying or issuing a token can raise.

The names and the path are Flask-JWT-Extended's. What is wrong with the token
itself is raised as PyJWT's own class, because that is what existing code
catches around ``decode_token`` and registers handlers for::

    JWTExtendedException            code
    ├── JWTDecodeError              invalid_token       422
    ├── InvalidHeaderError          invalid_request     422
    ├── InvalidQueryParamError      invalid_request     422
    ├── NoAuthorizationError        missing_token       401
    ├── CSRFError                   csrf_failed         401
    ├── WrongTokenError             wrong_token_type    422
    ├── RevokedTokenError           token_revoked       401
    │   ├── TokenReuseError         token_reused        401
    │   └── SessionEndedError       session_ended       401
    ├── SessionLimitError           session_limit       409
    ├── FreshTokenRequired          fresh_token_required 401
    ├── UserLookupError             user_not_found      401
    ├── UserClaimsVerificationError verification_failed 400
    ├── InsufficientScopeError      insufficient_scope  403
    ├── UnmetRequirementError       requirement_not_met 403
    └── KeysUnavailableError        keys_unavailable    503

    jwt.InvalidTokenError           invalid_token       422   (PyJWT)
    └── jwt.ExpiredSignatureError   token_expired       401

    StoreError                      store_unavailable   503
    ├── StoreTimeoutError           it did not answer in time
    ├── StoreSuspendedError         it failed a moment ago and is not asked
    └── FeedGapError                a position of its feed is not known any more

    RuntimeError
    ├── ConfigurationError          a JWT_* setting that cannot work
    │   └── WeakKeyError            a key that JWT_ENFORCE_STRONG_KEYS refuses
    ├── AsyncHookError              a sync function met an async hook
    ├── IncompatibleDependencyError a dependency that has changed where we rely on it
    └── UnawaitedVerificationError  verify_jwt_in_request() without await

No error carries a token, a key or a CSRF value.
"""

from importlib.metadata import version
from typing import Any
from typing import ClassVar

from jwt.exceptions import ExpiredSignatureError


class JWTExtendedException(Exception):  # noqa: N818 - Flask-JWT-Extended's name
    """
    The root of the errors that this extension adds to PyJWT's.

    Attributes:
        code: A stable name for machines.
        status: The HTTP status of the default answer.
    """

    code: ClassVar[str] = "invalid_token"
    status: ClassVar[int] = 422


class JWTDecodeError(JWTExtendedException):
    """Raised when a claim that this extension needs is missing or malformed."""


class InvalidHeaderError(JWTExtendedException):
    """Raised when the authorization header is there but not well-formed."""

    code = "invalid_request"


class InvalidQueryParamError(JWTExtendedException):
    """Raised when the query parameter lacks the configured prefix."""

    code = "invalid_request"


class NoAuthorizationError(JWTExtendedException):
    """Raised when no allowed location of the request holds a token."""

    code = "missing_token"
    status = 401


class CSRFError(JWTExtendedException):
    """Raised when the CSRF value is missing or is not the cookie's token's."""

    code = "csrf_failed"
    status = 401


class WrongTokenError(JWTExtendedException):
    """Raised when a refresh token stands for an access token, or the reverse."""

    code = "wrong_token_type"


class _JudgedTokenError(JWTExtendedException):
    """
    An error about a token whose signature was good.

    An app may raise it with a message alone; it is then about the token of the request.

    Attributes:
        jwt_header: The token's header; empty if the error was raised without it.
        jwt_data: The token's claims, in the same way.
    """

    def __init__(
        self,
        message: str = "",
        jwt_header: dict[str, Any] | None = None,
        jwt_data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.jwt_header: dict[str, Any] = jwt_header or {}
        self.jwt_data: dict[str, Any] = jwt_data or {}


class RevokedTokenError(_JudgedTokenError):
    """Raised when the blocklist hook says that the token was revoked."""

    code = "token_revoked"
    status = 401

    def __init__(
        self,
        jwt_header: dict[str, Any] | str | None = None,
        jwt_data: dict[str, Any] | None = None,
    ) -> None:
        # Flask-JWT-Extended 4 has the header first, version 3 had a message.
        message = jwt_header if isinstance(jwt_header, str) else None
        header = None if isinstance(jwt_header, str) else jwt_header
        super().__init__(message or "Token has been revoked", header, jwt_data)


class TokenReuseError(RevokedTokenError):
    """Raised when a refresh token was used up already; its session has ended."""

    code = "token_reused"


class SessionEndedError(RevokedTokenError):
    """Raised when a refresh token's session has ended or is not known."""

    code = "session_ended"


class SessionLimitError(JWTExtendedException):
    """Raised when a sign-in is refused because the user has sessions enough."""

    code = "session_limit"
    status = 409


class FreshTokenRequired(_JudgedTokenError):  # noqa: N818 - the same
    """Raised when a view asks for a fresh token and this one is not."""

    code = "fresh_token_required"
    status = 401


class UserLookupError(_JudgedTokenError):
    """Raised when the user look-up hook returns None."""

    code = "user_not_found"
    status = 401


class UserClaimsVerificationError(_JudgedTokenError):
    """Raised when the verification hook returns something false."""

    code = "verification_failed"
    status = 400


class StoreError(Exception):
    """
    Raised when a store is unavailable: the request is rejected.

    Attributes:
        code: A stable name for machines.
        status: The HTTP status of the answer.
        retry_after_s: Seconds after which trying again makes sense.
    """

    code: ClassVar[str] = "store_unavailable"
    status: ClassVar[int] = 503
    retry_after_s: ClassVar[int] = 1


class StoreTimeoutError(StoreError):
    """Raised when a store did not answer in time; it may have acted."""


class StoreSuspendedError(StoreError):
    """Raised without asking a store that failed several times a moment ago."""


class FeedGapError(StoreError):
    """Raised when a store's feed cannot go on from a position."""


class InsufficientScopeError(_JudgedTokenError):
    """
    Raised when a good token lacks a scope that the view asks for.

    Attributes:
        scopes: What the view asks for, in order.
    """

    code = "insufficient_scope"
    status = 403

    def __init__(
        self,
        scopes: tuple[str, ...],
        jwt_header: dict[str, Any] | None = None,
        jwt_data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__("The token lacks a required scope", jwt_header, jwt_data)
        self.scopes = scopes

    @property
    def challenge(self) -> str:
        """What ``WWW-Authenticate`` says (RFC 6750 §3.1)."""
        return f'Bearer error="insufficient_scope", scope="{" ".join(self.scopes)}"'


class UnmetRequirementError(JWTExtendedException):
    """Raised when a good token lacks a role that the gateway requires for a site."""

    code = "requirement_not_met"
    status = 403

    def __init__(self) -> None:
        super().__init__("The token does not have what the gateway requires")


class KeysUnavailableError(JWTExtendedException):
    """Raised when an issuer's keys are not in hand and cannot be fetched now."""

    code = "keys_unavailable"
    status = 503


class ConfigurationError(RuntimeError):
    """Raised when a ``JWT_*`` setting cannot work; names it, never its value."""


class WeakKeyError(ConfigurationError):
    """Raised when a key is too weak and ``JWT_ENFORCE_STRONG_KEYS`` is on."""


class AsyncHookError(RuntimeError):
    """Raised when a sync function meets an async hook; names the async twin."""


class IncompatibleDependencyError(RuntimeError):
    """
    Raised at start when a dependency has changed where this library relies on it.

    Args:
        distribution: The name of the dependency, as pip has it.
        reason: What is different, as half a sentence.
    """

    def __init__(self, distribution: str, reason: str) -> None:
        super().__init__(
            f"quart-jwt does not work with {distribution} {version(distribution)}: "
            f"{reason}. Install one of the versions that docs/flask/upgrading.md names."
        )


class UnawaitedVerificationError(RuntimeError):
    """Raised when ``verify_jwt_in_request()`` was called and never awaited."""


def error_code(error: Exception) -> str:
    """
    The stable name of an error about a token, PyJWT's own classes included.

    Args:
        error: What ``verify`` raised.
    """
    if isinstance(error, JWTExtendedException):
        return error.code
    if isinstance(error, ExpiredSignatureError):
        return "token_expired"
    return "invalid_token"

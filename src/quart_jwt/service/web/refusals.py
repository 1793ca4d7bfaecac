"""
How an error becomes an answer: JSON ``{"msg": ..., "code": ...}``, always.

``code`` is stable and for machines, ``msg`` is for people. A 401 carries a
challenge: bare when there was no token, ``error="invalid_token"`` when there
was one (RFC 6750 §3). Inside an application Flask-JWT-Extended's 422 for a
malformed token is right; a service answers 401 for every bad token.
"""

import logging
from typing import Any

from quart import current_app
from quart import Quart
from quart import Response
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed

from quart_jwt import JWTManager
from quart_jwt.clock import system_time
from quart_jwt.exceptions import CSRFError
from quart_jwt.exceptions import InsufficientScopeError
from quart_jwt.exceptions import StoreError
from quart_jwt.exceptions import WrongTokenError
from quart_jwt.service.ground.errors import OAuthRequestError
from quart_jwt.service.ground.errors import ServiceError
from quart_jwt.service.ground.errors import StoreUnavailableError
from quart_jwt.service.ground.events import answer_refused
from quart_jwt.service.ground.events import tell
from quart_jwt.service.observability.repeats import Repeats

logger: logging.Logger = logging.getLogger(__name__)


_repeats = Repeats()

CHALLENGE = "Bearer"
BAD_TOKEN_CHALLENGE = 'Bearer error="invalid_token"'  # noqa: S105 - a challenge

UNAUTHORIZED = 401
UNAVAILABLE = 503

HTTP_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    413: "content_too_large",
    415: "unsupported_media_type",
    500: "internal_error",
}


def refusal(
    status: int, code: str, message: str, *, challenge: str = CHALLENGE, **more: str
) -> Response:
    """
    Return an error answer.

    Args:
        status: The HTTP status.
        code: The stable name of the error.
        message: A sentence without anything secret.
        challenge: What ``WWW-Authenticate`` says if the status is 401.
        more: What else the body says.
    """
    tell(answer_refused, code)
    response: Any = current_app.json.response(msg=message, code=code, **more)
    response.status_code = status
    if status == UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = challenge
    return response  # type: ignore[no-any-return]


def install_refusals(app: Quart, jwt: JWTManager) -> None:
    """Make every error of an application, and of its tokens, answer in JSON."""
    app.register_error_handler(ServiceError, service_refusal)
    app.register_error_handler(OAuthRequestError, _oauth_refusal)
    app.register_error_handler(StoreError, store_refusal)
    app.register_error_handler(HTTPException, http_refusal)
    app.register_error_handler(CSRFError, _csrf_refusal)
    app.register_error_handler(WrongTokenError, _wrong_type_refusal)
    app.register_error_handler(InsufficientScopeError, _scope_refusal)
    jwt.unauthorized_loader(_missing_token)
    jwt.invalid_token_loader(_invalid_token)
    jwt.expired_token_loader(_expired_token)
    jwt.revoked_token_loader(_revoked_token)


def bad_token(code: str, message: str) -> Response:
    """Return the answer to a token that was there and does not count."""
    return refusal(UNAUTHORIZED, code, message, challenge=BAD_TOKEN_CHALLENGE)


async def service_refusal(error: Exception) -> Response:
    """Return what an error of the service answers."""
    if isinstance(error, StoreUnavailableError):
        cause = getattr(error.__cause__, "orig", error.__cause__)
        # Some have no words of their own, a timeout for one.
        why = str(cause) or type(cause).__name__
        logger.error("%s does not answer: %s", error.away, why)
    code = getattr(error, "code", ServiceError.code)
    status = getattr(error, "status", ServiceError.status)
    limit: str | None = getattr(error, "limit", None)
    more = {} if limit is None else {"limit": limit}
    if limit is not None and status == UNAVAILABLE:
        _log_once_a_minute(limit)
    response = refusal(status, code, str(error), **more)
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _log_once_a_minute(limit: str) -> None:
    """Say which limit refuses requests: a flood must not fill the disk with it."""
    left_out = _repeats.left_out(limit, system_time())
    if left_out is not None:
        logger.warning("busy: the limit %s was reached (%d before)", limit, left_out)


async def _oauth_refusal(error: OAuthRequestError) -> Response:
    return refusal(
        error.status,
        error.code,
        str(error),
        challenge=error.challenge or CHALLENGE,
        error=error.code,
    )


async def store_refusal(error: StoreError) -> Response:
    """Return the answer while the session store is unavailable."""
    response = refusal(error.status, error.code, "Sessions are not available")
    response.headers["Retry-After"] = str(error.retry_after_s)
    return response


async def http_refusal(error: HTTPException) -> Response:
    """Return what a path or a method that is not served answers."""
    status = error.code or 500
    code = HTTP_CODES.get(status, f"http_{status}")
    response = refusal(status, code, error.name)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


async def _csrf_refusal(error: Exception) -> Response:
    return bad_token("csrf_failed", str(error))


async def _wrong_type_refusal(error: Exception) -> Response:
    return bad_token("wrong_token_type", str(error))


async def _scope_refusal(error: InsufficientScopeError) -> Response:
    response = refusal(error.status, error.code, str(error))
    response.headers["WWW-Authenticate"] = error.challenge
    return response


async def _missing_token(reason: str) -> Response:
    return refusal(UNAUTHORIZED, "missing_token", reason)


async def _invalid_token(reason: str) -> Response:
    return bad_token("invalid_token", reason)


async def _expired_token(_header: dict[str, Any], _payload: dict[str, Any]) -> Response:
    return bad_token("token_expired", "Token has expired")


async def _revoked_token(_header: dict[str, Any], _payload: dict[str, Any]) -> Response:
    return bad_token("token_revoked", "Token has been revoked")

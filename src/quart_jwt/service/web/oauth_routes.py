"""
The endpoints of OAuth for clients with credentials: introspection and revocation.

Tokens are sent in bodies, never in URLs, so access logs contain none.
"""

from typing import Any

from jwt import InvalidTokenError
from quart import Blueprint
from quart import jsonify
from quart import request
from quart import Response

from quart_jwt import decode_token_async
from quart_jwt import revoke_token
from quart_jwt.exceptions import JWTExtendedException
from quart_jwt.exceptions import KeysUnavailableError
from quart_jwt.service.ground.events import happened
from quart_jwt.service.ground.events import Kind
from quart_jwt.service.ground.request_facts import note_claims
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import BODY
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import Needs
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.resources import current_resources
from quart_jwt.service.web.client_credentials import authenticate_client
from quart_jwt.service.web.introspection import introspect
from quart_jwt.service.web.oauth_form import read_form
from quart_jwt.service.web.oauth_form import token_in

oauth_routes: Blueprint = Blueprint("oauth", __name__)


@oauth_routes.post("/introspect")
@documented(
    "Clients",
    needs=Needs.CLIENT,
    takes=schemas.TokenForm,
    gives=(schemas.Active, schemas.Inactive),
    refuses={**BODY, **STORES, 400: "invalid_request"},
)
async def introspection() -> Response:
    """Introspect a token (RFC 7662): whether it is active, and its claims."""
    _, token = await _client_and_token()
    return jsonify(await introspect(token))


@oauth_routes.post("/revoke")
@documented(
    "Clients",
    needs=Needs.CLIENT,
    takes=schemas.TokenForm,
    gives=schemas.Revoked,
    refuses={**BODY, **STORES, 400: "invalid_request"},
)
async def revocation() -> Response:
    """
    Revoke a token (RFC 7009); an unknown token is not an error.

    Revoking a refresh token ends its session. Revoking an access token revokes only
    that token, because its holder may not end the session.
    """
    client, token = await _client_and_token()
    claims = await _claims(token)
    if claims is not None:
        note_claims(claims)  # for the log: the session that ends
        await revoke_token(token)
        happened(
            Kind.TOKEN_REVOKED,
            subject=claims["sub"],
            session_id=claims.get("sid"),
            reason=f"{claims['type']}_token",
            client=client,
        )
    return jsonify(revoked=True)


async def _client_and_token() -> tuple[str, str]:
    """Return the authenticated client, and the token of the form."""
    form = await read_form(request)
    authorization = request.headers.get("Authorization")
    clients = current_resources().clients
    client = await authenticate_client(clients, authorization, form)
    return client, token_in(form)


async def _claims(token: str) -> dict[str, Any] | None:
    """Return the claims of a token of this service, even if it has expired."""
    try:
        return await decode_token_async(token, allow_expired=True)
    except KeysUnavailableError:
        raise
    except (InvalidTokenError, JWTExtendedException):
        return None

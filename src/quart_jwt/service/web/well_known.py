"""
The public keys and the issuer's metadata (RFC 8615).

Both responses can be cached for at most as long as a new key waits before it signs.
"""

import json
from hashlib import sha256
from typing import Any

from quart import abort
from quart import Blueprint
from quart import current_app
from quart import request
from quart import Response
from quart_cors import cors_exempt

from quart_jwt import JWTManager
from quart_jwt.service.openapi import schemas
from quart_jwt.service.openapi.documented import documented
from quart_jwt.service.openapi.documented import STORES
from quart_jwt.service.resources import current_resources

JWKS_PATH = "/.well-known/jwks.json"
JWK_SET = "application/jwk-set+json"
METADATA_PATH = "/.well-known/openid-configuration"

well_known: Blueprint = Blueprint("well_known", __name__)


@well_known.get(JWKS_PATH)
@cors_exempt  # it has no secrets from any page, and a wildcard of its own
@documented("For everybody", gives=schemas.JWKSet, media=JWK_SET, may_be_unchanged=True)
async def jwks() -> Response:
    """Publish the JWK Set (RFC 7517 §5): public members only."""
    manager: JWTManager = current_app.extensions["quart-jwt"]
    return await _public(manager.jwks(), JWK_SET)


@well_known.get(METADATA_PATH)
@cors_exempt
@documented(
    "For everybody",
    gives=schemas.Issuer,
    refuses={**STORES, 404: "not_found"},
    may_be_unchanged=True,
)
async def metadata() -> Response:
    """Name the issuer and its keys, where OpenID Connect Discovery looks for them."""
    issuer = current_resources().settings.keys.issuer
    if issuer is None:
        abort(404)
    document = {"issuer": issuer, "jwks_uri": issuer.rstrip("/") + JWKS_PATH}
    return await _public(document, "application/json")


async def _public(document: dict[str, Any], media_type: str) -> Response:
    """A response with a public cache lifetime and an ETag."""
    body = json.dumps(document, separators=(",", ":"), sort_keys=True)
    response = Response(body, content_type=media_type)
    max_age_s = current_resources().settings.keys.max_age_s
    response.headers["Cache-Control"] = f"public, max-age={max_age_s}"
    # Keys are for anybody; a single-page app may verify, too.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.set_etag(sha256(body.encode()).hexdigest()[:32])
    return await response.make_conditional(request)

"""
Verifying a token that no request carries: one from a message, a queue, a subprotocol.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from quart_jwt.extension.hooks.colour import remember_loop
from quart_jwt.extension.request.current import current_binding
from quart_jwt.extension.request.current import this_app
from quart_jwt.extension.request.presentation import Credential
from quart_jwt.extension.request.refused import REFUSALS
from quart_jwt.extension.request.refused import tell_refused
from quart_jwt.extension.request.requirement import Requirement
from quart_jwt.extension.verify import verify
from quart_jwt.typing import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """
    What a token says that has passed everything.

    Attributes:
        identity: Whom it speaks for; unique only together with ``claims["iss"]``.
        claims: Its claims; the caller's own copy.
        header: Its header, in the same way.
        user: What the user look-up hook gave; None without such a hook.
    """

    identity: Any
    claims: Claims = field(repr=False)
    header: Claims = field(repr=False)
    user: Any = field(repr=False)


async def verify_token(
    token: str,
    *,
    fresh: bool = False,
    refresh: bool = False,
    verify_type: bool = True,
    skip_revocation_check: bool = False,
    issuer: str | Iterable[str] | None = None,
    audience: str | Iterable[str] | None = None,
    scopes: str | Iterable[str] | None = None,
    purpose: str | None = None,
    single_use: bool = False,
) -> VerifiedToken:
    """
    Verify a token given as text as ``@jwt_required()`` would in a request.

    Nothing is left out: signature, claims, type, revocation, verification hook and
    user look-up. It needs an app context, and no request. The result is not what
    ``get_jwt_identity()`` gives: that is about the request's own token.

    Args:
        token: The encoded token, as it came.
        fresh: Require a fresh token.
        refresh: Require a refresh token instead of an access token.
        verify_type: False accepts access and refresh tokens alike.
        skip_revocation_check: Do not ask the blocklist or the store.
        issuer: Require a token of this issuer, or of one of several.
        audience: Require this audience, or one of several, beside the configured.
        scopes: Require all of these.
        purpose: Require a token that was created for this purpose, and no other.
        single_use: Let each of these tokens pass once. It needs a session store.

    Raises:
        JWTExtendedException, jwt.InvalidTokenError: The token is refused.
        StoreError: The session store cannot tell.
        ValueError: Nothing could ever pass.
    """
    requirement = Requirement.stated(
        fresh=fresh,
        refresh=refresh,
        verify_type=verify_type,
        skip_revocation_check=skip_revocation_check,
        issuer=issuer,
        audience=audience,
        scopes=scopes,
        purpose=purpose,
        single_use=single_use,
    )
    remember_loop()
    jwt, settings = current_binding()
    credential = Credential(token, "given")
    try:
        verified = await verify(jwt, settings, credential, requirement)
    except REFUSALS as exc:
        await tell_refused(this_app(), settings, exc)
        raise
    claims = verified.claims
    return VerifiedToken(
        identity=claims.get(settings.identity_claim_key),
        claims=claims,
        header=verified.header,
        user=verified.user[0] if verified.user else None,
    )

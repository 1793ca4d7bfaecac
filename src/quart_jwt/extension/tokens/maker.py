"""
Making tokens with a manager at hand: in a script, a job, or a database layer.

The functions of ``create`` find the manager by the app context; these need none.
"""

from typing import Any

from quart_jwt.extension.hooks.calling import AWAITING
from quart_jwt.extension.hooks.calling import inline
from quart_jwt.extension.hooks.colour import finish
from quart_jwt.extension.hooks.loaders import Loaders
from quart_jwt.extension.tokens.issue import issue
from quart_jwt.extension.tokens.orders import access_order
from quart_jwt.extension.tokens.orders import refresh_order
from quart_jwt.typing import Claims
from quart_jwt.typing import ExpiresDelta
from quart_jwt.typing import Fresh


class TokenMaker(Loaders):
    """
    Makes tokens for the current app; outside of app contexts, for the only app.
    """

    def create_access_token(
        self,
        identity: Any,
        fresh: Fresh = False,
        expires_delta: ExpiresDelta | None = None,
        additional_claims: Claims | None = None,
        additional_headers: Claims | None = None,
        *,
        purpose: str | None = None,
    ) -> str:
        """Same as the function of this name, but needs no app context."""
        order = access_order(
            identity,
            fresh,
            expires_delta,
            additional_claims,
            additional_headers,
            purpose=purpose,
        )
        return finish(issue(self, order, inline("create_access_token_async")))

    async def create_access_token_async(
        self,
        identity: Any,
        fresh: Fresh = False,
        expires_delta: ExpiresDelta | None = None,
        additional_claims: Claims | None = None,
        additional_headers: Claims | None = None,
        *,
        purpose: str | None = None,
    ) -> str:
        """Same as the function of this name, but needs no app context."""
        order = access_order(
            identity,
            fresh,
            expires_delta,
            additional_claims,
            additional_headers,
            purpose=purpose,
        )
        return await issue(self, order, AWAITING)

    def create_refresh_token(
        self,
        identity: Any,
        expires_delta: ExpiresDelta | None = None,
        additional_claims: Claims | None = None,
        additional_headers: Claims | None = None,
    ) -> str:
        """Same as the function of this name, but needs no app context."""
        order = refresh_order(
            identity, expires_delta, additional_claims, additional_headers
        )
        return finish(issue(self, order, inline("create_refresh_token_async")))

    async def create_refresh_token_async(
        self,
        identity: Any,
        expires_delta: ExpiresDelta | None = None,
        additional_claims: Claims | None = None,
        additional_headers: Claims | None = None,
    ) -> str:
        """Same as the function of this name, but needs no app context."""
        order = refresh_order(
            identity, expires_delta, additional_claims, additional_headers
        )
        return await issue(self, order, AWAITING)

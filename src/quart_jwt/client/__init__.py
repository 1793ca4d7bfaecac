"""
``JWTAuth`` for httpx: signs in, sends the access token, renews it in time.

Nothing here is needed to protect an app, so nothing of it is imported by one. It
stands on httpx (the extra ``client``) and, of ours, on ``tokens/`` alone.
"""

from quart_jwt.client.auth import JWTAuth
from quart_jwt.client.carriers import CookieNames
from quart_jwt.client.errors import JWTAuthError
from quart_jwt.client.errors import LoginRefusedError
from quart_jwt.client.errors import LoginRequiredError
from quart_jwt.client.errors import TokenEndpointError
from quart_jwt.client.errors import TokenStoreError
from quart_jwt.client.held_tokens import HeldTokens
from quart_jwt.client.token_store import FileTokenStore
from quart_jwt.client.token_store import MemoryTokenStore
from quart_jwt.client.token_store import TokenStore

__all__ = [
    "CookieNames",
    "FileTokenStore",
    "HeldTokens",
    "JWTAuth",
    "JWTAuthError",
    "LoginRefusedError",
    "LoginRequiredError",
    "MemoryTokenStore",
    "TokenEndpointError",
    "TokenStore",
    "TokenStoreError",
]

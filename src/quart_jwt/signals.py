"""The signals that an app can connect to; each says what it is sent with."""

from quart_jwt.extension.signals import refresh_reuse_detected
from quart_jwt.extension.signals import store_failed
from quart_jwt.extension.signals import token_issued
from quart_jwt.extension.signals import token_refused
from quart_jwt.extension.signals import token_revoked
from quart_jwt.extension.signals import token_rotated

__all__ = [
    "refresh_reuse_detected",
    "store_failed",
    "token_issued",
    "token_refused",
    "token_revoked",
    "token_rotated",
]

"""
The key that an app's own decode-key hook returned.

It is the app's to choose, and ours to refuse: what is no key, or one of another kind,
verifies nothing.
"""

import logging
from typing import Any

from jwt.exceptions import InvalidSignatureError

from quart_jwt.exceptions import ConfigurationError
from quart_jwt.extension.hooks.calling import Caller
from quart_jwt.extension.settings.keys import KeySettings
from quart_jwt.tokens.keys import verifying_key
from quart_jwt.tokens.keys import VerifyingKey

_logger = logging.getLogger("quart_jwt")


async def hooked_key(
    algorithm: str, material: Any, settings: KeySettings, call: Caller
) -> VerifyingKey:
    """
    Prepare the key.

    Args:
        algorithm: What it has to verify.
        material: What the hook returned.
        settings: How weak it may be.
        call: How to wait; loading a private key takes up to half a second.

    Raises:
        InvalidSignatureError: It is no key for this algorithm.
    """
    if _is_private(material):
        key: VerifyingKey = await call(_prepared, algorithm, material, settings)
        return key
    return _prepared(algorithm, material, settings)


def _prepared(algorithm: str, material: Any, settings: KeySettings) -> VerifyingKey:
    try:
        settings.check_strength(algorithm, material)
        return verifying_key(algorithm, material)
    except ConfigurationError as exc:
        # Not with a traceback: some handlers print locals, a key among them.
        _logger.error("The key that the decode key hook returned was rejected: %s", exc)  # noqa: TRY400
        raise InvalidSignatureError("Signature verification failed") from exc


def _is_private(material: Any) -> bool:
    if isinstance(material, bytes):
        return b"PRIVATE KEY" in material
    return isinstance(material, str) and "PRIVATE KEY" in material

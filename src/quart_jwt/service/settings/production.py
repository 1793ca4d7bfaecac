"""
What production refuses: combinations that are fine for a look and dangerous for users.
"""

from collections.abc import Mapping

from quart_jwt.service.settings.environment import Reading

DEBUG_VARIABLES = ("QUART_DEBUG", "FLASK_DEBUG")
"""Flask's makes Quart show errors to whoever asks; Quart's is meant to."""


def refuse_unsafe(
    reading: Reading, environ: Mapping[str, str], *, cookie_secure: bool
) -> None:
    """
    Leave a fault with the reading for each.

    Args:
        reading: The settings of a service in production.
        environ: Where debugging is asked for.
        cookie_secure: Whether cookies travel over HTTPS only.
    """
    if not cookie_secure:
        reading.fault(
            "COOKIE_SECURE",
            "cannot be false in production: cookies would travel over plain HTTP",
        )
    for name in DEBUG_VARIABLES:
        if environ.get(name, "").lower() not in {"", "0", "false", "no"}:
            reading.fault("MODE", f"cannot be production while {name} is set")

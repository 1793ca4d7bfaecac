"""
Ring 1: what a token is, without I/O.

Nothing here awaits, knows Quart, reads a clock or the environment: ``now`` is
an argument. It stands on ``quart_jwt.exceptions`` and PyJWT alone.
"""

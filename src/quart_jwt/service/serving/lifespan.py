"""
Lifespan: what an application says when its start fails, without the server's frame.
"""

import re

_FRAME = re.compile(r"Lifespan failure in startup\. '(.+)'", re.DOTALL)


def start_failure(error: Exception) -> str:
    """Return the reason in a LifespanFailureError or LifespanTimeoutError."""
    framed = _FRAME.fullmatch(str(error))
    return str(error) if framed is None else framed[1]
